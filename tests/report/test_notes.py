"""Notes on plans that prune nothing: the reason, and what to do."""

import pytest

from tf1pruning.plan import GroupPlan, PruningPlan
from tf1pruning.report.notes import nothing_pruned


def plan(size: int = 24, pruned: int = 0, threshold: float = 0.0) -> PruningPlan:
    """One group."""
    group = GroupPlan('block', 'other', ('kernel', 3), size, tuple(range(pruned)), 'l1', threshold or None,
                      (0.25,) * size)
    return PruningPlan((group,))


@pytest.mark.parametrize(('which', 'align', 'said'), [
    (PruningPlan(()), 4, 'no channels of the scopes asked for can be, or all are excluded'),
    (plan(threshold=0.5), 4, 'no score is above 0.5, the highest is 0.25'),
    (plan(), 64, 'a multiple of 64, and the largest has 24 channels; choose a smaller alignment'),
    (plan(), 8, 'in no group enough channels go to leave a multiple of 8; ask for more, or allow more'),
    (plan(), 1, 'no channel was chosen; ask for more, or allow more'),
])
def test_what_is_said(which: PruningPlan, align: int, said: str) -> None:
    """Each in one line."""
    note = nothing_pruned(which, align)
    assert note.startswith('nothing was pruned: ')
    assert said in note
    assert '\n' not in note


def test_nothing_is_said_where_something_was_pruned() -> None:
    """One channel is enough."""
    assert nothing_pruned(plan(pruned=1), 64) == ''
