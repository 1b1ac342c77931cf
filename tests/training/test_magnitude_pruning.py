"""Weights go to zero by a schedule while an unmodified model_fn trains."""

from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest

from tests import plain
from tests.training.classifier import NETWORK, Watch, run_steps, train
from tests.training.held import plainly
from tests.training.test_hold_zeros_replicas import train as train_on_two
from tf1pruning.channels import analyse
from tf1pruning.choice import choose
from tf1pruning.errors import NameNotFoundError, OptionError, UnsupportedError
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.sparsify import sparsify
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.sparsity import SparsitySelection, kept_count, mask_of
from tf1pruning.tf1 import tf
from tf1pruning.training import ConstantSparsity, MagnitudePruning, Network, PolynomialDecay
from tf1pruning.weights import WeightTensor

KERNELS = ('stem/kernel', 'block/expand/kernel', 'block/project/kernel', 'last/kernel', 'logits/kernel')
GRADUAL = PolynomialDecay(2, 9, 3, 0.2, 0.8)
DUE = {2: 0.2, 5: 0.8 - 0.6 * (4 / 7) ** 3, 8: 0.8 - 0.6 * (1 / 7) ** 3, 9: 0.8}


def zeros_after(values: List[Dict[str, np.ndarray]], name: str) -> List[int]:
    """How many weights are zero after each step."""
    return [int((each[name] == 0).sum()) for each in values]


def test_zeros_follow_the_schedule_exactly() -> None:
    """After every single step; slots are zero where the weights are, and masks say where that is."""
    watch = Watch()
    run_steps(12, [MagnitudePruning(NETWORK, GRADUAL), watch])
    kernels = [name for name in watch.values[0] if name in KERNELS]
    assert len(kernels) >= 4
    for name in kernels:
        size, expected, current = watch.values[0][name].size, [], 0.0
        for step in range(1, 13):
            current = DUE.get(step, current)
            expected.append(size - kept_count(size, current))
        assert zeros_after(watch.values, name) == expected
        for each in watch.values:
            assert np.array_equal(each[name] == 0, ~each[name + '/magnitude_mask'])
            assert (each[name + '/Momentum'][each[name] == 0] == 0).all()
    depthwise, = [name for name in watch.values[0] if name.endswith('depthwise_kernel')]
    assert zeros_after(watch.values, depthwise) == [0] * 12
    assert [each['magnitude_pruning/updates'] for each in watch.values] == list(range(1, 13))


def test_the_smallest_weights_go_and_the_others_train_on() -> None:
    """The mask is of the weights as the update left them; before it nothing changes, and what stays moves on."""
    alone = run_small(OPTIMIZERS['adam'], MagnitudePruning(SMALL, ConstantSparsity(100)), 3)
    values = run_small(OPTIMIZERS['adam'], MagnitudePruning(SMALL, ConstantSparsity(3, 3, 1, 0.5)), 4)
    before = alone[2]['first']
    kept = mask_of(before, 'unstructured', 0.5, WeightTensor('first', (5, 8), 'MatMul', 0, 1, ()))
    assert np.array_equal(values[1]['first'], alone[1]['first'])
    assert np.array_equal(values[2]['first'], np.where(kept, before, np.float32(0)))
    moved = values[3]['first'] != values[2]['first']
    assert not moved[~kept].any()
    assert moved[kept].mean() > 0.8


def test_nothing_changes_before_the_first_masks() -> None:
    """Bit for bit, beside a training without the hook."""
    values = run_small(OPTIMIZERS['adam'], MagnitudePruning(SMALL, ConstantSparsity(100)), 4)
    alone = run_small(OPTIMIZERS['adam'], tf.train.SessionRunHook(), 4)
    assert all(np.array_equal(values[3][name], value) for name, value in alone[3].items())


@pytest.mark.slow
def test_killed_and_gone_on_is_as_never_killed(tmp_path: Any) -> None:
    """At any moment: before, at and after new masks; masks and the count are in the checkpoint."""
    def hook() -> MagnitudePruning:
        return MagnitudePruning(SMALL, GRADUAL)
    whole = plain.values_of(train(tmp_path / 'whole', 12, [hook()], fixed_rows_fn))
    for steps in (5, 3, 4):
        last = train(tmp_path / 'pieces', steps, [hook()], fixed_rows_fn)
    pieces = plain.values_of(last)
    assert 'first/magnitude_mask' in whole
    assert set(whole) == set(pieces)
    assert all(np.array_equal(value, pieces[name]) for name, value in whole.items())
    assert (whole['first'] == 0).sum() == 40 - kept_count(40, 0.8)


SMALL = Network('output')


def fixed_rows_fn(features: Any, labels: Any, mode: str) -> tf.estimator.EstimatorSpec:
    """Two matrix products that learn from the same rows in every step."""
    output, _ = small()
    loss = tf.reduce_mean(tf.square(output - 1))
    train_op = tf.train.AdamOptimizer(0.01).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=train_op)


def small(resource: bool = False, partitions: int = 0) -> Tuple[tf.Tensor, List[Any]]:
    """Two matrix products; their output and their weights."""
    rows = tf.constant(np.random.RandomState(1).normal(size=[6, 5]).astype(np.float32))
    partitioner = tf.fixed_size_partitioner(partitions) if partitions else None
    random = np.random.RandomState(2)
    with tf.variable_scope('', use_resource=resource):
        first = tf.get_variable('first', initializer=random.normal(size=[5, 8]).astype(np.float32)
                                ) if not partitions else tf.get_variable('first', [5, 8], partitioner=partitioner)
        second = tf.get_variable('second', initializer=random.normal(size=[8, 2]).astype(np.float32))
    output = tf.matmul(tf.nn.relu(tf.matmul(rows, tf.convert_to_tensor(first))), second, name='output')
    return output, [first, second]


def run_small(make: Callable[[tf.Tensor], Any], hook: tf.train.SessionRunHook, steps: int = 6, **options: Any
              ) -> List[Dict[str, np.ndarray]]:
    """Trains the two products; returns all variables after every step."""
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        tf.train.create_global_step()
        output, _ = small(**options)
        train_op = make(tf.reduce_mean(tf.square(output - 1)))
        found = []
        with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(config=plainly()), [hook]) as session:
            variables = {each.op.name: each for each in tf.global_variables()}
            for _ in range(steps):
                session.run(train_op)
                found.append(session.run(variables))
        return found


def _averaged(loss: tf.Tensor) -> tf.Operation:
    train_op = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, tf.train.get_global_step())
    with tf.control_dependencies([train_op]):
        return tf.train.ExponentialMovingAverage(0.5).apply(tf.trainable_variables())


def _by_hand(loss: tf.Tensor) -> tf.Operation:
    weights = tf.trainable_variables()
    return tf.group(*[tf.assign_sub(each, 0.1 * gradient + 0.01) for each, gradient in zip(
        weights, tf.gradients(loss, weights))])


OPTIMIZERS: Dict[str, Callable[[tf.Tensor], Any]] = {
    'adam': lambda loss: tf.train.AdamOptimizer(0.05).minimize(loss, tf.train.get_global_step()),
    'rmsprop': lambda loss: tf.train.RMSPropOptimizer(0.05, momentum=0.9).minimize(loss),
    'adagrad': lambda loss: tf.train.AdagradOptimizer(0.1).minimize(loss),
    'ftrl': lambda loss: tf.train.FtrlOptimizer(0.1).minimize(loss),
    'averages': _averaged, 'by hand': _by_hand,
}


@pytest.mark.parametrize('resource', [False, True])
@pytest.mark.parametrize('optimizer', list(OPTIMIZERS))
def test_optimizers(optimizer: str, resource: bool) -> None:
    """Weights, moments and averages stay zero where the masks are; nothing becomes infinite."""
    values = run_small(OPTIMIZERS[optimizer], MagnitudePruning(SMALL, PolynomialDecay(1, 4, 1, 0.3, 0.75)),
                       resource=resource)
    for after in values:
        assert all(np.isfinite(value).all() for value in after.values() if value.dtype.kind == 'f')
        for name in ('first', 'second'):
            gone = ~after[name + '/magnitude_mask']
            companions = [each for each in after if each.startswith(name + '/') and after[each].dtype == np.float32]
            assert (after[name] == 0).sum() == gone.sum()
            assert all((after[each][gone] == 0).all() for each in companions if optimizer not in ('adagrad', 'ftrl'))
    assert [(after['first'] == 0).sum() for after in values[3:]] == [40 - kept_count(40, 0.75)] * 3


def test_rows_of_a_table() -> None:
    """Sparse updates have no dense gradient: they are masked after, before anything sees them."""
    def table(loss: tf.Tensor) -> Any:
        embedding = tf.get_variable('table', initializer=np.random.RandomState(3).normal(size=[7, 2]).astype('f'))
        picked = tf.gather(embedding, [1, 2, 5])
        output = tf.get_default_graph().get_tensor_by_name('output:0')
        tf.identity(tf.reduce_sum(picked) + tf.reduce_sum(output), 'total')
        more = tf.reduce_mean(tf.square(picked - 3))
        return tf.train.AdamOptimizer(0.1).minimize(loss + more, tf.train.get_global_step())
    hook = MagnitudePruning(Network('total'), ConstantSparsity(1, 1, 1, 0.5))
    values = run_small(table, hook)
    assert [int((after['table'] == 0).sum()) for after in values] == [7] * 6
    assert len({after['table'].tobytes() for after in values}) == 6


def test_partitions_are_pruned_each_for_itself() -> None:
    """Three of them."""
    values = run_small(OPTIMIZERS['adam'], MagnitudePruning(SMALL, ConstantSparsity(0, 0, 1, 0.5)), partitions=3)
    parts = [name for name in values[0] if name.startswith('first/part_') and name.count('/') == 1]
    assert len(parts) == 3
    assert all((values[-1][name] == 0).sum() == values[-1][name].size // 2 for name in parts)


@pytest.mark.parametrize('together', [False, True])
def test_structures(together: bool) -> None:
    """Columns of a product; and all of them in competition."""
    hook = MagnitudePruning(SMALL, ConstantSparsity(2, None, 1, 0.5), 'channel', together)
    after = run_small(OPTIMIZERS['adam'], hook)[-1]
    zeros = {name: (after[name] == 0).all(0) for name in ('first', 'second')}
    assert all(np.array_equal((after[name] == 0).any(0), zeros[name]) for name in zeros)
    gone = 5 * zeros['first'].sum() + 8 * zeros['second'].sum()
    assert 56 // 2 - 8 < gone <= 56 // 2 if together else [each.sum() for each in zeros.values()] == [4, 1]


def test_a_schedule_for_each_tensor_and_masks_before_the_first_update() -> None:
    """By name; the others are left alone."""
    hook = MagnitudePruning(SMALL, {'first': ConstantSparsity(0, 0, 1, 0.9)})
    values = run_small(OPTIMIZERS['adam'], hook)
    assert [(after['first'] == 0).sum() for after in values] == [36] * 6
    assert not (values[-1]['second'] == 0).any()
    assert 'second/magnitude_mask' not in values[-1]


def test_masks_can_be_made_at_any_time() -> None:
    """`update_masks`, outside the schedule, and back."""
    hook = MagnitudePruning(SMALL, ConstantSparsity(1000))
    with tf.Graph().as_default():
        tf.train.create_global_step()
        output, (first, _) = small()
        train_op = OPTIMIZERS['adam'](tf.reduce_mean(tf.square(output - 1)))
        with tf.train.MonitoredSession(tf.train.ChiefSessionCreator(config=plainly()), [hook]) as session:
            plain_session = session._tf_sess()
            hook.update_masks(plain_session, 0.75)
            session.run(train_op)
            assert hook.sparsities(plain_session) == {'first': 0.75, 'second': 0.75}
            assert (session.run(first) == 0).sum() == 30
            hook.update_masks(plain_session, 0.25)  # of zeros, the first stay, and train on
            session.run(train_op)
            assert hook.sparsities(plain_session)['first'] == 0.25
            assert (session.run(first) == 0).sum() <= 30
            with pytest.raises(OptionError, match='sparsity 1 is not in'):
                hook.update_masks(plain_session, 1.0)


@pytest.mark.slow
def test_the_checkpoint_is_a_model_like_any_other(tmp_path: Any) -> None:
    """Masks are companions of their weights: `sparsify` goes on with both; strip cuts both, and the rest trains on."""
    prefix = train(tmp_path / 'run', 3, [MagnitudePruning(NETWORK, ConstantSparsity(2, 3, 1, 0.5))])
    model = load_checkpoint(prefix, NETWORK.outputs, NETWORK.inputs)
    assert 'last/kernel/magnitude_mask' in {each.node for each in model.companions['last/kernel']}
    made = sparsify(model, SparsitySelection(0.5))
    assert all(tensor.zeros == tensor.zeros_before == tensor.pruned for tensor in made.tensors)
    further = sparsify(model, SparsitySelection(0.75)).model
    assert np.array_equal(further.value('last/kernel/magnitude_mask'), further.value('last/kernel') != 0)


    soft, plan = _without_half_the_channels(model)
    stripped = strip(soft, analyse(to_inference(soft)), plan)
    (tmp_path / 'stripped').mkdir()
    prefix = save_checkpoint(stripped, str(tmp_path / 'stripped'))
    with tf.Graph().as_default() as graph, tf.Session(config=plainly()) as session:
        tf.train.import_meta_graph(prefix + '.meta').restore(session, prefix)
        session.run([op for op in graph.get_operations() if op.type in ('MakeIterator', 'DatasetToGraph')])
        session.run(graph.get_operation_by_name('Momentum'))
        values = session.run({each.op.name: each for each in tf.global_variables()})
    kernels = [name for name in values if name + '/magnitude_mask' in values]
    assert values['last/kernel'].shape[3] == model.value('last/kernel').shape[3] // 2
    assert all(values[name].shape == values[name + '/magnitude_mask'].shape for name in kernels)
    assert all((values[name][~values[name + '/magnitude_mask']] == 0).all() for name in kernels)
    assert values['magnitude_pruning/updates'] == 4


def _without_half_the_channels(model: Model) -> Tuple[Model, PruningPlan]:
    channels = analyse(to_inference(model))
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=2), 'l1')
    return soft_prune(model, channels, plan), plan


@pytest.mark.parametrize(('hook', 'error', 'message'), [
    (lambda: MagnitudePruning(Network('outptu'), GRADUAL), NameNotFoundError, 'closest: output'),
    (lambda: MagnitudePruning(SMALL, GRADUAL, exclude=['frist']), NameNotFoundError, 'closest: first'),
    (lambda: MagnitudePruning(SMALL, {'frist': GRADUAL}), NameNotFoundError, 'closest: first'),
    (lambda: MagnitudePruning(SMALL, GRADUAL, '4:2'), OptionError, 'cannot stay'),
    (lambda: MagnitudePruning(SMALL, PolynomialDecay(3, 1)), OptionError, 'end 1 is before begin 3'),
    (lambda: MagnitudePruning(SMALL, {'first': GRADUAL}, together=True), OptionError, 'no room for together')])
def test_mistakes(hook: Callable[[], MagnitudePruning], error: Any, message: str) -> None:
    """Before anything is trained."""
    with pytest.raises(error, match=message):
        run_small(OPTIMIZERS['adam'], hook())


def test_what_is_not_trained_is_refused() -> None:
    """A mask would never take effect on it."""
    def first_only(loss: tf.Tensor) -> Any:
        return tf.train.AdamOptimizer(0.1).minimize(loss, var_list=[
            each for each in tf.trainable_variables() if each.op.name == 'first'])
    with pytest.raises(OptionError, match='no update in the graph changes second: exclude it'):
        run_small(first_only, MagnitudePruning(SMALL, GRADUAL))
    assert run_small(first_only, MagnitudePruning(SMALL, GRADUAL, exclude=['second']))


def test_copies_on_several_devices_are_refused(tmp_path: Any) -> None:
    """Rather than pruning one of them."""
    with pytest.raises(UnsupportedError, match='works on one device'):
        train_on_two(tmp_path, None, 'momentum', False, MagnitudePruning(Network('out/BiasAdd'), GRADUAL))
