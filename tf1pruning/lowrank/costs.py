"""What a layer costs as it is and as branches, in one unit for all layers."""

import abc
import math
from typing import List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..errors import OptionError
from .solver import Ranks, is_matrix
from .structures import UNSTRUCTURED, Structure

COSTS = ('macs', 'params')
"""Multiply-accumulates for one example; parameters."""
WEIGHT = 4.0
"""An entry of the sparse branch costs as much as so many of a dense kernel, where nobody says."""
KINDS = ('hybrid', 'tucker', 'spars')
"""Both branches; the low-rank one only; the sparse one only."""


_FINE_STEPS, _STEPS = 64, 16
_SMALL = 1 << 16
"""Kernels of at most so many entries are cheap enough to try finer steps of ranks."""


class Sizes(NamedTuple):
    """What the counts of a layer depend on.

    Attributes:
        shape: of its kernel, `[kh, kw, Cin, Cout]`.
        positions: how often each entry is multiplied for one example.
        positions_before: how often each entry of a 1×1 convolution in front of it is.
    """

    shape: Tuple[int, int, int, int]
    positions: int = 1
    positions_before: int = 1


class Costs(abc.ABC):
    """The costs of all layers."""

    @abc.abstractmethod
    def dense(self, name: str) -> float:
        """Returns what a layer costs as it is."""

    @abc.abstractmethod
    def kept(self, name: str, ranks: Ranks, density: float) -> float:
        """Returns what a layer costs as branches."""

    @abc.abstractmethod
    def density(self, name: str, ranks: Ranks, budget: float) -> Optional[float]:
        """Returns the largest density that a budget allows beside some ranks; None where the ranks alone exceed it."""

    def whole(self, name: str, density: float) -> float:
        """Returns the nearest density that a layer can have."""
        return density

    @abc.abstractmethod
    def ranks(self, name: str) -> List[Ranks]:
        """Returns the ranks to choose from, in ascending order."""


class Counts(Costs):
    """Counts numbers: `R·Cin + kh·kw·R·R' + R'·Cout`, and `weight · density` of what the dense kernel costs.

    Args:
        sizes: of the layers, by name.
        unit: one of `COSTS`.
        weight: how much dearer an entry of a sparse branch is.
        steps: how many ranks to choose from, at most; None takes more for kernels that are small.
        structure: of the sparse branches, which keep whole units.
    """

    def __init__(self, sizes: Mapping[str, Sizes], unit: str = 'macs', weight: float = WEIGHT,
                 steps: Optional[int] = None, structure: Structure = UNSTRUCTURED) -> None:
        if not weight > 0:
            raise OptionError('a sparsity weight of %s: it must be above 0' % weight)
        self._sizes = {name: each if unit == 'macs' else Sizes(each.shape) for name, each in sizes.items()}
        self._weight = weight
        self._steps = steps
        self._units = {name: structure.units(each.shape) for name, each in sizes.items()}

    def dense(self, name: str) -> float:
        """Returns the product of all sizes."""
        each = self._sizes[name]
        return float(np.prod(each.shape, dtype=np.int64)) * each.positions

    def kept(self, name: str, ranks: Ranks, density: float) -> float:
        """Returns the sum of the branches."""
        (kh, kw, inputs, outputs), positions, before = self._sizes[name]
        core = 0 if is_matrix((kh, kw)) else kh * kw * ranks[0] * ranks[1]
        low_rank = ranks[0] * inputs * before + (core + ranks[1] * outputs) * positions
        return low_rank + self._weight * density * self.dense(name)

    def density(self, name: str, ranks: Ranks, budget: float) -> Optional[float]:
        """Returns what is left for the sparse branch."""
        left = (budget - self.kept(name, ranks, 0)) / (self._weight * self.dense(name))
        return min(1.0, math.floor(left * self._units[name] + 1e-9) / self._units[name]) if left >= 0 else None

    def whole(self, name: str, density: float) -> float:
        """Returns the nearest density that is a number of units."""
        return round(density * self._units[name]) / self._units[name]

    def ranks(self, name: str) -> List[Ranks]:
        """Returns a ladder of ranks."""
        shape = self._sizes[name].shape
        small = np.prod(shape, dtype=np.int64) <= _SMALL
        return ladder(shape, self._steps or (_FINE_STEPS if small else _STEPS))


def ladder(shape: Tuple[int, ...], steps: int = 16) -> List[Ranks]:
    """Returns ranks in ascending order: for some fractions, the same number on both sides, and that part of each side.

    Args:
        shape: of the kernel.
        steps: how many fractions, spread evenly up to all channels.
    """
    inputs, outputs = shape[2:]
    if is_matrix(shape):
        return [(rank, rank) for rank in sorted({-(-min(shape[2:]) * step // steps) for step in range(1, steps + 1)})]
    found = set()
    for step in range(1, steps + 1):
        same = -(-outputs * step // steps)
        found.add((min(same, inputs), same))
        found.add((-(-inputs * step // steps), same))
    return sorted(found, key=lambda ranks: (ranks[0] * ranks[1], ranks))
