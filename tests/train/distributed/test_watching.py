"""A worker that TensorFlow does not let go ends with the chief; one that leaves by itself is let."""

import threading
from typing import Any, List, Optional

import pytest

from train.distributed import watching
from train.distributed.watching import ended_with_chief


@pytest.fixture
def codes(monkeypatch: Any) -> List[int]:
    """The exit codes that the process would have ended with."""
    found: List[int] = []
    monkeypatch.setattr(watching.os, '_exit', found.append)
    monkeypatch.setattr(watching.sys, 'argv', ['there/prune_loop.py'])
    monkeypatch.setattr(watching, '_LOOK', 0.01)
    monkeypatch.setattr(watching, '_GRACE', 0.2)
    return found


def _watched(failures: List[Optional[str]], seconds: float) -> None:
    """Stays in the block; looks give one failure after the other, the last one ever again."""
    before = threading.enumerate()
    with ended_with_chief(lambda: failures.pop(0) if len(failures) > 1 else failures[0]):
        watcher = next(each for each in threading.enumerate() if each not in before)
        watcher.join(seconds)
    watcher.join(10)
    assert not watcher.is_alive()


def test_who_stays_is_ended(codes: List[int], capsys: Any) -> None:
    _watched([None, None, 'the chief has failed: a\nmistake'], 10)
    assert codes == [2]
    assert capsys.readouterr().err == 'prune_loop: the chief has failed: a mistake\n'


@pytest.mark.parametrize(('failure', 'seconds'), [(None, 0.3), ('a mistake', 0.05)])
def test_who_leaves_in_time_goes_on(codes: List[int], capsys: Any, failure: Optional[str], seconds: float) -> None:
    """Be it that nothing has failed."""
    _watched([failure], seconds)
    assert codes == []
    assert capsys.readouterr().err == ''
