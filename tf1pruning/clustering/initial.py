"""Where Lloyd's iteration begins."""

import numpy as np

from .lloyd import Line


def linear(line: Line, clusters: int) -> np.ndarray:
    """Returns centroids at equal distances from the least to the greatest number (Han et al., ICLR 2016).

    Large weights are few and matter much: this beginning gives them centroids of their own.
    """
    return np.linspace(float(line.values[0]), float(line.values[-1]), clusters)


def density(line: Line, clusters: int) -> np.ndarray:
    """Returns centroids at equal steps of the cumulative distribution, so that each has as many numbers around it."""
    places = (np.arange(clusters) + 0.5) / clusters * line.values.size
    return np.unique(line.values[places.astype(np.int64)]).astype(np.float64)


def k_means_plus_plus(line: Line, clusters: int, seed: int) -> np.ndarray:
    """Returns centroids drawn from the numbers, far from each other (Arthur & Vassilvitskii, SODA 2007).

    Each is drawn with a probability in proportion to its squared distance from those drawn before. A new centroid
    changes the distances between its two neighbours only; the sums between all neighbours are kept.
    """
    random, values = np.random.RandomState(seed), line.values.astype(np.float64)
    drawn = [0, int(random.randint(values.size)), values.size]
    distances = np.square(values - values[drawn[1]])
    sums = [distances[:drawn[1]].sum(), distances[drawn[1]:].sum()]
    while len(drawn) < clusters + 2:
        number = _draw(np.array(sums), random)
        start, end = drawn[number], drawn[number + 1]
        place = start + _draw(distances[start:end], random)
        between = distances[start:end]
        np.minimum(between, np.square(values[start:end] - values[place]), out=between)
        drawn.insert(number + 1, place)
        sums[number:number + 1] = [distances[start:place].sum(), distances[place:end].sum()]
    return values[drawn[1:-1]]


def _draw(weights: np.ndarray, random: np.random.RandomState) -> int:
    """Returns an index, with a probability in proportion to its weight."""
    sums = np.cumsum(weights)
    return int(min(np.searchsorted(sums, random.random_sample() * sums[-1], 'right'), weights.size - 1))
