"""L2: the smaller the Euclidean norm of a filter, the more redundant (He et al., arXiv 1808.06866)."""

import numpy as np

from .combine import per_kernel, weakness


@per_kernel
def l2(rows: np.ndarray) -> np.ndarray:
    """Scores filters `[filters, weights]` by 1 − ‖w‖ / (largest ‖w‖ in the kernel)."""
    return weakness(np.sqrt(np.square(rows.astype(np.float64)).sum(axis=1)))
