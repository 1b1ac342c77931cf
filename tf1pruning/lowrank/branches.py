"""What a kernel is replaced by: a low-rank branch, a sparse one, or both, whose outputs are added."""

from typing import NamedTuple, Optional, Tuple

import numpy as np


class Branches(NamedTuple):
    """The kernels of the branches; `first` and `last` are None where there is no low-rank branch (rank 0).

    Given `W[kh, kw, Cin, Cout]`. Result: `first` 1×1 Cin → R, `core` kh×kw R → R', `last` 1×1 R' → Cout, beside
    `sparse` kh×kw Cin → Cout. A 1×1 kernel or matrix has no `core`.

    Attributes:
        first: `[1, 1, Cin, R]`.
        core: `[kh, kw, R, R']`.
        last: `[1, 1, R', Cout]`.
        sparse: `[kh, kw, Cin, Cout]` with zeros, None where nothing is kept apart (density 0).
    """

    first: Optional[np.ndarray] = None
    core: Optional[np.ndarray] = None
    last: Optional[np.ndarray] = None
    sparse: Optional[np.ndarray] = None

    @property
    def ranks(self) -> Tuple[int, int]:
        """Channels between `first` and `core`, and between `core` and `last`; 0 without a low-rank branch."""
        if self.first is None or self.last is None:
            return 0, 0
        return int(self.first.shape[3]), int(self.last.shape[2])

    @property
    def density(self) -> float:
        """Which part of the sparse branch's entries is kept."""
        return 0.0 if self.sparse is None else np.count_nonzero(self.sparse) / self.sparse.size

    def kernel(self, shape: Tuple[int, ...]) -> np.ndarray:
        """Returns the kernel `[kh, kw, Cin, Cout]` that all branches together amount to, in double precision."""
        whole = np.zeros(shape)
        if self.first is not None and self.last is not None:
            first, last = (each[0, 0].astype(np.float64) for each in (self.first, self.last))
            inner = first if self.core is None else first @ self.core.astype(np.float64)
            whole += inner @ last
        return whole if self.sparse is None else whole + self.sparse

    def error(self, kernel: np.ndarray) -> float:
        """Returns ‖W − branches‖ / ‖W‖."""
        norm = float(np.linalg.norm(kernel.astype(np.float64)))
        return float(np.linalg.norm(kernel - self.kernel(kernel.shape))) / norm if norm else 0.0
