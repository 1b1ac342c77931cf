"""Weights that share a value stay equal to the last bit and move as a centroid would, with every optimizer."""

from typing import Any, Dict, List

import numpy as np
import pytest

from tests.training.held import plainly, train
from tests.training.test_hold_zeros_optimizers import OPTIMIZERS, RULES
from tf1pruning.clustering import Clustered, shared_values
from tf1pruning.tf1 import op_definition, tf
from tf1pruning.training import SharedWeights

RANDOM = np.random.RandomState(0)
KERNEL = RANDOM.normal(0, 0.3, [3, 3, 3, 7]).astype(np.float32)
KERNEL[RANDOM.uniform(size=KERNEL.shape) < 0.3] = 0
CLUSTERED = shared_values(KERNEL, 6)


@pytest.fixture(autouse=True)
def _seed(_default_graph: tf.Graph) -> None:
    tf.set_random_seed(3)


def loss_of(kernel: tf.Tensor) -> tf.Tensor:
    """A convolution on the same images at every step, with weight decay toward something else than zero."""
    images = tf.constant(np.random.RandomState(5).normal(size=[4, 5, 5, 3]).astype(np.float32))
    result = tf.nn.conv2d(images, kernel, 1, 'SAME')
    return tf.reduce_mean(tf.square(tf.sigmoid(result) - 0.3)) + 1e-3 * tf.reduce_sum(tf.square(kernel - 0.2))


def network(resource: bool = False, values: np.ndarray = None) -> tf.Tensor:
    kernel = tf.get_variable('kernel', initializer=CLUSTERED.values() if values is None else values,
                             use_resource=resource)
    return loss_of(tf.convert_to_tensor(kernel))


def require_shared(value: np.ndarray, clustered: Clustered = CLUSTERED, zeros: bool = True) -> np.ndarray:
    """Checks that the clusters are as they were, each of one value and the zeros zero; returns the values."""
    found = np.array([np.unique(value[clustered.indices == number]) for number in range(clustered.codebook.size)])
    assert found.shape == (clustered.codebook.size, 1)
    if zeros:
        assert not np.any(found[clustered.codebook == 0])
    return found[:, 0]


@pytest.mark.parametrize(('name', 'resource'), [(name, False) for name in OPTIMIZERS] + [
    (name, True) for name in ('momentum', 'adam', 'rmsprop', 'adagrad')])
def test_members_stay_equal_and_zeros_zero(name: str, resource: bool) -> None:
    """From slots that were not shared; the sizes are odd, so that vector instructions do not fit them."""
    hook = SharedWeights({'kernel': CLUSTERED}, 'mean')
    values = train(OPTIMIZERS[name]().minimize(network(resource)), [hook])
    moved = require_shared(values['kernel'])
    assert np.all(np.isfinite(moved))
    assert np.array_equal(moved != CLUSTERED.codebook, CLUSTERED.codebook != 0)


@pytest.mark.parametrize('name', ['sgd', 'adam'])
def test_without_the_hook_members_part(name: str) -> None:
    """The control."""
    values = train(OPTIMIZERS[name]().minimize(network()), [], warmup=0)
    assert np.unique(values['kernel']).size > 100


@pytest.mark.parametrize(('name', 'aggregation'), [(name, 'sum') for name in (
    'sgd', 'momentum', 'adam', 'rmsprop', 'adadelta')] + [('momentum', 'mean')])
def test_shared_values_train_as_centroids_do(name: str, aggregation: str) -> None:
    """The reference: a variable of six centroids, gathered; its gradient is TensorFlow's own."""
    values = train(OPTIMIZERS[name]().minimize(network()), [SharedWeights({'kernel': CLUSTERED}, aggregation)],
                   warmup=0)
    np.testing.assert_allclose(require_shared(values['kernel']), centroids_of(name, aggregation), rtol=2e-4, atol=1e-6)


def centroids_of(name: str, aggregation: str) -> np.ndarray:
    with tf.Graph().as_default(), tf.Session(config=plainly()) as session:
        centroids = tf.get_variable('centroids', initializer=CLUSTERED.codebook)
        free = centroids * (CLUSTERED.codebook != 0).astype(np.float32)
        loss = loss_of(tf.reshape(tf.gather(free, CLUSTERED.indices.ravel().astype(np.int32)), KERNEL.shape))
        optimizer = OPTIMIZERS[name]()
        (gradient, _), = optimizer.compute_gradients(loss)
        counts = np.bincount(CLUSTERED.indices.ravel()) if aggregation == 'mean' else 1
        train_op = optimizer.apply_gradients([(gradient / counts, centroids)])
        session.run(tf.global_variables_initializer())
        for _ in range(5):
            session.run(train_op)
        return session.run(free)


@pytest.mark.parametrize('name', RULES)
def test_operations_of_other_optimizers(name: str) -> None:
    """Updates that only Keras and contrib make, with slots that differ among members."""
    operation, slots, scalars = RULES[name]
    loss = network(resource=True)
    variable, = tf.trainable_variables()
    own = [tf.get_variable('slot_%d' % number, initializer=tf.random.uniform(variable.shape, 0.5, 1.0),
                           use_resource=True, trainable=False) for number in range(slots)]
    taken = [each.name for each in op_definition(operation).input_arg][1:slots + 1]
    update = getattr(tf.raw_ops, operation)(var=variable.handle, grad=tf.gradients(loss, variable)[0], **scalars,
                                            **dict(zip(taken, (each.handle for each in own))))
    values = train(update, [SharedWeights({'kernel': CLUSTERED}, 'mean')], warmup=0)
    assert np.any(require_shared(values['kernel']) != CLUSTERED.codebook)


def test_decoupled_weight_decay() -> None:
    """AdamW: weights decay beside the optimizer, here toward one."""
    loss = network()
    kernel, = tf.trainable_variables()
    with tf.control_dependencies([tf.assign_sub(kernel, 0.01 * (kernel - 1))]):
        train_op = tf.train.AdamOptimizer(0.05).minimize(loss)
    assert np.any(require_shared(train(train_op, [SharedWeights({'kernel': CLUSTERED})])['kernel']))


def test_an_update_without_a_gradient_moves_by_the_mean() -> None:
    """A hand-written descent."""
    loss = network()
    kernel, = tf.trainable_variables()
    gradient, = tf.gradients(loss, kernel)
    hook = SharedWeights({'kernel': CLUSTERED})
    values = train(tf.assign_sub(kernel, 0.1 * gradient).op, [hook], warmup=0)
    np.testing.assert_allclose(require_shared(values['kernel']), slowly(), rtol=1e-4)


def slowly() -> np.ndarray:
    """Five steps of it, the mean taken in NumPy."""
    with tf.Graph().as_default(), tf.Session(config=plainly()) as session:
        given = tf.placeholder(tf.float32, KERNEL.shape)
        gradient, = tf.gradients(loss_of(given), given)
        centroids = CLUSTERED.codebook.astype(np.float64)
        for _ in range(5):
            step = 0.1 * session.run(gradient, {given: centroids[CLUSTERED.indices]}).astype(np.float64)
            means = [step[CLUSTERED.indices == number].mean() for number in range(centroids.size)]
            centroids = (centroids - means) * (CLUSTERED.codebook != 0)
        return centroids


@pytest.mark.parametrize('name', ['adam', 'sgd'])
def test_sparse_gradients(name: str) -> None:
    """An embedding's rows are updated alone; members in other rows come along."""
    start = RANDOM.normal(size=[9, 5]).astype(np.float32)
    clustered = shared_values(start, 4)
    table = tf.get_variable('table', initializer=clustered.values())
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, [1, 3, 3]) - 1))
    values = train(OPTIMIZERS[name]().minimize(loss), [SharedWeights({'table': clustered})], warmup=0)
    assert np.count_nonzero(require_shared(values['table'], clustered) != clustered.codebook) >= 3


@pytest.mark.parametrize(('resource', 'debias'), [(False, False), (True, False), (False, True)])
def test_shadows_of_moving_averages(resource: bool, debias: bool) -> None:
    """Shadows share values as the weights do, and lag behind them."""
    loss = network(resource)
    step = tf.train.get_or_create_global_step()
    average = tf.train.ExponentialMovingAverage(0.9, None if debias else step, zero_debias=debias)
    with tf.control_dependencies([tf.train.AdamOptimizer(0.05).minimize(loss, step)]):
        train_op = average.apply(tf.trainable_variables())
    values = train(train_op, [SharedWeights({'kernel': CLUSTERED})], warmup=2)
    shadow = require_shared(values['kernel/ExponentialMovingAverage'])
    assert np.any(shadow != require_shared(values['kernel']))


def test_zeros_may_move_too() -> None:
    """Zero is a value like any other if sparsity need not stay."""
    hook = SharedWeights({'kernel': CLUSTERED}, preserve_sparsity=False)
    values = train(tf.train.AdamOptimizer(0.05).minimize(network()), [hook])
    assert np.all(require_shared(values['kernel'], zeros=False))


def test_partitions_have_clusters_of_their_own() -> None:
    """Each partition by its own name."""
    parts: Dict[str, Clustered] = {'kernel/part_%d' % number: shared_values(part, 4) for number, part in enumerate(
        np.split(KERNEL[..., :6], 3, axis=3))}
    partitioner = tf.fixed_size_partitioner(3, axis=3)
    kernel = tf.get_variable('kernel', [3, 3, 3, 6], partitioner=partitioner)
    train_op = tf.train.AdamOptimizer(0.05).minimize(loss_of(tf.convert_to_tensor(kernel)))
    values: Dict[str, Any] = train(train_op, [SharedWeights(parts)])
    found: List[np.ndarray] = [require_shared(values[name], clustered, zeros=False)
                               for name, clustered in parts.items()]
    assert all(each.size == 4 for each in found)
