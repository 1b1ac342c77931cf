"""What a calibration run found out about the channels of some groups."""

from typing import Dict, Iterator, NamedTuple, Sequence, Tuple

import numpy as np

from ..calibration.examples import Example
from ..channels import Channels, Group
from ..evaluation import Labelled
from ..graph.view import TensorName
from .measuring import Tell, measure
from .moments import Moments
from .points import all_points, labels_along, points_of
from .taylor import taylor


class Activations(NamedTuple):
    """Moments of the channels of some groups, at the tensors where they were measured.

    Attributes:
        points: for every group, by its name, the tensors with the axis of the channels.
        moments: by tensor.
        taylor: by tensor, mean |activation × gradient of the loss| of each channel; empty where nobody asked for it.
    """

    points: Dict[str, Dict[TensorName, int]]
    moments: Dict[TensorName, Moments]
    taylor: Dict[TensorName, np.ndarray] = {}

    def of(self, channels: Channels, group: Group) -> Iterator[Tuple[TensorName, np.ndarray]]:
        """Yields the tensors of a group, with the class of every one of their channels."""
        for tensor, axis in self.points.get(group.name, {}).items():
            yield tensor, labels_along(channels, tensor, axis)


def activations_of(channels: Channels, groups: Sequence[Group], examples: Sequence[Example],
                   tell: Tell = lambda count: None) -> Activations:
    """Runs a model on examples and measures the channels of some groups.

    Raises:
        ModelError: see `measure`.
    """
    points = points_of(channels, groups)
    return Activations(points, measure(channels.model, all_points(points), examples, tell))


def taylor_of(channels: Channels, groups: Sequence[Group], labelled: Labelled, batch: int) -> Activations:
    """Runs a model and its gradient on labelled examples and measures the channels of some groups.

    Raises:
        ModelError: see `taylor`.
    """
    points = points_of(channels, groups)
    return Activations(points, {}, taylor(channels.model, all_points(points), labelled, batch))
