"""Channels go to zero while the loss falls, by the proximal formulas, in the very step that trains."""

from typing import Any, Callable, Dict, List

import numpy as np
import pytest

from tests.training.classifier import NETWORK, Watch, run_steps, train
from tests.training.held import plainly
from tf1pruning.channels import analyse
from tf1pruning.errors import OptionError
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import plan_from_channels
from tf1pruning.tf1 import tf
from tf1pruning.training import GroupLasso, Network, NetworkSlimming, Strength
from tf1pruning.verify import verify

RATE = 0.1
SMALL = Network('output', {'rows': 'rows'})


def zero_channels(prefix: str) -> Any:
    """A training checkpoint, its analysis, and the plan of the channels whose filters are zero, one per group kept."""
    model = load_checkpoint(prefix, NETWORK.outputs, NETWORK.inputs)
    channels = analyse(to_inference(model))
    chosen: Dict[str, List[int]] = {}
    for group in channels.groups:
        name, axis = group.anchor
        others = tuple(other for other in range(len(channels.axes[name])) if other != axis)
        chosen[group.name] = np.flatnonzero(~channels.model.value(name).any(axis=others)).tolist()
    return model, channels, plan_from_channels(channels, chosen)


def test_channels_vanish_whole_while_the_loss_falls(tmp_path: Any) -> None:
    """Many channels are exactly zero, the others far from it; strip takes them without a change of the output."""
    watch = Watch()
    lasso = GroupLasso(NETWORK, Strength(0.03, grow_steps=75), emphasis=16)
    model, channels, plan = zero_channels(train(tmp_path / 'run', 150, [lasso, watch]))
    assert watch.losses[-1] < 0.2 * watch.losses[0]
    kernels = [channels.model.value(group.anchor[0]) for group in channels.groups]
    norms = np.concatenate([np.sqrt(np.square(each).sum(axis=(0, 1, 2))) for each in kernels])
    assert plan.pruned_count == np.count_nonzero(norms == 0) >= 20
    assert np.median(norms[norms > 0]) > 0.2
    stripped = strip(model, channels, plan)
    verify(channels.model, to_inference(stripped))


def test_a_stripped_graph_trains_on(tmp_path: Any) -> None:
    """The saved graph holds the steps of the regulariser; stripped, with its slots, it runs them no more."""
    lasso = GroupLasso(NETWORK, Strength(0.05), emphasis=16)
    model, channels, plan = zero_channels(train(tmp_path / 'run', 60, [lasso]))
    assert plan.pruned_count
    (tmp_path / 'stripped').mkdir()
    prefix = save_checkpoint(strip(model, channels, plan), str(tmp_path / 'stripped'))
    saver = tf.train.import_meta_graph(prefix + '.meta')
    with tf.Session(config=plainly()) as session:
        saver.restore(session, prefix)
        graph = tf.get_default_graph()
        session.run([op for op in graph.get_operations() if op.type in ('MakeIterator', 'DatasetToGraph')])
        before = session.run(tf.trainable_variables())
        session.run(graph.get_operation_by_name('Momentum'))
        after = session.run(tf.trainable_variables())
    assert all(np.all(np.isfinite(each)) for each in after)
    assert any(not np.array_equal(first, second) for first, second in zip(before, after))


def small(optimizer: Callable[[tf.Tensor], tf.Operation]) -> Any:
    """Two matrix products with four channels between them; the train op and the loss of fixed rows."""
    rows = tf.placeholder_with_default(np.random.RandomState(1).normal(size=[6, 3]).astype(np.float32), [6, 3], 'rows')
    first, bias = tf.get_variable('first', [3, 4]), tf.get_variable('bias', [4], initializer=tf.ones_initializer())
    second = tf.get_variable('second', [4, 2])
    output = tf.matmul(tf.nn.relu(tf.matmul(rows, first) + bias), second, name='output')
    loss = tf.reduce_mean(tf.square(output - 1))
    return optimizer(loss), loss


def sgd(loss: tf.Tensor) -> tf.Operation:
    """Plain gradient descent."""
    return tf.train.GradientDescentOptimizer(RATE).minimize(loss, tf.train.get_or_create_global_step())


def run(train_op: Any, hooks: List[tf.train.SessionRunHook], steps: int = 1) -> Any:
    """Values before and after some steps."""
    tf.set_random_seed(2)
    with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(config=plainly()), hooks=hooks) as session:
        variables = {each.op.name: each for each in tf.global_variables()}
        before = session.run(variables)
        for _ in range(steps):
            session.run(train_op)
        return before, session.run(variables)


def block_soft_threshold(values: Dict[str, np.ndarray], coefficient: float, emphasis: float) -> Dict[str, np.ndarray]:
    """The formula, in NumPy: four channels of 3 + 1 + 2 weights."""
    norms = np.sqrt(np.square(values['first']).sum(0) + np.square(values['bias']) + np.square(values['second']).sum(1))
    pull = RATE * coefficient * np.sqrt(6) * emphasis ** ((norms.max() - norms) / (norms.max() - norms.min()))
    factors = np.maximum(0, 1 - pull / norms)
    return {'first': values['first'] * factors, 'bias': values['bias'] * factors,
            'second': values['second'] * factors[:, None]}


@pytest.mark.parametrize('emphasis', [1.0, 16.0])
@pytest.mark.parametrize('resource', [False, True], ids=['ref', 'resource'])
def test_group_lasso_is_the_proximal_step_after_the_update(resource: bool, emphasis: float) -> None:
    """One step with the hook is one step without it, and then the block soft threshold."""
    results = []
    for hooks in ([], [GroupLasso(SMALL, Strength(0.8), emphasis=emphasis)]):
        with tf.Graph().as_default(), tf.variable_scope('', use_resource=resource):
            tf.set_random_seed(2)
            results.append(run(small(sgd)[0], hooks)[1])
    expected = block_soft_threshold(results[0], 0.8, emphasis)
    assert (expected['bias'] == 0).any() == (emphasis > 1)
    for name, value in expected.items():
        np.testing.assert_allclose(results[1][name], value, rtol=1e-5, atol=1e-7)


def test_the_coefficient_grows() -> None:
    """Until its first step λ is zero, then it grows in proportion, and stays; norms say how large it is."""
    tf.set_random_seed(2)
    lasso = GroupLasso(SMALL, Strength(0.01, grow_steps=4, start_step=3, learning_rate=1.0))
    train_op, _ = small(lambda loss: tf.train.GradientDescentOptimizer(0.0).minimize(
        loss, tf.train.get_or_create_global_step()))
    norms = []
    with tf.train.MonitoredSession(hooks=[lasso]) as session:
        for _ in range(10):
            values = dict(zip(('first', 'bias', 'second'), session.run(tf.trainable_variables())))
            norms.append(np.sqrt(np.square(values['first']).sum(0) + np.square(values['bias'])
                                 + np.square(values['second']).sum(1)))
            session.run(train_op)
    found = -np.diff(norms, axis=0).mean(axis=1) / np.sqrt(6) / 0.01
    np.testing.assert_allclose(found[:2], 0, atol=1e-3)
    assert np.all(np.diff(found) > -1e-3)
    assert 0.2 < found[4] < 0.55
    np.testing.assert_allclose(found[7:], 1, rtol=1e-2)


def test_slimming_is_the_soft_threshold_of_the_scales() -> None:
    """One step with the hook is one step without it, then sign(γ) · max(0, |γ| − ηλ); nothing else moves."""
    values = []
    for hooks in ([], [NetworkSlimming(NETWORK, Strength(0.4))]):
        watch = Watch()
        run_steps(1, hooks + [watch])
        values.append(watch.values[0])
    for name, plain in values[0].items():
        scale = name.endswith('gamma')
        expected = np.sign(plain) * np.maximum(np.abs(plain) - 0.05 * 0.4, 0) if scale else plain
        np.testing.assert_allclose(values[1][name], expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_slimming_makes_scales_zero() -> None:
    """Some γ are exactly zero, others are not, and the loss falls."""
    watch = Watch()
    run_steps(120, [NetworkSlimming(NETWORK, Strength(0.2)), watch])
    scales = np.concatenate([value for name, value in watch.values[-1].items() if name.endswith('gamma')])
    assert 10 < np.count_nonzero(scales == 0) < scales.size - 10
    assert watch.losses[-1] < 0.3 * watch.losses[0]


def test_variables_that_are_not_trained_take_no_part() -> None:
    """A frozen kernel keeps its values; the rest of its channels shrinks."""
    train_op, _ = small(lambda loss: tf.train.GradientDescentOptimizer(0.0).minimize(
        loss, var_list=[each for each in tf.trainable_variables() if each.op.name != 'first']))
    before, after = run(train_op, [GroupLasso(SMALL, Strength(1.0, learning_rate=0.01))])
    np.testing.assert_array_equal(before['first'], after['first'])
    assert np.all(np.abs(after['second']) < np.abs(before['second']))


def test_two_optimizers_in_a_chain_are_one_step() -> None:
    """The second optimizer waits for the first: the step comes once, after both."""
    def chained(loss: tf.Tensor) -> tf.Operation:
        first, bias, second = tf.trainable_variables()
        with tf.control_dependencies([tf.train.GradientDescentOptimizer(RATE).minimize(loss, var_list=[first, bias])]):
            return tf.train.GradientDescentOptimizer(RATE).minimize(loss, var_list=[second])
    results = []
    for hooks in ([], [GroupLasso(SMALL, Strength(0.8, learning_rate=RATE))]):
        with tf.Graph().as_default(), tf.variable_scope('', use_resource=True):
            tf.set_random_seed(2)
            results.append(run(small(chained)[0], hooks)[1])
    for name, value in block_soft_threshold(results[0], 0.8, 1.0).items():
        np.testing.assert_allclose(results[1][name], value, rtol=1e-5, atol=1e-7)


def test_an_update_in_a_cond_brings_its_step_along() -> None:
    """Gradients applied every second step: weights shrink then, and rest in between."""
    counter = tf.get_variable('counter', [], tf.int32, tf.zeros_initializer(), trainable=False)

    def every_second(loss: tf.Tensor) -> tf.Operation:
        optimizer = tf.train.GradientDescentOptimizer(0.0)
        pairs = optimizer.compute_gradients(loss)
        with tf.control_dependencies([tf.assign_add(counter, 1)]):
            return tf.cond(tf.equal(counter % 2, 0), lambda: optimizer.apply_gradients(pairs), tf.no_op)
    train_op, _ = small(every_second)
    with tf.train.MonitoredSession(hooks=[GroupLasso(SMALL, Strength(1.0, learning_rate=0.01))]) as session:
        sizes = []
        for _ in range(4):
            session.run(train_op)
            sizes.append(float(np.abs(session.run(tf.trainable_variables()[0])).sum()))
    assert sizes[0] > sizes[1] == sizes[2] > sizes[3]


def test_learning_rate_must_be_known() -> None:
    """A hand-written optimizer names none; two optimizers name two."""
    def by_hand(loss: tf.Tensor) -> tf.Operation:
        variables = tf.trainable_variables()
        return tf.group(*[tf.assign_sub(each, 0.1 * slope) for each, slope in zip(variables,
                                                                                  tf.gradients(loss, variables))])
    small(by_hand)
    with pytest.raises(OptionError, match='no learning rate: give'):
        GroupLasso(SMALL, Strength(0.1)).begin()
    GroupLasso(SMALL, Strength(0.1, learning_rate=0.1)).begin()


@pytest.mark.parametrize(('make', 'match'), [
    (lambda: GroupLasso(SMALL, Strength(-1.0)), 'coefficient -1 is negative'),
    (lambda: GroupLasso(SMALL, Strength(1.0), emphasis=0.5), 'emphasis 0.5'),
    (lambda: small(sgd) and NetworkSlimming(SMALL, Strength(1.0)).begin(), 'nothing to regularise.*scale'),
    (lambda: small(lambda loss: tf.train.GradientDescentOptimizer(0.1).minimize(loss)) and GroupLasso(
        SMALL, Strength(1.0, grow_steps=5)).begin(), 'no global step'),
], ids=['coefficient', 'emphasis', 'no scales', 'no step'])
def test_mistakes(make: Callable[[], Any], match: str) -> None:
    """Numbers out of range, and graphs that lack what the regulariser needs."""
    with pytest.raises(OptionError, match=match):
        make()
