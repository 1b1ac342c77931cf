"""Redundancy: the fraction of small weights in a filter (Liu et al., arXiv 1705.10748)."""

import numpy as np

from .combine import per_kernel


@per_kernel
def redundancy(rows: np.ndarray) -> np.ndarray:
    """Scores filters `[filters, weights]` by the fraction of their weights with |w| < mean |W| of the kernel.

    Filters of a kernel that is zero altogether score 1.
    """
    magnitudes = np.abs(rows)
    mean = magnitudes.mean()
    return (magnitudes < mean).mean(axis=1) if mean > 0 else np.ones(len(rows))
