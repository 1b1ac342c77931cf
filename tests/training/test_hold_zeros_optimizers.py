"""Zeros stay exactly zero, in variables and slots, with every optimizer; without the hook they do not."""

from typing import Callable, Dict, List, Tuple

import numpy as np
import pytest

from tests.training.held import ZEROS, network, plainly, pruned_slices, train
from tf1pruning.tf1 import op_definition, tf
from tf1pruning.training import HoldZeros, hold_zeros_op

OPTIMIZERS: Dict[str, Callable[[], tf.train.Optimizer]] = {
    'momentum': lambda: tf.train.MomentumOptimizer(0.05, 0.9),
    'nesterov': lambda: tf.train.MomentumOptimizer(0.05, 0.9, use_nesterov=True),
    'adam': lambda: tf.train.AdamOptimizer(0.05),
    'rmsprop': lambda: tf.train.RMSPropOptimizer(0.05, momentum=0.9),
    'rmsprop-centered': lambda: tf.train.RMSPropOptimizer(0.05, momentum=0.9, centered=True),
    'adagrad': lambda: tf.train.AdagradOptimizer(0.05),
    'adagrad-da': lambda: tf.train.AdagradDAOptimizer(0.05, tf.train.get_or_create_global_step()),
    'adadelta': lambda: tf.train.AdadeltaOptimizer(0.05),
    'ftrl': lambda: tf.train.FtrlOptimizer(0.05),
    'ftrl-l1': lambda: tf.train.FtrlOptimizer(0.05, l1_regularization_strength=0.01,
                                              l2_shrinkage_regularization_strength=0.01),
    'sgd': lambda: tf.train.GradientDescentOptimizer(0.05),
    'proximal-sgd': lambda: tf.train.ProximalGradientDescentOptimizer(0.05),
    'proximal-adagrad': lambda: tf.train.ProximalAdagradOptimizer(0.05),
}
DIVISORS = {'adagrad': '/Adagrad', 'proximal-adagrad': '/ProximalAdagrad', 'ftrl': '/Ftrl', 'ftrl-l1': '/Ftrl',
            'adagrad-da': '/AdagradDA_1'}
"""The slot that is divided by without an epsilon, and so must not be zero."""


Rule = Tuple[str, int, Dict[str, float]]
RULES: Dict[str, Rule] = {
    'ada-max': ('ResourceApplyAdaMax', 2,
                {'beta1_power': 0.9, 'lr': 0.05, 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-7}),
    'amsgrad': ('ResourceApplyAdamWithAmsgrad', 3,
                {'beta1_power': 0.9, 'beta2_power': 0.999, 'lr': 0.05, 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-7}),
    'add-sign': ('ResourceApplyAddSign', 1, {'lr': 0.05, 'alpha': 1.0, 'sign_decay': 1.0, 'beta': 0.9}),
    'power-sign': ('ResourceApplyPowerSign', 1, {'lr': 0.05, 'logbase': 1.0, 'sign_decay': 1.0, 'beta': 0.9}),
    'keras-momentum': ('ResourceApplyKerasMomentum', 1, {'lr': 0.05, 'momentum': 0.9}),
}
"""Operations of optimizers that `tf.train` lacks (Keras, contrib): operation, number of slots, scalars."""


@pytest.fixture(autouse=True)
def _seed(_default_graph: tf.Graph) -> None:
    tf.set_random_seed(3)


@pytest.mark.parametrize('resource', [False, True], ids=['ref', 'resource'])
@pytest.mark.parametrize('name', OPTIMIZERS)
def test_zeros_stay_zero_in_variables_and_slots(name: str, resource: bool) -> None:
    """After training from stale slots, every named slice is exactly zero and nothing is NaN."""
    values = train(OPTIMIZERS[name]().minimize(network(resource)), [HoldZeros(ZEROS)])
    assert all(np.all(np.isfinite(value)) for value in values.values())
    for key, entries in pruned_slices(values).items():
        divisor = key.endswith(DIVISORS.get(name, '/none'))
        assert np.all(entries > 0) if divisor else not np.any(entries), key


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_without_the_hook_zeros_move(name: str) -> None:
    """The control: the same training from zeros, without the hook, moves every one of them."""
    train_op = OPTIMIZERS[name]().minimize(network())
    with tf.Session(config=plainly()) as session:
        session.run(tf.global_variables_initializer())
        session.run(hold_zeros_op(ZEROS, tf.no_op()))
        for _ in range(3):
            session.run(train_op)
        values = session.run({variable.op.name: variable for variable in tf.trainable_variables()})
    assert all(np.any(entries) for entries in pruned_slices(values).values())


@pytest.mark.parametrize('name', ['momentum', 'adam', 'rmsprop', *DIVISORS])
def test_plain_operation_holds_too(name: str) -> None:
    """`hold_zeros_op` in a plain session loop, starting from slots that were zeroed as well."""
    train_op = hold_zeros_op(ZEROS, OPTIMIZERS[name]().minimize(network()))
    with tf.Session(config=plainly()) as session:
        session.run(tf.global_variables_initializer())
        session.run([tf.assign(slot, tf.zeros_like(slot)) for slot in tf.global_variables() if slot.shape.rank])
        for _ in range(3):
            session.run(train_op)
        values = session.run({variable.op.name: variable for variable in tf.trainable_variables()})
    assert not any(np.any(entries) for entries in pruned_slices(values).values())
    assert all(np.all(np.isfinite(value)) and np.any(value) for value in values.values())


@pytest.mark.parametrize('name', RULES)
def test_operations_of_other_optimizers(name: str) -> None:
    """The same for updates that only Keras and contrib make; slots begin at one, as stale ones may."""
    operation, slots, scalars = RULES[name]
    loss = network(resource=True)
    updates: List[tf.Operation] = []
    for variable, gradient in zip(tf.trainable_variables(), tf.gradients(loss, tf.trainable_variables())):
        own = [tf.get_variable('%s/slot_%d' % (variable.op.name, number), initializer=tf.ones(variable.shape),
                               use_resource=True, trainable=False) for number in range(slots)]
        taken = [each.name for each in op_definition(operation).input_arg][1:slots + 1]
        updates.append(getattr(tf.raw_ops, operation)(var=variable.handle, grad=gradient, **scalars,
                                                      **dict(zip(taken, (each.handle for each in own)))))
    values = train(tf.group(*updates), [HoldZeros(ZEROS)], warmup=0)
    entries = pruned_slices(values)
    assert len(entries) == len(ZEROS) * (1 + slots)
    assert not any(np.any(each) for each in entries.values())
    assert all(np.all(np.isfinite(value)) for value in values.values())


@pytest.mark.parametrize('anchor', [0.0, 1.0], ids=['to zero', 'to one'])
def test_decoupled_weight_decay(anchor: float) -> None:
    """AdamW: weights decay beside the optimizer, toward zero or (as in fine-tuning) toward where they began."""
    loss = network()
    decays = [tf.assign_sub(each, 0.01 * (each - anchor)) for each in tf.trainable_variables()]
    with tf.control_dependencies(decays):
        train_op = tf.train.AdamOptimizer(0.05).minimize(loss)
    values = train(train_op, [HoldZeros(ZEROS)])
    assert not any(np.any(entries) for entries in pruned_slices(values).values())
    assert np.any(values['net/kernel'])


def test_gradients_accumulated_in_variables() -> None:
    """A gradient that is the sum over several steps, kept in variables of its own, moves no zero."""
    optimizer = tf.train.MomentumOptimizer(0.05, 0.9)
    pairs = optimizer.compute_gradients(network())
    sums = [tf.get_variable('sum_%d' % number, initializer=tf.zeros(variable.shape), trainable=False)
            for number, (_, variable) in enumerate(pairs)]
    added = [tf.assign_add(total, gradient) for total, (gradient, _) in zip(sums, pairs)]
    with tf.control_dependencies([optimizer.apply_gradients(zip(added, [variable for _, variable in pairs]))]):
        train_op = tf.group(*[tf.assign(total, tf.zeros_like(total)) for total in sums])
    values = train(train_op, [HoldZeros(ZEROS)])
    assert not any(np.any(entries) for entries in pruned_slices(values).values())
    assert np.any(values['net/kernel/Momentum'])


@pytest.mark.parametrize('name', ['adam', 'momentum', 'adagrad', 'ftrl', 'sgd'])
def test_sparse_gradients(name: str) -> None:
    """An embedding's rows are updated alone; its zero columns stay zero."""
    table = tf.get_variable('table', [9, 4])
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, [1, 3, 3]) - 1))
    values = train(OPTIMIZERS[name]().minimize(loss), [HoldZeros({'table': {1: [0, 2]}})])
    assert not np.any(values['table'][:, [0, 2]])
    assert np.all(values['table'][[1, 3]][:, [1, 3]])


@pytest.mark.parametrize('resource', [False, True], ids=['ref', 'resource'])
@pytest.mark.parametrize('debias', [False, True], ids=['plain', 'debiased'])
def test_shadows_of_moving_averages(resource: bool, debias: bool) -> None:
    """Shadows that began at other values, with a decay that grows with the step and with the bias taken out."""
    loss = network(resource)
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(0.99, None if debias else step, zero_debias=debias)
    with tf.control_dependencies([tf.train.AdamOptimizer(0.05).minimize(loss, step)]):
        train_op = average.apply(tf.trainable_variables())
    entries = pruned_slices(train(train_op, [HoldZeros(ZEROS)], steps=3))
    shadows = [each for name, each in entries.items() if name.endswith('/ExponentialMovingAverage')]
    assert len(shadows) == len(ZEROS)
    assert not any(np.any(each) for each in shadows)
