"""Sorted tables of keys and values in the format of LevelDB: what the index of a checkpoint is written in.

A block holds entries `shared | unshared | length of value | rest of key | value`, where `shared` bytes are those of the
key before; then the places of the entries that share nothing, their number, a byte for the compression, a checksum. The
last block but one says where the others are, and the footer where that one is.
"""

import mmap
import os
import struct
from typing import Iterable, Iterator, List, Tuple, Union

import numpy as np

from .checksum import masked_crc

_MAGIC = 0xdb4775248b80fb57
_FOOTER = 48
_TRAILER = 5
_RESTART = 16
"""Every so many entries one has its whole key."""
_BLOCK_BYTES = 256 * 1024

Item = Tuple[bytes, bytes]


def is_table(path: str) -> bool:
    """Whether a file ends as tables do."""
    if not os.path.isfile(path) or os.path.getsize(path) < _FOOTER:
        return False
    with open(path, 'rb') as stream:
        stream.seek(-8, os.SEEK_END)
        return struct.unpack('<Q', stream.read())[0] == _MAGIC


def read_table(content: Union[bytes, mmap.mmap]) -> Iterator[Item]:
    """Yields the keys and values of a table, in their order.

    Raises:
        ValueError: it is no table, or damaged.
    """
    footer = content[-_FOOTER:]
    if len(footer) < _FOOTER or struct.unpack('<Q', footer[-8:])[0] != _MAGIC:
        raise ValueError('not a table')
    try:
        place = _varint(footer, _varint(footer, _varint(footer, 0)[1])[1])
        for _, handle in _read_block(content, place[0], _varint(footer, place[1])[0]):
            start, after = _varint(handle, 0)
            yield from _read_block(content, start, _varint(handle, after)[0])
    except (IndexError, struct.error) as error:
        raise ValueError('damaged table') from error


def _read_block(content: Union[bytes, mmap.mmap], start: int, size: int) -> Iterator[Item]:
    end = start + size
    block = np.frombuffer(content, np.uint8)[start:end + 1]
    if block.size != size + 1 or struct.unpack('<I', content[end + 1:end + _TRAILER])[0] != masked_crc(block):
        raise ValueError('a block does not have its checksum')
    if content[end]:
        raise ValueError('a block is compressed')
    restarts = struct.unpack('<I', content[end - 4:end])[0]
    end -= 4 * (restarts + 1)
    key = b''
    while start < end:
        shared, start = _varint(content, start)
        unshared, start = _varint(content, start)
        length, start = _varint(content, start)
        key = key[:shared] + content[start:start + unshared]
        start += unshared + length
        yield key, content[start - length:start]


def _varint(content: Union[bytes, mmap.mmap], start: int) -> Tuple[int, int]:
    """Returns a number of seven bits a byte, the lowest first, and the place after it."""
    number = shift = 0
    while content[start] & 0x80:
        number |= (content[start] & 0x7f) << shift
        shift += 7
        start += 1
    return number | content[start] << shift, start + 1


def varint(number: int) -> bytes:
    """Returns a number in as few bytes as it needs, seven bits each, the lowest first."""
    result = bytearray()
    while number > 0x7f:
        result.append(number & 0x7f | 0x80)
        number >>= 7
    result.append(number)
    return bytes(result)


def make_table(items: Iterable[Item]) -> bytes:
    """Returns a table of some keys and values; the keys are sorted and different."""
    content = bytearray()
    index: List[Item] = []
    rest: List[Item] = []
    size = 0
    for item in items:
        rest.append(item)
        size += len(item[0]) + len(item[1])
        if size >= _BLOCK_BYTES:
            index.append((item[0], _append_block(content, rest)))
            rest, size = [], 0
    if rest:
        index.append((rest[-1][0], _append_block(content, rest)))
    handles = _append_block(content, []) + _append_block(content, index)
    return bytes(content) + handles.ljust(_FOOTER - 8, b'\0') + struct.pack('<Q', _MAGIC)


def _append_block(content: bytearray, items: Iterable[Item]) -> bytes:
    """Appends a block to a table; returns where it is and how long, as the index says it."""
    block = bytearray()
    restarts: List[int] = []
    before = b''
    for number, (key, value) in enumerate(items):
        shared = _shared(before, key) if number % _RESTART else 0
        if not number % _RESTART:
            restarts.append(len(block))
        block += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    restarts = restarts or [0]
    block += struct.pack('<%dI' % (len(restarts) + 1), *restarts, len(restarts))
    handle = varint(len(content)) + varint(len(block))
    block.append(0)
    content += block + struct.pack('<I', masked_crc(np.frombuffer(block, np.uint8)))
    return handle


def _shared(first: bytes, second: bytes) -> int:
    """Returns how many bytes at their beginning two keys have in common."""
    length = min(len(first), len(second))
    different = int.from_bytes(first[:length], 'big') ^ int.from_bytes(second[:length], 'big')
    return length - (different.bit_length() + 7) // 8
