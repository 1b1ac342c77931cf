"""Learning rates over time, and the one optimizer that is our own."""

from typing import Any, List

import numpy as np
import pytest

from tf1pruning.errors import UnsupportedError
from tf1pruning.tf1 import tf
from tf1pruning.training.updates import find_updates, find_variables
from train.config import TrainConfig, training
from train.optimizers import OPTIMIZERS, SCHEDULES, learning_rate, make_optimizer


def rates(at: List[int], **options: Any) -> List[float]:
    step = tf.placeholder(tf.int64, [])
    rate = learning_rate(step, TrainConfig(100, learning_rate=1.0, **options))
    with tf.Session() as session:
        return [float(session.run(rate, {step: number})) for number in at]


@pytest.mark.parametrize(('options', 'at', 'expected'), [
    ({'warmup_steps': 10}, [0, 50, 100], [0.1, 0.5, 0]),
    ({'schedule': 'constant'}, [0, 50, 100], [1, 1, 1]),
    ({'schedule': 'constant', 'warmup_steps': 4}, [0, 1, 3, 4, 99], [0.25, 0.5, 1, 1, 1]),
    ({'schedule': 'step', 'decay_at': (50, 75)}, [0, 49, 50, 74, 75, 99], [1, 1, 0.1, 0.1, 0.01, 0.01]),
    ({'schedule': 'step', 'decay_at': (1,), 'decay_rate': 0.5}, [0, 1], [1, 0.5]),
    ({'schedule': 'exponential', 'decay_steps': 10, 'decay_rate': 0.5}, [0, 5, 10, 20], [1, 0.5 ** 0.5, 0.5, 0.25]),
])
def test_schedules(options: dict, at: List[int], expected: List[float]) -> None:
    np.testing.assert_allclose(rates(at, **options), expected, atol=1e-6)


def test_all_names_are_known() -> None:
    """Those that a configuration may name are those that there are."""
    assert (sorted(OPTIMIZERS), sorted(SCHEDULES)) == (sorted(training.OPTIMIZERS), sorted(training.SCHEDULES))


@pytest.mark.parametrize('use_resource', [False, True])
def test_nadam_by_hand(use_resource: bool) -> None:
    """The update of Dozat's paper with a constant schedule, in NumPy."""
    weight = tf.get_variable('weight', initializer=[1.0, -2.0], use_resource=use_resource)
    step = tf.train.get_or_create_global_step()
    train = TrainConfig(10, optimizer='nadam', learning_rate=0.1, schedule='constant', beta1=0.8, beta2=0.9)
    update = make_optimizer(step, train).minimize(tf.reduce_sum(weight ** 4), step)
    expected, m, v = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for number in range(1, 4):
            gradient = 4 * expected ** 3
            m, v = 0.8 * m + 0.2 * gradient, 0.9 * v + 0.1 * gradient ** 2
            rate = 0.1 * np.sqrt(1 - 0.9 ** number) / (1 - 0.8 ** number)
            expected = expected - rate * (0.8 * m + 0.2 * gradient) / (np.sqrt(v) + 1e-8)
            session.run(update)
            np.testing.assert_allclose(session.run(weight), expected, rtol=1e-5)


def test_nadam_is_known_to_what_holds_zeros() -> None:
    weight = tf.get_variable('weight', initializer=[1.0, -2.0])
    make_optimizer(tf.train.get_or_create_global_step(), TrainConfig(1, optimizer='nadam')).minimize(weight ** 2)
    graph = tf.get_default_graph()
    updates = find_updates(graph, find_variables(graph)['weight'])
    assert [(each.op.type, len(each.moments)) for each in updates] == [('ApplyAdam', 2)]


def test_nadam_refuses_sparse_gradients() -> None:
    rows = tf.get_variable('rows', [4, 2])
    optimizer = make_optimizer(tf.train.get_or_create_global_step(), TrainConfig(1, optimizer='nadam'))
    with pytest.raises(UnsupportedError, match='no sparse updates, which rows needs: choose adam'):
        optimizer.minimize(tf.reduce_sum(tf.gather(rows, [1])))
