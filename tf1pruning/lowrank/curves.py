"""How much of a kernel is lost for what it still costs: points to choose from, estimated without the solver."""

from typing import Dict, List, NamedTuple, Sequence

import numpy as np

from .costs import Costs
from .solver import Ranks, along_inputs, along_outputs, is_matrix
from .structures import Structure

DENSITIES = tuple(0.001 * 1.3 ** step for step in range(27))
"""0.1 % of the units, and a factor of 1.3 again and again."""


class Point(NamedTuple):
    """One way to write a layer.

    Attributes:
        ranks: of the low-rank branch.
        density: of the sparse one.
        cost: in the unit of the cost model.
        error: ‖W − branches‖ / ‖W‖.
    """

    ranks: Ranks
    density: float
    cost: float
    error: float


class Spectrum:
    """What is left of a kernel after a projection on its leading subspaces, for all ranks and densities.

    About an upper bound of the solver's error, which moves on from there: one decomposition for all ranks, one sort
    for all densities.

    Args:
        kernel: `[kh, kw, Cin, Cout]`.
        structure: the units of the sparse branch.
    """

    def __init__(self, kernel: np.ndarray, structure: Structure) -> None:
        self._kernel = kernel.astype(np.float64)
        self._structure = structure
        self._energy = float((self._kernel ** 2).sum()) or 1.0
        unfoldings = (along_inputs(self._kernel), along_outputs(self._kernel))
        self._bases = [np.ascontiguousarray(np.linalg.eigh(rows.T @ rows)[1][:, ::-1]) for rows in unfoldings]
        self._tails: Dict[Ranks, np.ndarray] = {}

    def error(self, ranks: Ranks, density: float) -> float:
        """Returns the relative error when the units that the projection misses most are kept apart."""
        if ranks not in self._tails:
            self._tails[ranks] = self._tail(ranks)
        tail = self._tails[ranks]
        kept = int(round(density * (len(tail) - 1)))
        return float(np.sqrt(max(0.0, tail[kept]) / self._energy))

    def _tail(self, ranks: Ranks) -> np.ndarray:
        """Returns what is lost, in squares, when 0, 1, 2 … of the units are kept."""
        missed = self._kernel - self._projected(ranks)
        scores = self._structure.sums(np.abs(missed)).reshape(-1)
        squares = self._structure.sums(missed ** 2).reshape(-1)[np.argsort(-scores, kind='stable')]
        return np.concatenate([np.cumsum(squares[::-1])[::-1], [0.0]])

    def _projected(self, ranks: Ranks) -> np.ndarray:
        if not max(ranks):
            return np.zeros(self._kernel.shape)
        first, last = (np.ascontiguousarray(basis[:, :rank]) for basis, rank in zip(self._bases, ranks))
        if is_matrix(self._kernel.shape):
            return first @ (first.T @ self._kernel)
        return first @ (first.T @ self._kernel @ last) @ last.T


def points_of(name: str, spectrum: Spectrum, costs: Costs, kind: str) -> List[Point]:
    """Returns the ways to write a layer that are cheaper than the layer as it is.

    Args:
        name: of the layer.
        spectrum: of its kernel.
        costs: what it costs.
        kind: one of `costs.KINDS`.
    """
    found = []
    dense = costs.dense(name)
    for ranks in rank_choices(name, costs, kind):
        densities = DENSITIES if kind == 'spars' else (0.0,) if kind == 'tucker' else (0.0, *DENSITIES)
        for density in dict.fromkeys(costs.whole(name, each) for each in densities):
            cost = costs.kept(name, ranks, density)
            if cost < dense and (density > 0 or max(ranks) > 0):
                found.append(Point(ranks, density, cost, spectrum.error(ranks, density)))
    return found


def rank_choices(name: str, costs: Costs, kind: str) -> List[Ranks]:
    """Returns the ranks that a kind of decomposition chooses from."""
    none: Ranks = (0, 0)
    return {'spars': [none], 'tucker': costs.ranks(name)}.get(kind, [none, *costs.ranks(name)])


def front(points: Sequence[Point]) -> List[Point]:
    """Returns the points that no other one is both cheaper and nearer than, in ascending cost."""
    found: List[Point] = []
    for point in sorted(points, key=lambda each: (each.cost, each.error)):
        if not found or point.error < found[-1].error:
            found.append(point)
    return found


def hull(points: Sequence[Point]) -> List[Point]:
    """Returns the corners of the convex curve below all points: each step gains less for its cost than the last."""
    found: List[Point] = []
    for point in front(points):
        while len(found) > 1 and slope(found[-2], found[-1]) <= slope(found[-1], point):
            found.pop()
        found.append(point)
    return found


def slope(first: Point, second: Point) -> float:
    """Returns how much error a step to a dearer point takes away for its cost."""
    return (first.error - second.error) / (second.cost - first.cost)


Curves = Dict[str, List[Point]]
"""Points by layer."""
