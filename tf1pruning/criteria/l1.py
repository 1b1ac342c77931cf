"""L1: the smaller the mean magnitude of a filter, the more redundant (Li et al., arXiv 1608.08710)."""

import numpy as np

from ..channels import Channels, Group
from .filters import filters, mean_by_channel


def l1(channels: Channels, group: Group) -> np.ndarray:
    """Scores channels by 1 − (mean |w| of the filter) / (largest such mean in its kernel).

    Over the kernels that make or filter a channel the mean is taken.

    Returns:
        Scores, shape `[channels]`, 0 … 1.
    """
    scores = []
    for rows, numbers in filters(channels, group):
        means = mean_by_channel(group, numbers, np.abs(rows).mean(axis=1))
        scores.append(1 - means / (means.max() or 1.0))
    return np.mean(scores, axis=0)
