"""Redundancy: the fraction of small weights in a filter (Liu et al., arXiv 1705.10748)."""

import numpy as np

from ..channels import Channels, Group
from .filters import filters, mean_by_channel


def redundancy(channels: Channels, group: Group) -> np.ndarray:
    """Scores channels by r = the fraction of a filter's weights with |w| < mean |W| of its kernel.

    A kernel of zeros alone scores 1. Over the kernels that make or filter a channel the mean is taken.

    Returns:
        Scores, shape `[channels]`, 0 … 1.
    """
    scores = [mean_by_channel(group, numbers, _fraction_below_mean(np.abs(rows)))
              for rows, numbers in filters(channels, group)]
    return np.mean(scores, axis=0)


def _fraction_below_mean(magnitudes: np.ndarray) -> np.ndarray:
    mean = magnitudes.mean()
    if mean == 0:
        return np.ones(len(magnitudes))
    return (magnitudes < mean).mean(axis=1)
