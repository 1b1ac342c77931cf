"""How sparse weights are after how many updates."""

from typing import Any, List

import numpy as np
import pytest

from tests.training.held import plainly
from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf
from tf1pruning.training import ConstantSparsity, PolynomialDecay
from tf1pruning.training.sparsity_schedules import Schedule, is_due


def _both(schedule: Schedule, steps: List[int]) -> Any:
    """What is due by the graph, after each number of updates, and how sparse."""
    with tf.Graph().as_default(), tf.Session(config=plainly()) as session:
        updates = tf.placeholder(tf.int64, [])
        tensors = (is_due(schedule, updates), schedule.after(updates))
        return zip(*[session.run(tensors, {updates: step}) for step in steps])


@pytest.mark.parametrize(('schedule', 'due'), [
    (PolynomialDecay(4, 11, 3, 0.2, 0.8), [4, 7, 10, 11]), (PolynomialDecay(0, 6, 3), [0, 3, 6]),
    (ConstantSparsity(2, None, 5, 0.5), [2, 7, 12, 17]), (ConstantSparsity(0, 0, 100, 0.5), [0]),
    (ConstantSparsity(3, 9, 4, 0.5), [3, 7, 9])])
def test_masks_are_due_from_begin_to_end(schedule: Schedule, due: List[int]) -> None:
    """Every so many updates, and at the end."""
    steps = list(range(20))
    assert [step for step in steps if is_due(schedule, step)] == due
    found, _ = _both(schedule, steps)
    assert [step for step, each in zip(steps, found) if each] == due


def test_sparsity_follows_the_cube() -> None:
    """From the initial to exactly the final one, and no further."""
    steps = [0, 10, 15, 20, 30, 40]
    _, sparsities = _both(PolynomialDecay(10, 30, 5, 0.1, 0.7), steps)
    expected = [0.7 + (0.1 - 0.7) * (1 - p) ** 3 for p in (0, 0, 0.25, 0.5, 1, 1)]
    np.testing.assert_allclose(sparsities, expected, rtol=1e-15)
    assert sparsities[-2] == sparsities[-1] == 0.7
    assert set(_both(ConstantSparsity(0, None, 5, 0.3), steps)) >= {(0.3,) * 6}


@pytest.mark.parametrize(('schedule', 'message'), [
    (PolynomialDecay(5, 5), 'end 5 is not after begin 5'), (PolynomialDecay(5, 4), 'end 4 is before begin 5'),
    (PolynomialDecay(-1, 4), 'begin -1 is negative'), (PolynomialDecay(0, 4, 0), 'frequency 0 is not'),
    (PolynomialDecay(0, 4, 1, 0.0, 1.0), 'final sparsity 1 is not in'),
    (PolynomialDecay(0, 4, 1, -0.5), 'initial sparsity -0.5 is not in'),
    (ConstantSparsity(sparsity=1.5), 'sparsity 1.5 is not in'), (ConstantSparsity(4, 2), 'end 2 is before begin 4')])
def test_wrong_numbers_are_refused(schedule: Schedule, message: str) -> None:
    """In one line."""
    with pytest.raises(OptionError, match=message):
        schedule.check()
