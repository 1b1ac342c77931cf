"""What operations do with kernels, looked up by operation."""

from typing import Dict, Iterable, List, Mapping, Sequence, Set, Tuple

import numpy as np

from .rules import Seen


class KernelUses:
    """The uses of one kind, such as contracting over a kernel's ids, by the node that does it.

    Args:
        uses: all of this kind.
        axes: ids of every parameter, axis by axis.
    """

    def __init__(self, uses: Sequence[Seen], axes: Mapping[str, Tuple[np.ndarray, ...]]) -> None:
        self._uses: Dict[str, List[Seen]] = {}
        for seen in uses:
            self._uses.setdefault(seen.node, []).append(seen)
        self._all_axes = axes
        self._axes: Dict[str, Set[Tuple[str, int]]] = {}

    def of(self, nodes: Iterable[str]) -> List[Seen]:
        """Returns the uses by some nodes."""
        return [seen for node in nodes for seen in self._uses.get(node, ())]

    def axes(self, nodes: Iterable[str]) -> Set[Tuple[str, int]]:
        """Returns the kernels and axes all of whose ids one of some nodes uses."""
        return {each for node in nodes for each in self._axes_of(node)}

    def _axes_of(self, node: str) -> Set[Tuple[str, int]]:
        if node not in self._axes:
            self._axes[node] = {(name, axis) for seen in self._uses.get(node, ()) for name in seen.parameters
                                for axis, own in enumerate(self._all_axes.get(name, ())) if _is_within(own, seen.ids)}
        return self._axes[node]


def _is_within(own: np.ndarray, ids: np.ndarray) -> bool:
    """Whether all ids along an axis of a parameter, which are consecutive numbers, are among some ids."""
    if np.array_equal(own, ids):
        return True
    if not 0 < own.size <= ids.size or own[0] < ids.min() or own[-1] > ids.max():
        return False
    return bool(np.isin(own, ids).all())
