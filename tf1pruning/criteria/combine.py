"""From a score for every kernel of a group to one score for every channel."""

from typing import Callable, Dict, List, Sequence

import numpy as np

from ..channels import Channels, Group
from ..errors import OptionError
from .filters import filters, mean_by_channel

Scores = Callable[[Channels, Group], List[np.ndarray]]
"""Gives, for every kernel (or other weight) of a group, the scores of its channels: `[channels]`, 0 … 1."""
COMBINE: Dict[str, Callable[[Sequence[np.ndarray]], np.ndarray]] = {
    'mean': lambda scores: np.mean(scores, axis=0),
    'max': lambda scores: np.max(scores, axis=0),
    'product': lambda scores: np.prod(scores, axis=0),
}


def per_kernel(score_rows: Callable[[np.ndarray], np.ndarray]) -> Scores:
    """Makes a criterion of a function from the filters of one kernel, `[filters, weights]`, to their scores."""
    def scores(channels: Channels, group: Group) -> List[np.ndarray]:
        return [mean_by_channel(group, numbers, score_rows(rows)) for rows, numbers in filters(channels, group)]
    return scores


def weakness(magnitudes: np.ndarray) -> np.ndarray:
    """Turns magnitudes into scores: 1 for nothing, 0 for the largest."""
    return 1 - magnitudes / (magnitudes.max() or 1.0)


def combine(scores: Sequence[np.ndarray], how: str) -> np.ndarray:
    """Combines the scores of several kernels.

    Raises:
        OptionError: there is no such way.
    """
    if how not in COMBINE:
        raise OptionError('scores are combined by %s, not by %r' % (', '.join(sorted(COMBINE)), how))
    return COMBINE[how](scores)
