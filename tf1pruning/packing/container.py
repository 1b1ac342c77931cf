r"""The frame of a `.tfp` file: sections with their lengths and checksums, one after the other.

    magic `TFP\n` | version | section … | checksum of everything before
    section: length | content | checksum of the content

Lengths are numbers of variable length, checksums CRC-32, little-endian. A length is compared with what is left of the
file before anything is read.
"""

import os
import struct
import zlib
from typing import BinaryIO, List, NamedTuple, Optional, Tuple

from ..errors import ModelError
from ..model.table import varint

MARK = 'TFP\n'
VERSION = 1
_HEAD = MARK.encode() + bytes([VERSION])
_CHECKSUM = struct.Struct('<I')
_LONGEST_LENGTH = 9
_PIECE_BYTES = 1 << 20
OVERHEAD = len(_HEAD) + _CHECKSUM.size
"""Bytes of a file beside its sections."""


class Section(NamedTuple):
    """Where the content of a section lies."""

    offset: int
    size: int


class SectionWriter:
    """Writes a file front to back.

    Args:
        stream: where to; nothing has been written to it.

    Attributes:
        size: how many bytes have been written.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._sum, self.size = stream, 0, 0
        self._write(_HEAD)

    def section(self, content: bytes) -> int:
        """Appends a section; returns how many bytes its length and checksum take."""
        before = self.size
        self._write(varint(len(content)))
        self._write(content)
        self._write(_CHECKSUM.pack(zlib.crc32(content)))
        return self.size - before - len(content)

    def finish(self) -> None:
        """Writes the checksum of everything."""
        self._write(_CHECKSUM.pack(self._sum))
        self._stream.flush()

    def _write(self, content: bytes) -> None:
        self._stream.write(content)
        self._sum = zlib.crc32(content, self._sum)
        self.size += len(content)


class SectionReader:
    """A file whose lengths and checksums are all right; it stays open, so that it may be replaced.

    Args:
        handle: of the open file.
        path: its name, for messages.

    Attributes:
        path: its name.
        size: in bytes.
        sections: where they are.

    Raises:
        ModelError: it is no such file, of a later version, truncated or damaged.
    """

    def __init__(self, handle: int, path: str) -> None:
        self.path, self._handle = path, handle
        self.size = os.fstat(handle).st_size
        head = self._at(0, len(_HEAD))
        if head[:-1] != _HEAD[:-1] or len(head) < len(_HEAD):
            raise ModelError('%s is not a packed model: give a file that `tf1pruning pack` wrote' % path)
        if head[-1] != VERSION:
            raise ModelError('%s has version %d of the format, this program reads %d: take the program that wrote it'
                             % (path, head[-1], VERSION))
        self._sum = zlib.crc32(head)
        self.sections = self._scan()

    def content(self, section: Section, most: Optional[int] = None) -> bytes:
        """Returns the content of a section, or the first bytes of it."""
        return self._at(section.offset, section.size if most is None else min(most, section.size))

    def damaged(self, reason: object) -> ModelError:
        """Makes the error for a file that says what no program writes."""
        return ModelError('%s is damaged or truncated (%s): copy or pack it again' % (self.path, reason))

    def _scan(self) -> List[Section]:
        """Reads the whole file once, in small pieces."""
        found: List[Section] = []
        place, end = len(_HEAD), self.size - _CHECKSUM.size
        while place < end:
            size, start = self._length(place)
            if size > end - start - _CHECKSUM.size:
                raise self.damaged('a section of %d bytes begins at byte %d' % (size, place))
            if self._summed(start, size) != self._checksum(start + size):
                raise self.damaged('the section at byte %d does not have its checksum' % place)
            found.append(Section(start, size))
            place = start + size + _CHECKSUM.size
        if place != end or self._sum != self._checksum(end):
            raise self.damaged('the file does not have its checksum')
        return found

    def _length(self, place: int) -> Tuple[int, int]:
        """Returns a section's length, and where its content begins."""
        text, value = self._at(place, _LONGEST_LENGTH), 0
        for position, byte in enumerate(text):
            value |= (byte & 0x7f) << 7 * position
            if byte < 0x80:
                self._sum = zlib.crc32(text[:position + 1], self._sum)
                return value, place + position + 1
        raise self.damaged('a length does not end')

    def _summed(self, start: int, size: int) -> int:
        found = 0
        for place in range(start, start + size, _PIECE_BYTES):
            piece = self._at(place, min(_PIECE_BYTES, start + size - place))
            found = zlib.crc32(piece, found)
            self._sum = zlib.crc32(piece, self._sum)
        return found

    def _checksum(self, place: int) -> int:
        text = self._at(place, _CHECKSUM.size)
        if len(text) < _CHECKSUM.size:
            raise self.damaged('it ends too early')
        if place < self.size - _CHECKSUM.size:
            self._sum = zlib.crc32(text, self._sum)
        return int(_CHECKSUM.unpack(text)[0])

    def _at(self, offset: int, size: int) -> bytes:
        return os.pread(self._handle, size, offset)
