"""Bytes that are read from front to back; what is not there is damage."""

import numpy as np

from ..model.table import varint

__all__ = ['Cursor', 'DamagedError', 'varint']

_LONGEST_NUMBER = 9
"""Bytes of a number of variable length; all numbers here are below 2 ** 63."""


class DamagedError(ValueError):
    """Bytes that no program of this kind wrote."""


class Cursor:
    """A place in some bytes.

    Args:
        content: the bytes.
    """

    def __init__(self, content: bytes) -> None:
        self._content, self._place = content, 0

    @property
    def left(self) -> int:
        """How many bytes are still to come."""
        return len(self._content) - self._place

    def take(self, count: int) -> bytes:
        """Returns the next bytes.

        Raises:
            DamagedError: there are fewer.
        """
        if not 0 <= count <= self.left:
            raise DamagedError('%d bytes are missing' % (count - self.left))
        self._place += count
        return self._content[self._place - count:self._place]

    def rest(self) -> bytes:
        """Returns all bytes that are left."""
        return self.take(self.left)

    def byte(self) -> int:
        """Returns the next byte as a number."""
        return self.take(1)[0]

    def number(self, most: int) -> int:
        """Returns a number of variable length: seven bits a byte, the lowest first.

        Raises:
            DamagedError: it is larger than it may be.
        """
        value = 0
        for position in range(_LONGEST_NUMBER):
            byte = self.byte()
            value |= (byte & 0x7f) << 7 * position
            if byte < 0x80:
                break
        else:
            raise DamagedError('a number does not end')
        if value > most:
            raise DamagedError('%d where at most %d can be' % (value, most))
        return value

    def array(self, dtype: np.dtype, count: int) -> np.ndarray:
        """Returns the next bytes as numbers."""
        return np.frombuffer(self.take(count * dtype.itemsize), dtype)
