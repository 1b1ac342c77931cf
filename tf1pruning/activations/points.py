"""Where the activations of a group of channels are measured."""

from typing import Dict, Sequence

import numpy as np

from ..channels import Channels, Group
from ..channels.contractions import channel_axis_of, contractions
from ..graph.view import TensorName

ACTIVATIONS = ('Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Softplus', 'Softsign', 'Tanh')
"""Not the sigmoid: what it makes is a gate for the channels as often as not."""


def points_of(channels: Channels, groups: Sequence[Group]) -> Dict[str, Dict[TensorName, int]]:
    """Returns for every group, by its name, what is measured of it, with the axis of the channels.

    These are the outputs of activation functions; where the channels have none, what their consumers read.
    """
    view = channels.model.view
    activated: Dict[TensorName, int] = {}
    for name in view.nodes:
        axis = channel_axis_of(channels, TensorName(name)) if view.op(name) in ACTIVATIONS else None
        if axis is not None:
            activated[TensorName(name)] = axis
    read = {each.tensor: each.axis for each in contractions(channels)}
    found: Dict[str, Dict[TensorName, int]] = {}
    for group in groups:
        own = _holding(channels, group, activated)
        found[group.name] = own or _holding(channels, group, read)
    return found


def labels_along(channels: Channels, tensor: TensorName, axis: int) -> np.ndarray:
    """Returns the class of every channel along an axis of a tensor; empty where the axis has none of its own."""
    layout = channels.layouts.get(tensor)
    block = layout.block(axis) if layout is not None else None
    return channels.labels[block.ids] if block is not None and block.axes == (axis,) else np.zeros(0, int)


def _holding(channels: Channels, group: Group, tensors: Dict[TensorName, int]) -> Dict[TensorName, int]:
    """Returns those of some tensors that have channels of a group."""
    return {tensor: axis for tensor, axis in tensors.items()
            if np.isin(labels_along(channels, tensor, axis), group.classes).any()}


def all_points(points: Dict[str, Dict[TensorName, int]]) -> Dict[TensorName, int]:
    """Returns the tensors of all groups."""
    return {tensor: axis for each in points.values() for tensor, axis in each.items()}

