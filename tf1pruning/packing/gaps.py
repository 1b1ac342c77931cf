"""Where the numbers lie that are not zero: the gap before each of them, in symbols of one byte.

A gap that is too long for a symbol is spelled by fillers before it, as in Deep Compression (Han et al., arXiv
1510.00149), where they take five or eight bits each.
"""

import numpy as np

from .coded import Coded, joined, table
from .codes import Prior, decode, encode
from .cursor import Cursor, DamagedError

_ALPHABETS = (16, 64, 256)
_REACH = 4
"""The longest gap that one symbol spells, in average ones."""
_WEIGHT = 1 << 12
"""How much is expected of gaps before any has been seen, in units of the range coder."""


def encode_gaps(places: np.ndarray, count: int) -> Coded:
    """Codes the ascending places of some of `count` numbers."""
    prior = _expected(places.size, count)
    filler = prior.kinds - 1
    fillers, last = np.divmod(np.diff(places, prepend=-1) - 1, filler)
    symbols = np.full(int(fillers.sum()) + places.size, filler, np.uint8)
    symbols[np.cumsum(fillers + 1) - 1] = last
    return joined(table(symbols.size - places.size), encode(symbols, prior, 'indices'))


def decode_gaps(cursor: Cursor, nonzero: int, count: int) -> np.ndarray:
    """Reads what `encode_gaps` wrote.

    Args:
        cursor: where it is.
        nonzero: how many places there are.
        count: what they are below.

    Raises:
        DamagedError: it is something else.
    """
    prior = _expected(nonzero, count)
    filler = prior.kinds - 1
    symbols = decode(cursor, nonzero + cursor.number(count // filler), prior)
    steps = symbols.astype(np.int64)
    steps[symbols != filler] += 1
    ends = np.cumsum(steps)[symbols != filler] - 1
    if ends.size != nonzero or (nonzero and int(ends[-1]) >= count):
        raise DamagedError('places lie outside a tensor')
    return ends


def _expected(nonzero: int, count: int) -> Prior:
    """Returns what is expected of gaps if the places are random: each longer one is rarer by the same factor."""
    mean = count / max(1, nonzero)
    kinds = next((size for size in _ALPHABETS if size >= _REACH * mean), _ALPHABETS[-1])
    rarer = np.full(kinds, 1 - nonzero / max(1, count))
    rarer[0] = _WEIGHT
    weights = np.cumprod(rarer)
    weights[:-1] *= nonzero / max(1, count)
    return Prior(1 + weights.astype(np.int64))
