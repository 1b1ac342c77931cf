"""Steps of a loop."""

from typing import Optional

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.ranking import Amount
from tf1pruning.search.steps import Step, parse_step


@pytest.mark.parametrize(('step', 'before', 'expected'), [
    (Step('threshold', 0.8), None, 0.9), (Step('threshold', 0.7), Step('threshold', 0.8), 0.75),
    (Step('ratio', 0.5), None, 0.25), (Step('macs', 0.5), Step('macs', 0.7), 0.6),
    (Step('macs', 0.5), Step('ratio', 0.3), 0.75)])
def test_halfway(step: Step, before: Optional[Step], expected: float) -> None:
    """Between the step before, or nothing pruned, and this one."""
    assert step.halfway(before) == Step(step.kind, expected)


def test_amounts_keep_the_limits() -> None:
    """Only what is pruned is replaced."""
    limits = Amount(ratio=0.1, align=8, min_channels=2)
    assert Step('threshold', 0.8).amount(limits) == Amount(threshold=0.8, align=8, min_channels=2)
    assert Step('ratio', 0.3).amount(limits) == Amount(ratio=0.3, align=8, min_channels=2)
    assert Step('bytes', 0.3).amount(limits) == Amount(target={'bytes': 0.3}, align=8, min_channels=2)


@pytest.mark.parametrize(('kind', 'value', 'problem'), [
    ('percent', 3, 'no steps of kind'), ('threshold', 0, 'outside'), ('ratio', 1.5, 'outside'), ('macs', 0, 'outside')])
def test_what_is_no_step(kind: str, value: float, problem: str) -> None:
    with pytest.raises(OptionError, match=problem):
        parse_step(kind, value)


def test_names() -> None:
    """Of folders and for people."""
    assert (parse_step('macs', 0.5).folder, str(parse_step('macs', 0.5))) == ('macs_0.5', 'macs 0.5')
