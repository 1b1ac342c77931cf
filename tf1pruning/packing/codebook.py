"""Finding out whether a run of numbers has only a few distinct ones."""

from typing import Optional

import numpy as np

from .codes import MOST_SYMBOLS

_SAMPLE = 4096
_ROUNDS = 4


def find_codebook(bits: np.ndarray) -> Optional[np.ndarray]:
    """Returns the distinct numbers of a run in ascending order, None if they are too many for a byte.

    A sample tells most runs with many; what it lacks of the others is added, so that a large run is never sorted.
    """
    if not bits.size:
        return None
    found = np.unique(bits[::max(1, bits.size // _SAMPLE)])
    for _ in range(_ROUNDS):
        if found.size > MOST_SYMBOLS:
            return None
        places = np.minimum(np.searchsorted(found, bits), found.size - 1)
        others = bits[found[places] != bits]
        if not others.size:
            return found
        found = np.union1d(found, others[:_SAMPLE])
    found = np.unique(bits)
    return found if found.size <= MOST_SYMBOLS else None
