"""The best clusters there are: dynamic programming on the distinct numbers, or on a fine histogram with a proof.

The dynamic programme (Ckmeans.1d.dp: Wang & Song, R Journal 2011; Song & Zhong, Bioinformatics 2020) takes time in
proportion to numbers × clusters: about 1 s for 8 million of them. Where there are more, the numbers are put into bins,
narrow ones and small ones, the programme runs on the bins' means, and Lloyd's iteration then moves the cuts to where
they belong between single numbers. How far the result can at most be from the best is known: numbers that go to the
means of their bins move, as a vector, by √W, where W is the sum of the squared distances. The distance from a vector to
the nearest one of k values changes by no more than that, so if H is the least distortion of the moved numbers,

    √(least distortion) ≥ √H − √W
"""

import numpy as np

from ..extras import need
from .lloyd import Line, Solution, lloyd

MOST_WORK = 1 << 23
"""Numbers × clusters up to which the programme runs on the numbers themselves: a second or so."""
MOST_BINS = 1 << 16


def best_centroids(line: Line, clusters: int) -> Solution:
    """Returns the best centroids, or where this would take long, very good ones with a bound of their excess.

    Args:
        line: more distinct numbers than clusters.
        clusters: how many centroids.
    """
    runs = np.flatnonzero(np.append(True, line.values[1:] != line.values[:-1]))
    if runs.size * clusters <= MOST_WORK:
        return Solution(line.means(np.unique(_programme(line, runs, clusters))), 'exact', 0.0)
    starts = _bins(line, runs, max(4 * clusters, min(MOST_BINS, MOST_WORK // clusters)))
    edges = _programme(line, starts, clusters)
    centroids = lloyd(line, line.means(np.unique(edges)))
    moved = line.distortion_between(np.append(starts, line.values.size))
    found = line.distortion_between(line.edges(centroids))
    least = max(0.0, (line.distortion_between(edges) - moved) ** 0.5 - moved ** 0.5) ** 2
    return Solution(centroids, 'near-exact', found / least - 1 if least else None)


def _programme(line: Line, starts: np.ndarray, clusters: int) -> np.ndarray:
    """Returns the edges of the best clusters of whole bins, given where the bins start; `[clusters + 1]`."""
    counts = np.diff(np.append(starts, line.values.size))
    means = np.add.reduceat(line.values, starts, dtype=np.float64) / counts
    weights = counts.astype(np.float64) if counts.max() > 1 else None
    labels = need('ckwrap', 'compress', 'the exact method').ckmeans(means, clusters, weights).labels
    return np.append(starts[np.searchsorted(labels, np.arange(clusters))], line.values.size)


def _bins(line: Line, runs: np.ndarray, count: int) -> np.ndarray:
    """Returns where bins start: half of them of equal width, half of as many distinct numbers; no equal ones part."""
    values, half = line.values, count // 2
    widths = np.linspace(float(values[0]), float(values[-1]), half, endpoint=False).astype(values.dtype)
    sizes = runs[np.linspace(0, runs.size, half, endpoint=False).astype(np.int64)]
    return np.unique(np.concatenate([np.searchsorted(values, widths), sizes]))
