"""Zeros stay exactly zero in every replica's copy of a variable, whichever strategy trains it."""

from typing import Any, Dict

import numpy as np
import pytest

from tests.training.held import pruned_slices
from tests.training.test_hold_zeros import input_fn
from tf1pruning.tf1 import tf
from tf1pruning.training import HoldZeros, warm_start_from

ZEROS = {'dense/kernel': {1: [0, 5]}, 'dense/bias': {0: [0, 5]}, 'norm/gamma': {0: [0, 5]}, 'norm/beta': {0: [0, 5]},
         'out/kernel': {0: [0, 5]}}
CPUS = ['/cpu:0', '/cpu:1']
AVERAGES = not tf.__version__.startswith('1.')
"""TensorFlow 1.15 makes no moving averages of mirrored variables: its own names do not fit."""


def model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str, params: Dict[str, Any]) -> tf.estimator.EstimatorSpec:
    """A dense network that its weight decay draws toward one; it knows nothing of pruning and of replicas."""
    hidden = tf.layers.batch_normalization(tf.layers.dense(features, 6, name='dense'), training=True, name='norm')
    loss = tf.losses.mean_squared_error(labels, tf.layers.dense(tf.nn.sigmoid(hidden), 1, name='out'))
    loss += 0.1 * tf.add_n([tf.reduce_sum(tf.square(each - 1)) for each in tf.trainable_variables()])
    optimizer = {'adam': tf.train.AdamOptimizer(0.01), 'momentum': tf.train.MomentumOptimizer(0.01, 0.9)}
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = optimizer[params['optimizer']].minimize(loss, tf.train.get_or_create_global_step())
    if params['average']:
        with tf.control_dependencies([train_op]):
            train_op = tf.train.ExponentialMovingAverage(0.5).apply(tf.trainable_variables())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


class Copies(tf.train.SessionRunHook):
    """Reads every variable of the graph, one by one, at the beginning and at the end."""

    first: Dict[str, np.ndarray]
    last: Dict[str, np.ndarray]

    def begin(self) -> None:
        handles = [op for op in tf.get_default_graph().get_operations() if op.type == 'VarHandleOp']
        self._reads = {op.name: tf.raw_ops.ReadVariableOp(resource=op.outputs[0], dtype=op.get_attr('dtype'))
                       for op in handles}

    def after_create_session(self, session: tf.Session, coord: Any) -> None:
        self.first = session.run(self._reads)

    def end(self, session: tf.Session) -> None:
        self.last = session.run(self._reads)


def train(folder: Any, start: Any, optimizer: str, average: bool, *hooks: tf.train.SessionRunHook) -> Copies:
    """Trains on two processors of this machine; returns what both had."""
    copies = Copies()
    session = tf.ConfigProto(device_count={'CPU': 2})
    config = tf.estimator.RunConfig(str(folder), train_distribute=tf.distribute.MirroredStrategy(CPUS),
                                    session_config=session, log_step_count_steps=None)
    params = {'optimizer': optimizer, 'average': average}
    tf.estimator.Estimator(model_fn, config=config, params=params, warm_start_from=start).train(
        input_fn, steps=4, hooks=[*hooks, copies])
    return copies


@pytest.mark.parametrize(('optimizer', 'average'), [('momentum', False), ('adam', AVERAGES)])
def test_two_replicas(tmp_path: Any, optimizer: str, average: bool) -> None:
    """Both copies of variables, slots and averages; both begin where the checkpoint ends."""
    params = {'optimizer': 'adam', 'average': False}
    first = tf.estimator.Estimator(model_fn, str(tmp_path / 'first'), params=params)
    first.train(input_fn, steps=3)
    start = warm_start_from(first.latest_checkpoint())
    held = train(tmp_path / 'held', start, optimizer, average, HoldZeros(ZEROS))
    for name, axes in ZEROS.items():
        trained = first.get_variable_value(name)
        for axis, indices in axes.items():
            np.moveaxis(trained, axis, 0)[indices] = 0
        for suffix in ('', '/replica_1'):
            np.testing.assert_array_equal(held.first[name + suffix], trained, name + suffix)
    entries = pruned_slices(held.last, ZEROS)
    assert not [name for name, each in entries.items() if np.any(each)]
    slots = {'momentum': 1, 'adam': 2}[optimizer]
    assert len(entries) == 2 * len(ZEROS) * (1 + slots + average)
    loose = pruned_slices(train(tmp_path / 'loose', start, optimizer, average).last, ZEROS)
    assert all(np.all(each) for each in loose.values())
