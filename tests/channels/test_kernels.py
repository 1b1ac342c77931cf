"""Uses of kernels by node."""

from typing import Dict, Tuple

import numpy as np

from tf1pruning.channels.kernels import KernelUses
from tf1pruning.channels.rules import Seen

AXES: Dict[str, Tuple[np.ndarray, ...]] = {'kernel': (np.arange(3), np.arange(3, 9)),
                                           'part': (np.arange(9, 12), np.arange(12, 14))}
USES = [Seen('conv', ('kernel',), np.arange(3, 9)),
        Seen('joined', ('kernel', 'part'), np.concatenate([np.arange(12, 14), np.arange(3, 9)])),
        Seen('conv', ('part',), np.arange(9, 12)), Seen('pieces', ('kernel',), np.array([3, 5, 7]))]


def test_uses_by_node() -> None:
    """All uses of the nodes asked for, none of others."""
    uses = KernelUses(USES, AXES)
    assert [seen.parameters for seen in uses.of(['conv'])] == [('kernel',), ('part',)]
    assert uses.of(['joined', 'pieces']) == [USES[1], USES[3]]
    assert uses.of(['other']) == []


def test_axes_that_are_used_whole() -> None:
    """Also where ids of several kernels are strung together; not where only some ids of an axis are used."""
    uses = KernelUses(USES, AXES)
    assert uses.axes(['conv']) == {('kernel', 1), ('part', 0)}
    assert uses.axes(['joined']) == {('kernel', 1), ('part', 1)}
    assert uses.axes(['pieces', 'other']) == set()
    assert uses.axes(['conv', 'joined']) == {('kernel', 1), ('part', 0), ('part', 1)}
