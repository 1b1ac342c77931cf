"""Geometric median: filters near all others can be replaced by them (He et al., FPGM, arXiv 1811.00250)."""

import numpy as np

from .combine import per_kernel, weakness


@per_kernel
def geometric_median(rows: np.ndarray) -> np.ndarray:
    """Scores filters `[filters, weights]` by 1 − Σ_j ‖w − w_j‖ / (largest such sum in the kernel).

    The distances are those of the filters themselves; of their absolute values, opposite filters would count as near.
    """
    points = rows.astype(np.float64)
    squares = np.square(points).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - 2 * points @ points.T, 0))
    return weakness(distances.sum(axis=1))
