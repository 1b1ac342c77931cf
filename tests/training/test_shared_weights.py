"""Which weights share values is found, kept through interruptions, and refused where it cannot be."""

from typing import Any, Dict, List, Optional

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.clustering import Clustered, ClusterSelection, shared_values
from tf1pruning.errors import ModelError, NameNotFoundError, OptionError, UnsupportedError
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.frozen import freeze
from tf1pruning.network import Network
from tf1pruning.passes.share_weights import share_weights
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.training import HoldZeros, SharedWeights, clusters_of, warm_start_from
from tf1pruning.verify import TOLERANCE, difference_of
from tf1pruning.weights import weight_tensors

from .held import plainly, train
from .test_shared_weights_optimizers import CLUSTERED, KERNEL, network, require_shared


@pytest.fixture(autouse=True)
def _seed(_default_graph: tf.Graph) -> None:
    tf.set_random_seed(3)


def model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str) -> tf.estimator.EstimatorSpec:
    """A convolutional network as anybody writes it; TensorFlow's optimizers have no other slots than Adam's."""
    x = tf.layers.conv2d(features, 6, 3, 2, activation=tf.nn.relu, name='first')
    x = tf.layers.flatten(x)
    logits = tf.identity(tf.layers.dense(x, 10, name='second'), 'logits')
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_or_create_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def batches(skip: int) -> tf.data.Dataset:
    """The same images from wherever training goes on."""
    random = np.random.RandomState(0)
    images, labels = random.uniform(size=(96, 9, 9, 1)).astype(np.float32), random.randint(0, 10, 96)
    return tf.data.Dataset.from_tensor_slices((images, labels)).repeat().skip(8 * skip).batch(8, True)


def estimate(folder: Any, steps: int, done: int, start: Optional[str],
             hooks: List[tf.train.SessionRunHook]) -> str:
    config = tf.estimator.RunConfig(str(folder), tf_random_seed=1, session_config=plainly(), save_checkpoints_steps=3)
    settings = warm_start_from(start) if start else None
    estimator = tf.estimator.Estimator(model_fn, config=config, warm_start_from=settings)
    estimator.train(lambda: batches(done), max_steps=steps, hooks=hooks)
    return estimator.latest_checkpoint()


NETWORK = Network(['logits'], {'IteratorGetNext:0': ('input', [None, 9, 9, 1])})


def test_killed_and_gone_on_with_it_comes_to_the_same_end(tmp_path: Any) -> None:
    """A whole training with `tf.estimator` from a dense network; the result is a plain checkpoint."""
    dense = NETWORK.load(estimate(tmp_path / 'dense', 3, 0, None, []))
    made = share_weights(dense, ClusterSelection(5))
    (tmp_path / 'start').mkdir()
    start = save_checkpoint(made.model, str(tmp_path / 'start'))

    def hooks() -> List[tf.train.SessionRunHook]:
        return [SharedWeights(clusters_of(NETWORK.load(start), 5))]
    whole = estimate(tmp_path / 'whole', 6, 0, start, hooks())
    estimate(tmp_path / 'parts', 3, 0, start, hooks())
    parts = estimate(tmp_path / 'parts', 6, 3, start, hooks())
    first, second = plain.values_of(whole), plain.values_of(parts)
    assert set(first) == set(second) == set(plain.values_of(start))
    for name, value in first.items():
        assert value.tobytes() == second[name].tobytes(), name
    for name, clustered in made.clusters.items():
        moved = require_shared(first[name], clustered, zeros=False)
        assert np.all(moved != clustered.codebook)
    assert set(clusters_of(NETWORK.load(whole), 5)) == set(made.clusters)
    require_plain(whole, tmp_path)


def require_plain(prefix: str, folder: Any) -> None:
    """Checks that the tool takes a checkpoint, and TensorFlow its graph: without the hook weights are alone again."""
    model = to_inference(NETWORK.load(prefix))
    assert 'shared_weights' not in ' '.join(model.view.nodes)
    assert difference_of(model, freeze(model)).relative <= TOLERANCE
    with tf.Graph().as_default(), plain.new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        saver.restore(session, prefix)
        session.run(tf.tables_initializer())
        train_op, = tf.get_collection(tf.GraphKeys.TRAIN_OP)
        images = np.random.RandomState(1).uniform(size=(8, 9, 9, 1)).astype(np.float32)
        session.run(train_op, {'IteratorGetNext:0': images, 'IteratorGetNext:1': np.arange(8)})
        assert np.unique(session.run('first/kernel:0')).size > 5


@pytest.mark.parametrize('shared', [True, False])
def test_a_start_elsewhere_is_warned_of(caplog: Any, shared: bool) -> None:
    """Random weights, for instance, would become their clusters' means, which are nearly zero."""
    loss = network(values=CLUSTERED.values() if shared else KERNEL)
    train(tf.train.AdamOptimizer(0.05).minimize(loss), [SharedWeights({'kernel': CLUSTERED})], steps=1, warmup=0)
    assert ('kernel begins with other values than shared ones' in caplog.text) is not shared


def test_zeros_of_channels_are_held_beside_it() -> None:
    """Two hooks, one gradient."""
    values = CLUSTERED.values().copy()
    values[..., 2] = 0
    clustered = shared_values(values, 8)
    hooks = [HoldZeros({'kernel': {3: [2]}}), SharedWeights({'kernel': clustered})]
    kernel = train(tf.train.AdamOptimizer(0.05).minimize(network(values=values)), hooks)['kernel']
    assert not np.any(kernel[..., 2])
    require_shared(kernel, clustered)


def test_variables_that_share_nothing_train_as_without_the_hook() -> None:
    """To the last bit."""
    results = []
    for hooks in ([], [SharedWeights({'other': shared_values(np.arange(9, dtype=np.float32), 3)})]):
        with tf.Graph().as_default():
            tf.get_variable('other', [9])
            results.append(train(tf.train.AdamOptimizer(0.05).minimize(network(values=KERNEL)), hooks))
    assert results[0]['kernel'].tobytes() == results[1]['kernel'].tobytes()


def test_only_tensors_that_share_are_found(tmp_path: Any) -> None:
    """Unless others are named: then they must."""
    model = load(builders.save_network('expanded', tmp_path))
    names = list(weight_tensors(model))
    made = share_weights(model, ClusterSelection(8, exclude=(names[0],)))
    found = clusters_of(made.model, 8)
    assert set(found) == set(names[1:])
    for name, clustered in found.items():
        assert np.array_equal(clustered.values(), made.model.value(name))
    assert set(clusters_of(made.model, 8, names[1:2])) == set(names[1:2])
    with pytest.raises(ModelError, match='%s has .* values in .*, not up to 8: cluster it first' % names[0]):
        clusters_of(made.model, 8, names)
    with pytest.raises(ModelError, match='no weight tensor of .* has up to 4 values'):
        clusters_of(made.model, 4)
    with pytest.raises(NameNotFoundError, match='closest: %s' % names[1]):
        clusters_of(made.model, 8, [names[1] + 's'])
    with pytest.raises(ModelError, match='is frozen, it has no variables to train'):
        clusters_of(freeze(to_inference(made.model)), 8)


@pytest.mark.parametrize(('shared', 'error', 'message'), [
    ({'kernl': CLUSTERED}, NameNotFoundError, 'closest: kernel, .*; its values cannot be shared in this graph'),
    ({'kernel': shared_values(KERNEL[0], 4)}, OptionError, r'has the shape \[3, 3, 3, 7\] in this graph')])
def test_what_does_not_fit_the_graph_is_refused(shared: Dict[str, Clustered], error: Any, message: str) -> None:
    """When training begins."""
    train_op = tf.train.AdamOptimizer(0.05).minimize(network())
    with pytest.raises(error, match=message):
        train(train_op, [SharedWeights(shared)], steps=1, warmup=0)


def test_an_unknown_aggregation_is_refused() -> None:
    """At once."""
    with pytest.raises(OptionError, match="no aggregation named 'max'; there are sum, mean"):
        SharedWeights({}, 'max')


def test_an_update_in_a_loop_is_refused() -> None:
    """No hook can follow it."""
    kernel = tf.get_variable('kernel', initializer=CLUSTERED.values())
    loop = tf.while_loop(lambda i: i < 3, lambda i: i + tf.cast(tf.assign_sub(kernel, kernel * 0.1)[0, 0, 0, 0] < 9,
                                                                tf.int32), [0])
    with pytest.raises(UnsupportedError, match='inside a tf.while_loop'):
        train(loop, [SharedWeights({'kernel': CLUSTERED})], steps=1, warmup=0)
