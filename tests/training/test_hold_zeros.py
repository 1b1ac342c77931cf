"""Zeros stay exactly zero, in variables and averages, whatever updates them; misuse is refused."""

from typing import Any, Dict, List

import numpy as np
import pytest

from tests.builders import save_training, training_feeds
from tests.plain import new_session, train_step
from tests.surgery import channels_of, load
from tests.training.held import ZEROS, network, pruned_slices, train
from tf1pruning.choice import choose
from tf1pruning.errors import NameNotFoundError, OptionError, UnsupportedError
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.values import Held, Taken
from tf1pruning.passes.soft_prune import zeros_of
from tf1pruning.passes.strip import strip
from tf1pruning.plan import pruned_slices as pruned_slices_of
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.training import HoldZeros


@pytest.fixture(autouse=True)
def _seed(_default_graph: tf.Graph) -> None:
    tf.set_random_seed(3)


def test_kept_entries_train_as_without_the_hook() -> None:
    """Variables without zeros, and steps of those with none pruned, are the same to the last bit."""
    results = []
    for hooks in ([], [HoldZeros({'net/unused': {0: [0]}})]):
        with tf.Graph().as_default():
            tf.set_random_seed(3)
            tf.get_variable('net/unused', [2])
            results.append(train(tf.train.AdamOptimizer(0.05).minimize(network()), hooks))
    for name, value in results[0].items():
        if 'unused' not in name:
            np.testing.assert_array_equal(value, results[1][name])


@pytest.mark.parametrize('zeros', [{'net/out': {2: [1, 4]}}, {'net/out/part_0': {2: [1]}, 'net/out/part_2': {2: [0]}}],
                         ids=['whole', 'parts'])
def test_partitioned_variable(zeros: Dict[str, Dict[int, List[int]]]) -> None:
    """Indices are spread over the partitions of a variable; partitions may also be named one by one."""
    values = train(tf.train.AdamOptimizer(0.05).minimize(network(partitions=3)), [HoldZeros(zeros)], warmup=0)
    for suffix in ('', '/Adam', '/Adam_1'):
        whole = np.concatenate([values['net/out/part_%d%s' % (part, suffix)] for part in range(3)], axis=2)
        assert not np.any(whole[:, :, [1, 4]]), suffix
        assert np.all(whole[:, :, [0, 2, 3, 5]]), suffix


@pytest.mark.parametrize('resource', [False, True], ids=['ref', 'resource'])
def test_moving_averages_are_held(resource: bool) -> None:
    """Moving averages of the named variables are held too, though the zeros do not name them."""
    loss = network(resource)
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    with tf.control_dependencies([step]):
        train_op = tf.train.ExponentialMovingAverage(0.5).apply(tf.trainable_variables())
    entries = pruned_slices(train(train_op, [HoldZeros(ZEROS)]))
    assert not any(np.any(each) for each in entries.values())
    assert sum(name.endswith('/ExponentialMovingAverage') for name in entries) == len(ZEROS)


def test_hand_written_optimizer() -> None:
    """An optimizer that assigns (as BERT's does) is an update; the initialiser, an assignment as well, is not."""
    loss = network()
    updates = [tf.assign(each, each - 0.1 * gradient - 0.01 * each) for each, gradient in
               zip(tf.trainable_variables(), tf.gradients(loss, tf.trainable_variables()))]
    values = train(tf.group(*updates), [HoldZeros(ZEROS)])
    assert not any(np.any(entries) for entries in pruned_slices(values).values())
    assert np.any(values['net/kernel'])


def test_update_that_nothing_waits_for() -> None:
    """A train op that is the bare update itself is masked as well."""
    tf.get_variable('bare', [3], initializer=tf.ones_initializer())
    train_op = tf.assign_sub(tf.trainable_variables()[0], [0.1, 0.1, 0.1])
    values = train(train_op, [HoldZeros({'bare': {0: [2]}})], steps=3, warmup=0)
    np.testing.assert_allclose(values['bare'], [0.7, 0.7, 0], rtol=1e-6)
    assert values['bare'][2] == 0


def test_masks_run_no_other_train_op() -> None:
    """With two train ops on the same variables, running one does not run the other."""
    first, second = tf.get_variable('first', [2]), tf.get_variable('second', [2])
    with tf.control_dependencies([tf.assign_add(first, [1., 1.])]):
        train_first = tf.no_op()
    with tf.control_dependencies([tf.assign_add(first, [8., 8.]), tf.assign_add(second, [8., 8.])]):
        tf.no_op(name='train_both')
    with tf.train.MonitoredSession(hooks=[HoldZeros({'first': {0: [1]}, 'second': {0: [1]}})]) as session:
        initial = session.run({'first': first, 'second': second})
        session.run(train_first)
        final = session.run({'first': first, 'second': second})
    np.testing.assert_allclose(final['first'], [initial['first'][0] + 1, 0], rtol=1e-6)
    np.testing.assert_array_equal(final['second'], initial['second'])


def test_gradient_accumulation_in_a_cond() -> None:
    """An update that runs every second step is masked when it runs, and the train op works when it does not."""
    counter = tf.get_variable('counter', [], tf.int32, tf.zeros_initializer(), trainable=False)
    gradients = tf.train.AdamOptimizer(0.05)
    pairs = gradients.compute_gradients(network())
    with tf.control_dependencies([tf.assign_add(counter, 1)]):
        train_op = tf.cond(tf.equal(counter % 2, 0), lambda: gradients.apply_gradients(pairs), tf.no_op)
    values = train(train_op, [HoldZeros(ZEROS)], steps=4)
    assert not any(np.any(entries) for entries in pruned_slices(values).values())
    assert values['counter'] == 6


def test_update_in_a_while_loop_is_refused() -> None:
    """Where the hook cannot follow it says so, instead of training without masks."""
    kernel = tf.get_variable('kernel', [2])

    def body(step: tf.Tensor) -> List[tf.Tensor]:
        with tf.control_dependencies([tf.assign_add(kernel, [1., 1.])]):
            return [step + 1]
    tf.while_loop(lambda step: step < 3, body, [tf.constant(0)])
    with pytest.raises(UnsupportedError, match='kernel.*hold_zeros_op'):
        HoldZeros({'kernel': {0: [1]}}).begin()


def test_unknown_variable_names_the_closest() -> None:
    """A name the graph lacks is an error that names its neighbour."""
    network()
    with pytest.raises(NameNotFoundError, match='net/kernels.*closest.*net/kernel'):
        HoldZeros({'net/kernels': {3: [0]}}).begin()


@pytest.mark.parametrize('axes', [{3: [6]}, {4: [0]}, {3: [-1]}], ids=['index', 'axis', 'negative'])
def test_axes_and_indices_must_exist(axes: Dict[int, List[int]]) -> None:
    """Zeros of another model are refused."""
    network()
    with pytest.raises(OptionError, match='net/kernel'):
        HoldZeros({'net/kernel': axes}).begin()


def test_masks_are_small() -> None:
    """Nothing of a variable's size is written into the graph, which estimators save as text."""
    tf.train.AdamOptimizer(0.05).minimize(network())
    before = set(tf.get_default_graph().get_operations())
    HoldZeros(ZEROS).begin()
    added = [op for op in tf.get_default_graph().get_operations() if op not in before and op.type == 'Const']
    assert added
    assert all(np.prod(op.outputs[0].shape.as_list()) <= 6 for op in added)


@pytest.mark.parametrize('resource', [False, True], ids=['ref', 'resource'])
def test_graph_with_masks_strips_and_trains_on(tmp_path: Any, resource: bool) -> None:
    """A training graph saved with its masks is stripped; the next step is that of the held network, and holds none."""
    saved = save_training(tmp_path, 'momentum', use_resource=resource)
    channels = channels_of(saved)
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=2), 'l1')
    hook, saver = HoldZeros(zeros_of(channels, plan)), tf.train.import_meta_graph(saved.prefix + '.meta')
    hook.begin()
    with new_session() as session:
        saver.restore(session, saved.prefix)
        hook.after_create_session(session, None)
        session.run('train_op', training_feeds(7))
        prefix = tf.train.Saver().save(session, str(tmp_path / 'held.ckpt'))
        losses = [session.run(tf.get_collection('losses')[0], training_feeds(8))]
        session.run('train_op', training_feeds(8))
        held = session.run({each.op.name: each for each in tf.trainable_variables()})
    stripped = strip(load(saved._replace(prefix=prefix)), channels, plan)
    (tmp_path / 'stripped').mkdir()
    loss, values = train_step(save_checkpoint(stripped, str(tmp_path / 'stripped')), training_feeds(8), str(tmp_path))
    np.testing.assert_allclose(loss, losses[0], rtol=1e-5)
    gone = pruned_slices_of(channels, plan)
    for name, value in held.items():
        kept = {axis: np.delete(np.arange(value.shape[axis]), each) for axis, each in gone.get(name, {}).items()}
        np.testing.assert_allclose(values[name], Taken(Held(value), kept).array(), rtol=1e-4, atol=1e-6)
        assert np.all(values[name].any(axis=tuple(range(value.ndim - 1))))


def model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str) -> tf.estimator.EstimatorSpec:
    """A dense network with batch norm and Adam; it knows nothing of pruning."""
    hidden = tf.layers.batch_normalization(tf.layers.dense(features, 6, name='dense'), training=True, name='norm')
    loss = tf.losses.mean_squared_error(labels, tf.layers.dense(tf.nn.relu(hidden), 1, name='out'))
    optimizer = tf.train.AdamOptimizer(0.01)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train_op = optimizer.minimize(loss, tf.train.get_or_create_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn() -> tf.data.Dataset:
    """Eight examples, again and again."""
    features = np.random.RandomState(0).normal(size=[8, 4]).astype(np.float32)
    return tf.data.Dataset.from_tensors((features, features.sum(1, keepdims=True))).repeat()


@pytest.mark.parametrize('keep_slots', [False, True], ids=['fresh slots', 'restored slots'])
def test_estimator_warm_start(tmp_path: Any, keep_slots: bool) -> None:
    """An unmodified estimator, warm-started: every checkpoint it writes holds the zeros, slots included."""
    from tf1pruning.training import warm_start_from
    first = tf.estimator.Estimator(model_fn, str(tmp_path / 'first'))
    first.train(input_fn, steps=5)
    start: Any = warm_start_from(first.latest_checkpoint())
    if keep_slots:
        start = tf.estimator.WarmStartSettings(first.latest_checkpoint(), ['.*'])
    zeros = {'dense/kernel': {1: [0, 5]}, 'dense/bias': {0: [0, 5]}, 'norm/gamma': {0: [0, 5]},
             'norm/beta': {0: [0, 5]}, 'out/kernel': {0: [0, 5]}}
    config = tf.estimator.RunConfig(save_checkpoints_steps=2, keep_checkpoint_max=9)
    second = tf.estimator.Estimator(model_fn, str(tmp_path / 'second'), config, warm_start_from=start)
    second.train(input_fn, steps=4, hooks=[HoldZeros(zeros)])
    checkpoints = tf.train.get_checkpoint_state(second.model_dir).all_model_checkpoint_paths
    for path in checkpoints[1:]:
        values = {name: tf.train.load_variable(path, name) for name, _ in tf.train.list_variables(path)}
        assert not any(np.any(entries) for entries in pruned_slices(values, zeros).values())
    step = values['global_step']
    assert step == (9 if keep_slots else 4)
    assert not np.array_equal(values['norm/moving_mean'], np.zeros(6))
