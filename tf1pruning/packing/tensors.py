"""Tensors in sections: each section is a run of at most 2 MB of one tensor, so that memory is bounded both ways."""

from typing import Iterator, List, Tuple

import numpy as np

from ..errors import UnsupportedError
from ..model.values import Value, size_of
from .coded import Account, added, joined, table
from .container import Section, SectionReader, SectionWriter
from .cursor import Cursor, DamagedError
from .forms import PATTERNS, decode_run, encode_run

RUN_BYTES = 1 << 21
"""Most bytes of numbers in one section."""
ALL = 0
"""In place of how many numbers a section holds: all that are left of the tensor."""
_HEAD_BYTES = 9
"""Of a section, enough for the number that it begins with."""


def write_tensor(writer: SectionWriter, name: str, value: Value) -> Account:
    """Appends a tensor to a file; returns what its bytes are for.

    Raises:
        UnsupportedError: it holds texts.
    """
    if value.is_text:
        raise UnsupportedError('tensor %s holds texts: only numbers can be packed' % name)
    accounts: List[Account] = []
    left = _patterns_of(value.shape, value.dtype)
    for bits in _runs(value):
        left -= bits.size
        coded = joined(table(bits.size if left else ALL), encode_run(bits, _columns_of(value)))
        accounts += [coded.account, {'tables': writer.section(coded.content)}]
    return added(*accounts)


def _runs(value: Value) -> Iterator[np.ndarray]:
    pattern = pattern_of(value.dtype)
    longest = RUN_BYTES // pattern.itemsize
    for block in value.blocks():
        bits = np.ascontiguousarray(block).reshape(-1).view(pattern)
        for start in range(0, bits.size, longest):
            yield bits[start:start + longest]


def _patterns_of(shape: Tuple[int, ...], dtype: np.dtype) -> int:
    """Returns how many patterns of bits a tensor has."""
    return size_of(shape) * dtype.itemsize // pattern_of(dtype).itemsize


def _columns_of(value: Value) -> int:
    """Returns how many patterns of bits a row of a tensor has."""
    return value.matrix_shape[1] * value.dtype.itemsize // pattern_of(value.dtype).itemsize


def pattern_of(dtype: np.dtype) -> np.dtype:
    """Returns what the bits of numbers are read as; those of 16 bytes as two."""
    return PATTERNS[min(8, dtype.itemsize)]


class PackedValue(Value):
    """A tensor in a packed file, decoded whenever it is read.

    Args:
        reader: the file.
        sections: those that follow the tensor before this one; as many are taken as it has.
        shape: its shape.
        dtype: its type.

    Attributes:
        sections: those that hold it.

    Raises:
        DamagedError: what the sections say is not this tensor.
    """

    def __init__(self, reader: SectionReader, sections: Iterator[Section], shape: Tuple[int, ...],
                 dtype: np.dtype) -> None:
        super().__init__(shape, dtype)
        self._reader, self._pattern = reader, pattern_of(self.dtype)
        self.sections: List[Section] = []
        self._sizes: List[int] = []
        missing = _patterns_of(shape, self.dtype)
        while missing:
            section = next(sections, None)
            if section is None:
                raise DamagedError('there are no more sections')
            self.sections.append(section)
            self._sizes.append(self._size_of(section, missing))
            missing -= self._sizes[-1]

    def _size_of(self, section: Section, missing: int) -> int:
        """Reads how many patterns a section holds."""
        size = Cursor(self._reader.content(section, _HEAD_BYTES)).number(missing) or missing
        if size * self._pattern.itemsize > RUN_BYTES:
            raise DamagedError('a section holds %d numbers' % size)
        if size * self._pattern.itemsize % self.dtype.itemsize:
            raise DamagedError('a number is cut')
        return size

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields whole rows."""
        columns = self.matrix_shape[1]
        waiting: List[np.ndarray] = []
        count = 0
        for section, size in zip(self.sections, self._sizes):
            waiting.append(self._run(section, size))
            count += waiting[-1].size
            rows = count // columns
            if rows:
                flat = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
                yield flat[:rows * columns].reshape(rows, columns)
                waiting, count = [flat[rows * columns:]], count - rows * columns

    def _run(self, section: Section, size: int) -> np.ndarray:
        """Decodes a section.

        Raises:
            ModelError: it is damaged.
        """
        try:
            cursor = Cursor(self._reader.content(section))
            cursor.number(RUN_BYTES)
            bits = decode_run(cursor, size, self._pattern, _columns_of(self))
            if cursor.left:
                raise DamagedError('%d bytes are left' % cursor.left)
        except DamagedError as error:
            raise self._reader.damaged(error) from error
        return bits.view(self.dtype)
