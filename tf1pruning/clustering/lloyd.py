"""Lloyd's iteration on sorted numbers: a cluster is what lies between two cuts, its mean a difference of two sums."""

from typing import NamedTuple, Optional

import numpy as np

MOST_ITERATIONS = 1000


class Solution(NamedTuple):
    """Values that somebody found.

    Attributes:
        centroids: in ascending order.
        solver: what found them.
        excess: see `Clustered`.
    """

    centroids: np.ndarray
    solver: str
    excess: Optional[float] = None


class Line:
    """Numbers in ascending order, with the sums of all before each.

    Attributes:
        values: the numbers `[n]`, sorted.
        sums: sum of the first i numbers, at i; `[n + 1]`.
    """

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.sums = np.zeros(values.size + 1)
        np.cumsum(values, dtype=np.float64, out=self.sums[1:])

    @property
    def distinct(self) -> int:
        """How many different numbers there are."""
        return int(np.count_nonzero(self.values[1:] != self.values[:-1])) + 1 if self.values.size else 0

    def edges(self, centroids: np.ndarray) -> np.ndarray:
        """Returns where the clusters of some centroids begin, and the end; `[K + 1]`."""
        inner = np.searchsorted(self.values, cuts_between(centroids.astype(self.values.dtype)), 'right')
        return np.concatenate([[0], inner, [self.values.size]])

    def means(self, edges: np.ndarray) -> np.ndarray:
        """Returns the means of what lies between some edges, at least one number each."""
        return np.diff(self.sums[edges]) / np.diff(edges)

    def distortion_between(self, edges: np.ndarray) -> float:
        """Returns the sum of the squared distances from the mean of what lies between some edges."""
        counts = np.diff(edges)
        counts = counts[counts > 0]
        starts = np.cumsum(counts) - counts
        means = np.add.reduceat(self.values, starts, dtype=np.float64) / counts
        differences = self.values - np.repeat(means, counts)
        return float(np.vdot(differences, differences))


def cuts_between(values: np.ndarray) -> np.ndarray:
    """Returns the places halfway between neighbours; what lies exactly there belongs to the lower one."""
    exact = (values[1:].astype(np.float64) + values[:-1]) / 2
    cuts = exact.astype(values.dtype)
    return np.where(cuts > exact, np.nextafter(cuts, values.dtype.type(-np.inf)), cuts)


def lloyd(line: Line, centroids: np.ndarray) -> np.ndarray:
    """Moves every centroid to the mean of what is nearest to it, until nothing moves.

    One sort for all; then an iteration takes K binary searches, whatever the number of weights. A centroid that nothing
    is nearest to stays where it is.

    Args:
        line: the numbers.
        centroids: where they begin, in ascending order.
    """
    centroids = centroids.astype(np.float64)
    before = np.zeros(0)
    for _ in range(MOST_ITERATIONS):
        edges = line.edges(centroids)
        if np.array_equal(edges, before):
            break
        counts = np.diff(edges)
        centroids = np.where(counts > 0, np.diff(line.sums[edges]) / np.maximum(counts, 1), centroids)
        before = edges
    return centroids
