"""Entropy codes for sequences of small numbers: Huffman, with or without repetitions, and an adaptive range coder.

A coded sequence is `code | bytes that follow | …`; how many symbols there are, and of how many kinds, the reader knows.
"""

import zlib
from typing import Callable, Dict, List, NamedTuple

import numpy as np

from .coded import Coded, joined, of_kind, table
from .cursor import Cursor, DamagedError
from .range_coder import decode_range, encode_range

MOST_SYMBOLS = 256
"""Kinds of symbols: each is a byte."""
_SLOW_ALPHABET, _SLOW_COUNT = 64, 1 << 16
"""The range coder takes five times as long for so many kinds of symbols: it is left out where there are many."""
_WORTH = 0.99
"""A slower code has to be smaller by this factor where there are many symbols."""
_FLAT_BITS = 7.95
"""Bytes with so much entropy are stored as they are."""
FEW = 1 << 12
"""Up to so many symbols everything is tried."""


class Prior(NamedTuple):
    """What symbols are expected before any has been seen.

    Attributes:
        weights: for each kind of symbol, a whole number above 0.
    """

    weights: np.ndarray

    @property
    def kinds(self) -> int:
        """How many kinds of symbols there are."""
        return len(self.weights)


def equal(kinds: int) -> Prior:
    """Returns that all kinds of symbols are alike."""
    return Prior(np.ones(kinds, np.int64))


def _store(symbols: np.ndarray, prior: Prior) -> bytes:
    width = _width(prior.kinds)
    bits = np.unpackbits(symbols[:, None], axis=1)[:, 8 - width:] if width < 8 else None
    return symbols.tobytes() if bits is None else np.packbits(bits.reshape(-1)).tobytes()


def _stored(content: bytes, count: int, prior: Prior) -> np.ndarray:
    width = _width(prior.kinds)
    if len(content) != (count * width + 7) // 8:
        raise DamagedError('%d symbols do not fit into %d bytes' % (count, len(content)))
    raw = np.frombuffer(content, np.uint8)
    if width == 8:
        return raw
    bits = np.unpackbits(raw)[:count * width].reshape(count, width)
    return np.packbits(np.pad(bits, ((0, 0), (8 - width, 0)), 'constant'), axis=1).reshape(-1)


def _width(kinds: int) -> int:
    """Returns how many bits a symbol takes as it is; one where all are the same takes none."""
    return int(kinds - 1).bit_length()


def _deflate(symbols: np.ndarray, prior: Prior, strategy: int = zlib.Z_DEFAULT_STRATEGY) -> bytes:
    packer = zlib.compressobj(9 if symbols.size <= FEW else 6, zlib.DEFLATED, -15, 9, strategy)
    return packer.compress(symbols.tobytes()) + packer.flush()


def _huffman(symbols: np.ndarray, prior: Prior) -> bytes:
    return _deflate(symbols, prior, zlib.Z_HUFFMAN_ONLY)


def _inflate(content: bytes, count: int, prior: Prior) -> np.ndarray:
    unpacker = zlib.decompressobj(-15)
    try:
        found = unpacker.decompress(content, count + 1)
    except zlib.error as error:
        raise DamagedError(str(error)) from error
    if len(found) != count or not unpacker.eof or unpacker.unused_data:
        raise DamagedError('there are not %d symbols' % count)
    return np.frombuffer(found, np.uint8)


def _encode_range(symbols: np.ndarray, prior: Prior) -> bytes:
    return encode_range(symbols, prior.weights)


def _decode_range(content: bytes, count: int, prior: Prior) -> np.ndarray:
    return decode_range(content, count, prior.weights)


class _Code(NamedTuple):
    encode: Callable[[np.ndarray, Prior], bytes]
    decode: Callable[[bytes, int, Prior], np.ndarray]


STORED, HUFFMAN, DEFLATE, RANGE = range(4)
CODES: Dict[int, _Code] = {STORED: _Code(_store, _stored), HUFFMAN: _Code(_huffman, _inflate),
                           DEFLATE: _Code(_deflate, _inflate), RANGE: _Code(_encode_range, _decode_range)}
"""By the number that files have for it."""


def encode(symbols: np.ndarray, prior: Prior, kind: str) -> Coded:
    """Codes symbols by what makes the fewest bytes of them.

    Args:
        symbols: of type uint8, each below the number of kinds.
        prior: what is expected of them.
        kind: what the bytes are for; see `coded.KINDS`.
    """
    best, chosen = _store(symbols, prior), STORED
    for code in _candidates(symbols, prior):
        content = CODES[code].encode(symbols, prior)
        slower = code == RANGE and symbols.size > _SLOW_COUNT and chosen != STORED
        if len(content) < len(best) * (_WORTH if slower else 1):
            best, chosen = content, code
    return joined(table(chosen, len(best)), of_kind(kind, best))


def decode(cursor: Cursor, count: int, prior: Prior) -> np.ndarray:
    """Reads what `encode` wrote.

    Args:
        cursor: where it is.
        count: how many symbols there are.
        prior: what was expected of them.

    Raises:
        DamagedError: it is something else.
    """
    code = CODES.get(cursor.byte())
    if code is None:
        raise DamagedError('there is no such code')
    symbols = code.decode(cursor.take(cursor.number(cursor.left)), count, prior)
    if symbols.size and int(symbols.max()) >= prior.kinds:
        raise DamagedError('there is no such symbol')
    return symbols


def _candidates(symbols: np.ndarray, prior: Prior) -> List[int]:
    """Returns the codes that are worth a try."""
    if not symbols.size or prior.kinds == 1:
        return []
    few = symbols.size <= FEW
    found = [DEFLATE] if few or _repeats(symbols[:FEW]) else []
    if not few and _entropy(symbols[:_SLOW_COUNT]) > _FLAT_BITS:
        return found
    found.insert(0, HUFFMAN)
    return [*found, RANGE] if symbols.size <= _SLOW_COUNT or prior.kinds <= _SLOW_ALPHABET else found


def _repeats(sample: np.ndarray) -> bool:
    """Whether looking for repetitions makes some symbols smaller."""
    return len(_deflate(sample, equal(MOST_SYMBOLS))) < 0.95 * len(_huffman(sample, equal(MOST_SYMBOLS)))


def _entropy(symbols: np.ndarray) -> float:
    """Returns bits per symbol."""
    counts = np.bincount(symbols, minlength=MOST_SYMBOLS)
    shares = counts[counts > 0] / symbols.size
    return float(-(shares * np.log2(shares)).sum())
