"""A value some of whose numbers are zero."""

from typing import Iterator

import numpy as np

from .values import Value


class Masked(Value):
    """A tensor with single numbers set to zero, whatever they were; the others keep their bits.

    Args:
        value: the tensor as it is.
        mask: of its shape, True where it stays.
    """

    def __init__(self, value: Value, mask: np.ndarray) -> None:
        super().__init__(value.shape, value.dtype)
        self._value, self._bits = value, np.packbits(mask.reshape(-1))

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields changed copies."""
        start = 0
        for block in self._value.blocks():
            yield np.where(self._stays(start, block.size).reshape(block.shape), block, block.dtype.type(0))
            start += block.size

    def _stays(self, start: int, count: int) -> np.ndarray:
        first = start // 8
        bits = np.unpackbits(self._bits[first:-(-(start + count) // 8)])
        return bits[start - 8 * first:start - 8 * first + count].view(bool)
