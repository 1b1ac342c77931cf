"""An adaptive range coder: every run of symbols is coded by the counts of those before it, so that no table is stored.

The coder is that of the library `constriction`: words of 32 bits, probabilities in multiples of 2⁻²⁴. Those given to it
are multiples of 2⁻¹⁶, made by whole numbers only, so that every machine has the same.
"""

from typing import Any, Iterator, Tuple

import numpy as np

from .. import extras
from .cursor import DamagedError

_FIRST_RUN, _LONGEST_RUN = 16, 1 << 13
_SCALE = 1 << 16
_GAIN = 24
"""What a symbol seen counts beside a weight of 1 before any was seen."""
_FORGOTTEN = 1 << 20
"""At this sum all counts are halved, so that the last symbols count more."""


def encode_range(symbols: np.ndarray, weights: np.ndarray) -> bytes:
    """Codes symbols.

    Args:
        symbols: of type uint8.
        weights: what is expected of each kind before any is seen, whole numbers above 0.
    """
    coder = _library().stream.queue.RangeEncoder()
    counts = weights.astype(np.int64)
    for start, end in _runs(symbols.size):
        run = symbols[start:end].astype(np.int32)
        coder.encode(run, _model(counts))
        counts = _counted(counts, run)
    return bytes(coder.get_compressed().astype('<u4').tobytes())


def decode_range(content: bytes, count: int, weights: np.ndarray) -> np.ndarray:
    """Reads what `encode_range` wrote.

    Raises:
        DamagedError: it is something else.
    """
    if len(content) % 4:
        raise DamagedError('a word is not whole')
    coder = _library().stream.queue.RangeDecoder(np.frombuffer(content, '<u4').astype(np.uint32))
    symbols = np.empty(count, np.uint8)
    counts = weights.astype(np.int64)
    for start, end in _runs(count):
        try:
            run = coder.decode(_model(counts), end - start)
        except (AssertionError, ValueError) as error:
            raise DamagedError(str(error)) from error
        symbols[start:end] = run
        counts = _counted(counts, run)
    return symbols


def _runs(count: int) -> Iterator[Tuple[int, int]]:
    """Yields where runs begin and end; each is longer than the one before, up to a limit."""
    start, length = 0, _FIRST_RUN
    while start < count:
        yield start, min(count, start + length)
        start += length
        length = min(_LONGEST_RUN, length + length // 2)


def _counted(counts: np.ndarray, run: np.ndarray) -> np.ndarray:
    counts = counts + _GAIN * np.bincount(run, minlength=counts.size)
    while int(counts.sum()) > _FORGOTTEN:
        counts = (counts + 1) // 2
    return counts


def _model(counts: np.ndarray) -> Any:
    """Returns a model with probabilities in proportion to counts."""
    return _library().stream.model.Categorical(shares_of(counts) / _SCALE)


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Returns whole numbers in proportion to counts, each at least 1, that add up to 2¹⁶."""
    shares = 1 + counts * (_SCALE - counts.size) // counts.sum()
    shares[int(counts.argmax())] += _SCALE - int(shares.sum())
    return shares


def _library() -> Any:
    return extras.need('constriction', 'compress', 'range coding')
