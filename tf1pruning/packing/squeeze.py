"""Graphs in few bytes: DEFLATE that begins with a dictionary of what graphs consist of, or LZMA for large ones."""

import functools
import lzma
import os
import zlib
from typing import Callable, Dict, NamedTuple

from ..model.table import varint
from .cursor import Cursor, DamagedError

LARGEST = 1 << 24
"""Bytes of the largest graph, its weights apart."""
_LARGEST_RATIO = 100
"""Graphs become about 20 times smaller; what claims to be 100 times smaller is damaged or hostile."""
_SMALLEST_LIMIT = 1 << 12
_FILTERS = [{'id': lzma.FILTER_LZMA1, 'preset': 9, 'dict_size': 1 << 24, 'lc': 3, 'lp': 0, 'pb': 0}]


@functools.lru_cache(maxsize=None)
def _dictionary() -> bytes:
    with open(os.path.join(os.path.dirname(__file__), 'dictionary.bin'), 'rb') as stream:
        return stream.read()


def _deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _dictionary())
    return packer.compress(content) + packer.flush()


def _inflate(content: bytes, size: int) -> bytes:
    return zlib.decompressobj(-15, zdict=_dictionary()).decompress(content, size + 1)


def _lzma(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_RAW, filters=_FILTERS)


def _unlzma(content: bytes, size: int) -> bytes:
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=_FILTERS).decompress(content, size + 1)


class _Method(NamedTuple):
    squeeze: Callable[[bytes], bytes]
    restore: Callable[[bytes, int], bytes]


_METHODS: Dict[int, _Method] = {0: _Method(lambda content: content, lambda content, size: content),
                                1: _Method(_deflate, _inflate), 2: _Method(_lzma, _unlzma)}
"""By the number that files have for it."""


def squeeze(content: bytes) -> bytes:
    """Returns bytes in the form that is shortest: `method | size | …`."""
    found = {number: method.squeeze(content) for number, method in _METHODS.items()}
    allowed = [number for number, short in found.items() if len(content) <= _limit(len(short))]
    number = min(allowed, key=lambda each: len(found[each]))
    return bytes([number]) + varint(len(content)) + found[number]


def restore(squeezed: bytes) -> bytes:
    """Returns what `squeeze` was given.

    Raises:
        DamagedError: it is something else.
    """
    cursor = Cursor(squeezed)
    method = _METHODS.get(cursor.byte())
    if method is None:
        raise DamagedError('there is no such method')
    size = cursor.number(LARGEST)
    if size > _limit(cursor.left):
        raise DamagedError('%d bytes cannot be in %d' % (size, cursor.left))
    try:
        content = method.restore(cursor.rest(), size)
    except (zlib.error, lzma.LZMAError, EOFError) as error:
        raise DamagedError(str(error)) from error
    if len(content) != size:
        raise DamagedError('there are not %d bytes' % size)
    return content


def _limit(squeezed: int) -> int:
    return min(LARGEST, max(_SMALLEST_LIMIT, _LARGEST_RATIO * squeezed))
