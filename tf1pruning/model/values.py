"""Values that are read when they are needed, block by block, so that no tensor has to fit into memory twice.

A block is some rows `[rows, C]` of a value of shape `[…, C]`, whose first axes are one axis here; a value of one axis
is a single row.
"""

import functools
from typing import Callable, Dict, Iterator, Mapping, Optional, Tuple, Union

import numpy as np

from ..graph.constants import array_of
from ..tf1 import tf

BLOCK_BYTES = 1 << 21
"""Size of a block, unless one row is larger: fastest where it fits into a processor's cache."""
_KEPT_BYTES = 1 << 18
"""Values up to this size are kept once they have been read."""
_ALIGNMENT = 64
"""In bytes, as TensorFlow's own tensors."""

Axes = Mapping[int, np.ndarray]
"""Indices by axis."""


def size_of(shape: Tuple[int, ...]) -> int:
    """Returns how many numbers a shape has: NumPy takes twenty times as long to multiply so few."""
    size = 1
    for each in shape:
        size *= each
    return size


class Value:
    """A tensor of numbers that need not be in memory.

    Attributes:
        shape: its shape.
        dtype: its NumPy type.
        matrix_shape: rows and columns of all blocks together.
    """

    def __init__(self, shape: Tuple[int, ...], dtype: np.dtype) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.matrix_shape = size_of(shape[:-1]), shape[-1] if shape else 1
        self._kept: Optional[np.ndarray] = None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return self.matrix_shape[0] * self.matrix_shape[1]

    @property
    def nbytes(self) -> int:
        """How many bytes they take."""
        return self.size * self.dtype.itemsize

    @property
    def is_text(self) -> bool:
        """Whether it holds texts, not numbers."""
        return self.dtype.kind in 'OSU'

    @property
    def rows_per_block(self) -> int:
        """How many rows a block has, the last one excepted."""
        return max(1, BLOCK_BYTES // max(1, self.matrix_shape[1] * self.dtype.itemsize))

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields all rows in their order; a block is only valid until the next one, and not to be changed."""
        raise NotImplementedError

    def array(self) -> np.ndarray:
        """Returns the whole tensor; not to be changed."""
        if self._kept is not None:
            return self._kept
        whole = self.read()
        if self.nbytes <= _KEPT_BYTES:
            self._kept = whole
        return whole

    def read(self) -> np.ndarray:
        """Makes the whole tensor."""
        whole = aligned(self.shape, self.dtype)
        rows, start = whole.reshape(self.matrix_shape), 0
        for block in self.blocks():
            rows[start:start + len(block)] = block
            start += len(block)
        return whole


class Whole(Value):
    """A tensor that can only be had as a whole, by its `read`."""

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields parts of the array."""
        rows = self.array().reshape(self.matrix_shape)
        for start in range(0, len(rows), self.rows_per_block):
            yield rows[start:start + self.rows_per_block]


class Held(Whole):
    """A tensor that is in memory."""

    def __init__(self, array: np.ndarray) -> None:
        array = np.asarray(array)
        super().__init__(array.shape, array.dtype)
        self._kept = array


class Fetched(Whole):
    """A tensor that a function gives."""

    def __init__(self, shape: Tuple[int, ...], dtype: np.dtype, fetch: Callable[[], np.ndarray]) -> None:
        super().__init__(shape, dtype)
        self._fetch = fetch

    def read(self) -> np.ndarray:
        """Calls the function."""
        return self._fetch()


class Constant(Whole):
    """The value of a Const node."""

    def __init__(self, node: tf.NodeDef) -> None:
        self._node, self._tensor = node, node.attr['value'].tensor
        super().__init__(tuple(dim.size for dim in self._tensor.tensor_shape.dim),
                         tf.as_dtype(self._tensor.dtype).as_numpy_dtype)

    @property
    def is_spelled_out(self) -> bool:
        """Whether the message has all the numbers, and not one for all."""
        return len(self._tensor.tensor_content) == self.nbytes > 0

    def read(self) -> np.ndarray:
        """Takes it out of the message."""
        return array_of(self._node)


@functools.lru_cache(maxsize=None)
def type_number(dtype: np.dtype) -> int:
    """Returns the number that TensorFlow's messages have for a NumPy type."""
    return int((tf.string if dtype.kind in 'OSU' else tf.as_dtype(dtype)).as_datatype_enum)


def aligned(shape: Tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Makes an array that TensorFlow takes over without a copy: it begins where vector instructions want it to."""
    size = size_of(shape) * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start:start + size].view(dtype).reshape(shape)


AnyValue = Union[np.ndarray, Value]


def as_value(value: AnyValue) -> Value:
    """Returns an array, or a value, as a value."""
    return value if isinstance(value, Value) else Held(value)


class Zeroed(Value):
    """A tensor with some slices set to zero.

    Args:
        value: the tensor as it is.
        axes: the slices.
    """

    def __init__(self, value: Value, axes: Axes) -> None:
        super().__init__(value.shape, value.dtype)
        self._value = value
        self._rows, columns = _marked(value.shape, axes)
        self._bits = np.dtype('u%d' % min(8, self.dtype.itemsize))
        self._mask = np.full(columns.size, ~self._bits.type(0), self._bits)
        self._mask[columns] = 0
        self._mask = np.repeat(self._mask, self.dtype.itemsize // self._bits.itemsize)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields changed copies; columns are cleared by their bits, which is five times as fast as by their indices."""
        start = 0
        for block in self._value.blocks():
            changed = np.bitwise_and(np.ascontiguousarray(block).view(self._bits), self._mask).view(self.dtype)
            changed[self._rows[start:start + len(block)]] = 0
            start += len(block)
            yield changed


class Taken(Value):
    """Some slices of a tensor.

    Args:
        value: the whole tensor.
        axes: for each axis that changes, what stays, in ascending order.
    """

    def __init__(self, value: Value, axes: Axes) -> None:
        shape = tuple(len(axes[axis]) if axis in axes else size for axis, size in enumerate(value.shape))
        super().__init__(shape, value.dtype)
        self._value = value
        gone = {axis: np.setdiff1d(np.arange(value.shape[axis]), indices) for axis, indices in axes.items()}
        rows, columns = _marked(value.shape, gone)
        self._rows, self._columns = ~rows, np.flatnonzero(~columns)

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields what stays of every block."""
        start = 0
        for block in self._value.blocks():
            rows = np.flatnonzero(self._rows[start:start + len(block)])
            start += len(block)
            if not rows.size:
                continue
            if rows.size < len(block):
                block = np.take(block, rows, 0)
            yield block if self._columns.size == block.shape[1] else np.take(block, self._columns, 1)


def _marked(shape: Tuple[int, ...], axes: Axes) -> Tuple[np.ndarray, np.ndarray]:
    """Returns which rows, and which columns, of a value's blocks belong to some slices."""
    rows = np.zeros(shape[:-1], bool)
    columns = np.zeros(shape[-1:] or (1,), bool)
    for axis, indices in axes.items():
        if axis == len(shape) - 1:
            columns[indices] = True
        else:
            rows[(slice(None),) * axis + (indices,)] = True
    return rows.ravel(), columns


def nonzero_slices_of(value: Value, axes: Axes) -> Dict[int, np.ndarray]:
    """Returns, for every axis, those of some indices whose slices are not all zero; NaN is not zero.

    The tensor is read once, whatever the number of axes.
    """
    rows = np.zeros(value.matrix_shape[0], bool)
    columns = np.zeros(value.matrix_shape[1], bool)
    start = 0
    for block in value.blocks():
        nonzero = block != 0
        columns |= nonzero.any(0)
        rows[start:start + len(block)] = nonzero.any(1)
        start += len(block)
    leading = rows.reshape(value.shape[:-1])
    last = len(value.shape) - 1
    found = {axis: columns if axis == last else leading.any(tuple(k for k in range(last) if k != axis))
             for axis in axes}
    return {axis: np.asarray(indices)[found[axis][indices]] for axis, indices in axes.items()}


def moments(value: Value) -> Tuple[float, float]:
    """Returns mean and standard deviation."""
    count = max(1, value.size)
    mean = sum(float(block.astype(np.float64).sum()) for block in value.blocks()) / count
    squares = sum(float(np.square(block.astype(np.float64) - mean).sum()) for block in value.blocks())
    return mean, float(np.sqrt(squares / count))
