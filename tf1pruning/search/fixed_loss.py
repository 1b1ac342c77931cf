"""Ranks and densities as low as a given loss of accuracy allows: a greedy search, layer by layer."""

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from ..errors import DataError
from ..lowrank import Branches, Ranks
from ..lowrank.allocation import Choice
from ..lowrank.curves import DENSITIES, Point
from .decomposition import Kernels
from .journal import Journal

Values = Mapping[str, np.ndarray]
Accuracy = Callable[[Values], float]
"""Measures the network with other values of some parameters."""
LOWEST, HIGHEST, STEPS = 4, 14, 16
"""Ranks of the ladder: 4/16 to 14/16 of the outgoing channels."""
_ROUNDING = 1e-9


class Found(NamedTuple):
    """What the search found.

    Attributes:
        chosen: by layer; None leaves it as it is.
        searched: accuracy on the examples of the search: before, after.
        reported: accuracy on the other examples: before, after.
        undone: layers that the search had decomposed, and that were put back for the sake of the other examples.
        evaluations: how often the network was run on all examples of the search.
    """

    chosen: Choice
    searched: Dict[str, float]
    reported: Dict[str, float]
    undone: List[str]
    evaluations: int


def search(kernels: Kernels, searched: Accuracy, reported: Accuracy, max_loss: float, journal: Journal) -> Found:
    """Decomposes layer after layer, each as cheaply as its part of the loss allows.

    The part is the loss by the number of layers; the accuracy that a layer leaves is what the next one begins with.
    Where the accuracy on the other examples falls by more than the loss, the layers that came last are put back, so
    that what remains is a network that the search itself has come through.

    Args:
        kernels: the layers.
        searched: measures on the examples of the search.
        reported: measures on other examples.
        max_loss: of accuracy, from 0 to 1.
        journal: remembers every layer, so that a search that was interrupted goes on.
    """
    before = float(journal.once('before', lambda: {'searched': searched({}), 'reported': reported({})})['searched'])
    chosen: Choice = {}
    values: Dict[str, np.ndarray] = {}
    accuracy, evaluations = before, 1
    for number, name in enumerate(kernels.layers):
        layer = _LayerSearch(kernels, name, searched, dict(values), accuracy - max_loss / len(kernels.layers))
        record = journal.once('%d %s' % (number, name), layer.run)
        chosen[name], accuracy = _point(record), float(record.get('accuracy', accuracy))
        evaluations += int(record['evaluations'])
        values.update(_values(kernels, {name: chosen[name]}))
    found = Found(chosen, {'before': before, 'after': accuracy}, {}, [], evaluations)
    return _backed_off(kernels, found, reported, max_loss, journal)


def _point(record: Mapping[str, Any]) -> Optional[Point]:
    if 'ranks' not in record:
        return None
    first, last = record['ranks']
    return Point((first, last), record['density'], record['cost'], record['error'])


def _values(kernels: Kernels, chosen: Choice) -> Dict[str, np.ndarray]:
    found: Dict[str, np.ndarray] = {}
    for name, point in chosen.items():
        if point is not None:
            found.update(kernels.values(name, kernels.branches(name, point.ranks, point.density)))
    return found


class _LayerSearch:
    """The search for one layer, the others being as they are."""

    def __init__(self, kernels: Kernels, name: str, searched: Accuracy, values: Dict[str, np.ndarray],
                 least: float) -> None:
        self._kernels, self._name, self._searched, self._values = kernels, name, searched, values
        self._least = least
        self._evaluations = 0
        self._best: Optional[Point] = None
        self._accuracy = 0.0

    def run(self) -> Dict[str, Any]:
        """Returns the cheapest way that keeps the accuracy, as a journal takes it."""
        {'spars': self._search_sparse, 'tucker': self._search_ranks}.get(self._kernels.kind, self._search_both)()
        record: Dict[str, Any] = {'evaluations': self._evaluations}
        if self._best is not None:
            record.update(self._best._asdict(), accuracy=self._accuracy)
        return record

    def _search_both(self) -> None:
        """Tries rank 0, then the ladder, until the ranks alone cost as much as the best that was found."""
        self._search_sparse()
        for ranks in self._ladder():
            if self._kernels.costs.kept(self._name, ranks, 0) >= self._limit:
                break
            self._search_densities(ranks, (0.0, *DENSITIES))

    def _search_sparse(self) -> None:
        self._search_densities((0, 0), DENSITIES)

    def _search_ranks(self) -> None:
        self._first_that_keeps([Point(ranks, 0.0, self._kernels.costs.kept(self._name, ranks, 0), 0.0)
                                for ranks in self._kernels.costs.ranks(self._name)])

    def _search_densities(self, ranks: Ranks, densities: Sequence[float]) -> None:
        self._first_that_keeps([Point(ranks, density, self._kernels.costs.kept(self._name, ranks, density), 0.0)
                                for density in self._whole(densities)])

    def _whole(self, densities: Sequence[float]) -> List[float]:
        """Returns the densities that the layer can have, without what would keep nothing at all."""
        found = sorted({self._kernels.costs.whole(self._name, density) for density in densities})
        return [density for density in found if density or 0.0 in densities]

    @property
    def _limit(self) -> float:
        """What a way must cost less than."""
        return self._kernels.costs.dense(self._name) if self._best is None else self._best.cost

    def _ladder(self) -> List[Ranks]:
        inputs, outputs = self._kernels.layers[self._name].shape[2:]
        if self._kernels.layers[self._name].shape[:2] == (1, 1):
            inputs = outputs = min(inputs, outputs)
        ranks = [-(-outputs * step // STEPS) for step in range(LOWEST, HIGHEST + 1)]
        return sorted({(min(rank, inputs), rank) for rank in ranks})

    def _first_that_keeps(self, points: Sequence[Point]) -> None:
        """Finds the cheapest of some points that keeps the accuracy, by bisection."""
        points = sorted((point for point in points if point.cost < self._limit), key=lambda point: point.cost)
        low, high = 0, len(points)
        while low < high:
            middle = (low + high) // 2
            if self._keeps(points[middle]):
                high = middle
            else:
                low = middle + 1

    def _keeps(self, point: Point) -> bool:
        branches: Branches = self._kernels.branches(self._name, point.ranks, point.density)
        accuracy = self._searched({**self._values, **self._kernels.values(self._name, branches)})
        self._evaluations += 1
        keeps = accuracy >= self._least - _ROUNDING
        if keeps and point.cost < self._limit:
            self._best, self._accuracy = self._kernels.solved(self._name, point), accuracy
        return keeps


def _backed_off(kernels: Kernels, found: Found, reported: Accuracy, max_loss: float, journal: Journal) -> Found:
    """Puts back the layers that were decomposed last, as few as bisection finds to be enough."""
    before = float(journal.records['before']['reported'])
    decomposed = [name for name, point in found.chosen.items() if point is not None]

    def accuracy(count: int) -> float:
        """Measures the network with only the first so many of the decomposed layers."""
        return float(journal.once('report %d layers' % count, lambda: {
            'accuracy': reported(_values(kernels, _only(found.chosen, decomposed[:count])))})['accuracy'])

    low, high = 0, len(decomposed)
    if before - accuracy(high) <= max_loss + _ROUNDING:
        low = high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if before - accuracy(middle) <= max_loss + _ROUNDING else (low, middle)
    return found._replace(chosen=_only(found.chosen, decomposed[:low]), undone=decomposed[low:],
                          reported={'before': before, 'after': accuracy(low)})


def _only(chosen: Choice, names: Sequence[str]) -> Choice:
    return {name: point if name in names else None for name, point in chosen.items()}


def require_two_halves(examples: int, layers: int) -> None:
    """Checks that there are examples to search on, and others to report on.

    Raises:
        DataError: there are too few.
    """
    if examples < 2 or not layers:
        raise DataError('%d example%s cannot be split into a half to search on and a half to report on: give more with '
                        '--data or --count' % (examples, '' if examples == 1 else 's'))
