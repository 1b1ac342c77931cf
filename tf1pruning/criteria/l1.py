"""L1: the smaller the mean magnitude of a filter, the more redundant (Li et al., arXiv 1608.08710)."""

import numpy as np

from .combine import per_kernel, weakness


@per_kernel
def l1(rows: np.ndarray) -> np.ndarray:
    """Scores filters `[filters, weights]` by 1 − (mean |w|) / (largest such mean in the kernel)."""
    return weakness(np.abs(rows).mean(axis=1))
