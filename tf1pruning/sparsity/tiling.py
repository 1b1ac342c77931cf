"""How a tensor falls into units that become zero together, as rows of a matrix: for arrays and TensorFlow's graphs."""

from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np

from ..errors import OptionError
from ..weights import WeightTensor
from .structure import Structure


class Tiling(NamedTuple):
    """A tensor's axes, some of them cut into pieces; one piece of each is a unit.

    Given: a kernel `[H, W, I, O]` and blocks of 2 × 4. Result: `[H · W · I/2 · O/4, 2 · 4]`.

    Attributes:
        shape: of the tensor.
        padded: with what is missing at the end of the axes that are cut.
        split: with each axis that is cut as two, how many pieces and how long.
        order: of the axes of `split`: the lengths of the pieces last.
        columns: weights of a unit, padding included.
    """

    shape: Tuple[int, ...]
    padded: Tuple[int, ...]
    split: Tuple[int, ...]
    order: Tuple[int, ...]
    columns: int

    @property
    def padding(self) -> Tuple[Tuple[int, int], ...]:
        """How much is added before and behind along every axis."""
        return tuple((0, after - before) for before, after in zip(self.shape, self.padded))

    @property
    def turned(self) -> Tuple[int, ...]:
        """The shape of what is split, in its new order."""
        return tuple(self.split[axis] for axis in self.order)

    @property
    def back(self) -> Tuple[int, ...]:
        """The order that undoes `order`."""
        return tuple(int(axis) for axis in np.argsort(self.order))

    def rows(self, values: Any, library: Any = np) -> Any:
        """Returns units as rows `[units, columns]`, filled up with zeros.

        Args:
            values: an array or a tensor of the shape.
            library: `numpy` or `tensorflow`.
        """
        if self.padded != self.shape:
            values = library.pad(values, self.padding)
        if self.columns == 1:
            return library.reshape(values, (-1, 1))
        return library.reshape(library.transpose(library.reshape(values, self.split), self.order), (-1, self.columns))

    def whole(self, rows: Any, library: Any = np) -> Any:
        """Returns rows of units, `[units, columns]` or `[units, 1]` for all of them, as they lie in the tensor."""
        if self.columns > 1:
            rows = library.broadcast_to(rows, (int(np.prod(self.padded)) // self.columns, self.columns))
            rows = library.transpose(library.reshape(rows, self.turned), self.back)
        return library.reshape(rows, self.padded)[tuple(slice(size) for size in self.shape)]

    def weights_per_unit(self) -> np.ndarray:
        """Returns how many weights every unit has, padding not counted."""
        if self.padded == self.shape:
            return np.full(int(np.prod(self.shape)) // self.columns, self.columns)
        return self.rows(np.ones(self.shape, np.int32)).sum(1)


def tiling_of(structure: Structure, tensor: WeightTensor) -> Tiling:
    """Returns how a weight tensor falls into units.

    Raises:
        OptionError: the structure speaks of incoming channels, which a depthwise kernel does not have.
    """
    pieces = _pieces(structure, tensor)
    padded: List[int] = []
    split: List[int] = []
    inner: List[int] = []
    outer: List[int] = []
    for axis, size in enumerate(tensor.shape):
        piece = min(pieces.get(axis, 0), size)  # padding up to more than the axis would make no other units
        outer.append(len(split))
        if not piece:
            padded.append(size)
            split.append(size)
            continue
        padded.append(-(-size // piece) * piece)
        split += [padded[-1] // piece, piece]
        inner.append(len(split) - 1)
    columns = int(np.prod([split[axis] for axis in inner], dtype=int))
    return Tiling(tuple(tensor.shape), tuple(padded), tuple(split), tuple(outer + inner), columns)


def _pieces(structure: Structure, tensor: WeightTensor) -> Dict[int, int]:
    """Returns the lengths of the pieces by axis."""
    kind, (first, second) = structure
    if kind == 'unstructured':
        return {}
    if kind == 'filter':
        return {tensor.output_axis: tensor.shape[tensor.output_axis]}
    if tensor.input_axis is None:
        raise OptionError('structure %s goes along incoming channels, but the %s kernel %s has none: exclude it'
                          % (structure, tensor.operation, tensor.name))
    if kind == 'channel':
        return {tensor.input_axis: tensor.shape[tensor.input_axis]}
    if kind == 'block':
        return {tensor.input_axis: first, tensor.output_axis: second}
    return {tensor.input_axis: second}
