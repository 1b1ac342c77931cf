"""The values that a tensor's weights share, and which weight has which."""

from typing import Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from ..errors import ModelError, OptionError
from ..typed_yaml import one_of
from .exact import best_centroids
from .initial import density, k_means_plus_plus, linear
from .lloyd import Line, Solution, cuts_between, lloyd

MOST_CLUSTERS = 1 << 10

Method = Callable[[Line, int, int], Solution]
METHODS: Dict[str, Method] = {
    'exact': lambda line, clusters, seed: best_centroids(line, clusters),
    'linear': lambda line, clusters, seed: Solution(lloyd(line, linear(line, clusters)), 'linear'),
    'density': lambda line, clusters, seed: Solution(lloyd(line, density(line, clusters)), 'density'),
    'k-means++': lambda line, clusters, seed: Solution(lloyd(line, k_means_plus_plus(line, clusters, seed)),
                                                       'k-means++'),
}
"""What finds the values: dynamic programming, or Lloyd's iteration from one of three beginnings."""

IDENTITY = 'identity'
"""The solver where there are no more distinct values than asked for: nothing changes."""


class Clustered(NamedTuple):
    """A tensor of few values.

    Attributes:
        codebook: the values in ascending order, `[K]`, of the weights' type; each of them is used.
        indices: the place in the codebook of every weight, in the weights' shape.
        solver: what found them: exact, near-exact, linear, density, k-means++ or identity.
        excess: by how much, relatively, the distortion may at most lie above the least possible: 0 if exact or
            identity, proved for near-exact, None where nothing is known: by another method, or where some of the
            values are one when they are rounded to the weights' type.
    """

    codebook: np.ndarray
    indices: np.ndarray
    solver: str = IDENTITY
    excess: Optional[float] = 0.0

    def values(self) -> np.ndarray:
        """Returns the tensor."""
        return self.codebook[self.indices]

    def distortion(self, weights: np.ndarray) -> float:
        """Returns the sum of the squared differences from the weights."""
        differences = weights.astype(np.float64)
        differences -= self.values()
        return float(np.vdot(differences, differences))


def shared_values(weights: np.ndarray, clusters: int, method: str = 'exact', preserve_sparsity: bool = True,
                  seed: int = 0) -> Clustered:
    """Finds few values for the weights of a tensor, each weight with the nearest one (k-means in one dimension).

    Where the tensor has no more distinct values than asked for, it stays as it is.

    Args:
        weights: a tensor of any shape.
        clusters: how many values at most, zero among them where it is kept.
        method: one of `METHODS`. `exact` gives the least sum of squared differences that there is; of large tensors a
            value near it, with a proof of how near (see `exact.py`).
        preserve_sparsity: whether weights that are zero stay exactly zero, and no others are counted in with them:
            then zero is one of the values, and the rest are found for the other weights alone.
        seed: of `k-means++`.

    Raises:
        OptionError: an unknown method, or a number of clusters out of its range.
        ModelError: a weight is infinite or not a number.
    """
    one_of(method, METHODS, 'method')
    check_clusters(clusters)
    if not np.isfinite(weights).all():
        raise ModelError('the weights hold numbers that are infinite or not a number: nothing lies near these')
    flat = weights.ravel()
    zero = flat == 0 if preserve_sparsity else np.zeros(flat.shape, bool)
    kept = int(zero.any())
    line = Line(np.sort(flat[~zero] if kept else flat))
    if line.distinct + kept <= clusters:
        codebook, indices = np.unique(flat, return_inverse=True)
        return Clustered(codebook + 0, _small(indices, codebook.size).reshape(weights.shape))  # + 0: -0 is 0
    found = METHODS[method](line, clusters - kept, seed)
    codebook, indices = _assigned(flat, zero, found)
    excess = found.excess if codebook.size == clusters else None  # values that round to one are nearer to nothing
    return Clustered(codebook, indices.reshape(weights.shape), found.solver, excess)


def check_clusters(clusters: int) -> None:
    """Checks a number of clusters.

    Raises:
        OptionError: it is out of its range.
    """
    if not 2 <= clusters <= MOST_CLUSTERS:
        raise OptionError('%d values cannot be shared: ask for 2 to %d, zero included' % (clusters, MOST_CLUSTERS))


def _assigned(flat: np.ndarray, zero: np.ndarray, found: Solution) -> Tuple[np.ndarray, np.ndarray]:
    """Gives every weight the value nearest to it; returns the codebook of those that are used, and the indices."""
    values = np.unique(found.centroids.astype(flat.dtype) + flat.dtype.type(0))  # those that round to one are one
    nearest = np.searchsorted(cuts_between(values), flat)
    used = np.bincount(nearest[~zero], minlength=values.size) > 0
    codebook = np.unique(np.append(values[used], np.abs(flat[zero][:1])))
    places = _small(np.searchsorted(codebook, values), codebook.size)
    indices = places[nearest]
    indices[zero] = np.searchsorted(codebook, 0)
    return codebook, indices


def _small(indices: np.ndarray, size: int) -> np.ndarray:
    return indices.astype(np.min_scalar_type(max(size - 1, 0)))
