"""What consumers get instead of channels that go: a number, or so much of another channel, or both."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..channels import Channels
from ..channels.contractions import Contraction, contractions
from ..graph.shapes import shape_at
from ..graph.view import PASSING_OPS, VARIABLE_OPS
from ..model.model import Model
from ..ranges.linear import is_padded
from ..weights import with_values
from .shift_outputs import Shift, shift_outputs
from .values_of import Values

NOBODY = -1


class Substitute(NamedTuple):
    """What one consumer gets for each of its `K` incoming channels.

    Given a channel x that goes, the consumer gets `slope · y + constant`, where y is channel number `target`.

    Attributes:
        gone: bool, which go.
        target: the channel that takes over, −1 for none.
        slope: how much of it.
        constant: what is added.
    """

    gone: np.ndarray
    target: np.ndarray
    slope: np.ndarray
    constant: np.ndarray

    @classmethod
    def nothing(cls, size: int) -> 'Substitute':
        """All channels stay."""
        return cls(np.zeros(size, bool), np.full(size, NOBODY), np.zeros(size), np.zeros(size))


class Consumer(NamedTuple):
    """Something that contracts over channels, with what decides about substitutes.

    Attributes:
        place: where its channels and its kernel lie.
        kernel: what it reads as its kernel, in the order `[taps, in, out]`; None where that is computed.
        parameter: the parameter that the kernel is, if it is one and nobody else reads it.
        obstacle: why a number cannot be folded into its bias; empty where it can.
        shape: of the kernel, in its own order.
    """

    place: Contraction
    kernel: Optional[np.ndarray]
    parameter: str
    obstacle: str
    shape: Tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Its node."""
        return self.place.node

    @property
    def reads(self) -> np.ndarray:
        """For every incoming channel, whether the consumer's kernel takes anything of it."""
        if self.kernel is None:
            return np.ones(self.place.labels.size, bool)
        return np.asarray((self.kernel != 0).any(axis=(0, 2)))


def consumers_of(channels: Channels) -> List[Consumer]:
    """Returns everything in a network that contracts over channels, in the order of the graph."""
    values = Values(channels.model)
    found = []
    for place in contractions(channels):
        value = values.of(place.kernel)
        kernel = None
        if value is not None:
            moved = np.moveaxis(value, (place.kernel_axis, place.output_axis), (-2, -1))
            kernel = moved.reshape((-1,) + moved.shape[-2:])
        found.append(Consumer(place, kernel, _parameter(channels.model, place), _obstacle(channels, place, kernel),
                              () if value is None else value.shape))
    return found


def _parameter(model: Model, place: Contraction) -> str:
    """Returns the parameter that a kernel is, if it is one and nobody else reads it."""
    view, tensor = model.view, place.kernel
    forward = view.ancestors(view.require(name).node for name in model.outputs)
    while True:
        if len([use for use in view.uses.get(tensor.node, ()) if use.node in forward]) != 1:
            return ''
        if view.op(tensor.node) not in PASSING_OPS:
            return tensor.node if view.op(tensor.node) in (*VARIABLE_OPS, 'Const') else ''
        tensor = view.inputs[tensor.node][0]


def _obstacle(channels: Channels, place: Contraction, kernel: Optional[np.ndarray]) -> str:
    """Says why a number that comes in cannot be folded into a bias behind a consumer."""
    shape = shape_at(channels.shapes, place.tensor) or ()
    if kernel is None:
        return 'its kernel is computed'
    if len(shape) > place.axis and shape[place.axis] not in (None, kernel.shape[1]):
        return 'it is a group convolution'
    if 'Backprop' in place.operation:
        return 'a transposed convolution makes something else of it at every position'
    if place.operation in ('Conv2D', 'Conv3D') and is_padded(
            channels.model.view.nodes[place.node], (len(kernel),)):
        return 'zeros are put beside it at the border (SAME padding)'
    return '' if place.result_axis in (-1, 1 - len(shape)) else 'it is multiplied from the right'


def substitute(model: Model, consumers: List[Consumer], substitutes: Mapping[str, Substitute]) -> Model:
    """Returns the model whose consumers do not need the channels that go; their slices are still there.

    Given `y = conv(x, w) + b`, where x₃ is always 0.5 and x₅ = 2 · x₄. Result: b + 0.5 · Σ w₃, w₄ + 2 · w₅; what w₃ and
    w₅ make must be set to zero then.

    Args:
        model: in inference form.
        consumers: those of its analysis.
        substitutes: by the node of a consumer; a constant only where there is no obstacle, a target only where the
            kernel is a parameter.
    """
    shifts: Dict[str, Shift] = {}
    kernels: Dict[str, np.ndarray] = {}
    for consumer in consumers:
        given = substitutes.get(consumer.name)
        if given is None or consumer.kernel is None:
            continue
        constant = np.where(given.gone, given.constant, 0.0)
        if constant.any():
            amount = np.einsum('i,tio->o', constant, consumer.kernel.astype(np.float64))
            shifts[consumer.name] = Shift(amount, consumer.place.result_axis)
        if (given.target != NOBODY).any():
            kernels[consumer.parameter] = transferred(consumer, given)
    return shift_outputs(with_values(model, kernels), shifts)


def transferred(consumer: Consumer, given: Substitute) -> np.ndarray:
    """Returns the kernel, in its own order of axes, in which targets take over from channels that go."""
    assert consumer.kernel is not None
    kernel = consumer.kernel.astype(np.float64)
    for place in np.flatnonzero(given.gone & (given.target != NOBODY)):
        kernel[:, given.target[place]] += given.slope[place] * consumer.kernel[:, place]
    return in_own_order(consumer, kernel).astype(consumer.kernel.dtype)


def in_own_order(consumer: Consumer, kernel: np.ndarray) -> np.ndarray:
    """Returns `[taps, in, out]` in the shape that the consumer's kernel has."""
    place = consumer.place
    taps = [size for axis, size in enumerate(consumer.shape) if axis not in (place.kernel_axis, place.output_axis)]
    return np.moveaxis(kernel.reshape(*taps, *kernel.shape[1:]), (-2, -1), (place.kernel_axis, place.output_axis))
