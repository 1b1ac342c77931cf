"""Finding out whether a run of numbers has only a few distinct ones."""

from typing import NamedTuple, Optional

import numpy as np

from .codes import MOST_SYMBOLS

_SAMPLE = 4096
_ROUNDS = 4


class Codebook(NamedTuple):
    """A run of numbers as places among its distinct ones.

    Attributes:
        numbers: the distinct ones in ascending order.
        places: the place of each number, uint8.
    """

    numbers: np.ndarray
    places: np.ndarray


def find_codebook(bits: np.ndarray) -> Optional[Codebook]:
    """Returns the distinct numbers of a run and where each is, None if they are too many for a byte.

    A sample tells most runs with many; what it lacks of the others is added, so that a large run is never sorted.
    """
    if not bits.size:
        return None
    found = np.unique(bits[::max(1, bits.size // _SAMPLE)])
    for _ in range(_ROUNDS):
        if found.size > MOST_SYMBOLS:
            return None
        places = np.minimum(np.searchsorted(found, bits), found.size - 1)
        others = np.flatnonzero(found[places] != bits)
        if not others.size:
            return Codebook(found, places.astype(np.uint8))
        found = np.union1d(found, bits[others[:_SAMPLE]])
    found = np.unique(bits)
    return Codebook(found, np.searchsorted(found, bits).astype(np.uint8)) if found.size <= MOST_SYMBOLS else None
