"""Log lines: at least two, and one when a minute has passed."""

import logging
from types import SimpleNamespace
from typing import Any, List

import pytest

from tf1pruning.tf1 import tf
from train import progress
from train.progress import EvaluationListener, ProgressHook


def lines(hook: ProgressHook, steps: int, caplog: Any, monkeypatch: Any, seconds: float) -> List[str]:
    """What is said while steps take some time each."""
    caplog.set_level(logging.INFO)
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(progress.time, 'time', lambda: clock.now)
    tf.losses.add_loss(tf.constant(0.5))
    with tf.Session() as session:
        hook.after_create_session(session, None)
        for _ in range(steps):
            wanted = hook.before_run(SimpleNamespace(session=session))
            clock.now += seconds
            hook.after_run(None, SimpleNamespace(results=wanted and session.run(wanted.fetches)))
        hook.end(session)
    return [record.message for record in caplog.records]


def test_two_lines_at_least(caplog: Any, monkeypatch: Any) -> None:
    assert lines(ProgressHook('net', 10), 10, caplog, monkeypatch, 0.5) == [
        'net: step 5 of 10, loss 0.500, 2.0 steps/s, 2 s left', 'net: step 10 of 10, loss 0.500, 2.0 steps/s, 0 s left']


def test_a_line_a_minute(caplog: Any, monkeypatch: Any) -> None:
    found = lines(ProgressHook('net', 1000), 10, caplog, monkeypatch, 31.0)
    assert [line.split(',')[0] for line in found] == ['net: step %d of 1000' % step for step in (3, 6, 9)]


def test_going_on_counts_from_where_it_was(caplog: Any, monkeypatch: Any) -> None:
    assert lines(ProgressHook('net', 10, 6), 4, caplog, monkeypatch, 1.0)[0] == (
        'net: step 8 of 10, loss 0.500, 1.0 steps/s, 2 s left')


def test_steps_of_other_workers_count(caplog: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tf.train, 'get_global_step', lambda graph: tf.constant(7))
    assert lines(ProgressHook('net', 10), 5, caplog, monkeypatch, 1.0)[0].startswith('net: step 7 of 10')


@pytest.mark.parametrize(('step', 'expected'), [(2, ['net: step 2, accuracy 75.00 % on the validation images']),
                                                (3, [])])
def test_evaluation_at_the_steps_wanted(caplog: Any, step: int, expected: List[str]) -> None:
    caplog.set_level(logging.INFO)
    EvaluationListener('net', [2], lambda: 0.75).after_save(None, step)
    assert [record.message for record in caplog.records] == expected
