"""Strip is exact: for every network, in plain TensorFlow, from the files."""

from typing import Any, Dict, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import Surgery, channels_of, load, operate
from tf1pruning.channels import analyse
from tf1pruning.choice import choose
from tf1pruning.errors import NotZeroError, PlanError, UnsupportedError
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import find_unconverged, predicted_shapes, strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import plan_from_channels, pruned_slices, removed_ids
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

TOLERANCE = 1e-5


@pytest.fixture(scope='module', params=sorted(builders.NETWORKS))
def done(request: Any, tmp_path_factory: Any) -> Tuple[builders.Saved, Surgery]:
    """A network with half of every group pruned, in files."""
    folder = tmp_path_factory.mktemp(request.param)
    saved = builders.save_network(request.param, folder)
    return saved, operate(saved, folder)


def test_stripped_equals_soft_pruned_and_frozen(done: Tuple[builders.Saved, Surgery]) -> None:
    """All three elementwise; the network before pruning computes something else."""
    saved, surgery = done
    feeds = plain.feeds_for(saved.inputs)
    soft, hard = (plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in (surgery.soft, surgery.hard))
    assert np.isfinite(soft).all()
    assert plain.relative(soft, hard) <= TOLERANCE
    assert plain.relative(hard, plain.run_frozen(surgery.frozen, saved.outputs, feeds)[0]) <= TOLERANCE
    assert plain.relative(plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0], soft) > 1e-3


def test_stripped_for_another_batch_size(done: Tuple[builders.Saved, Surgery]) -> None:
    """The batch size is still open."""
    saved, surgery = done
    feeds = plain.feeds_for({'image': (5,) + builders.IMAGE[1:]})
    outputs = [plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in (surgery.soft, surgery.hard)]
    assert outputs[0].shape == (5, builders.CLASSES)
    assert plain.relative(*outputs) <= TOLERANCE


def expected_shapes(surgery: Surgery) -> Dict[str, Tuple[int, ...]]:
    """Shapes by variable node: where the plan takes slices, smaller; else as before."""
    gone = pruned_slices(surgery.channels, surgery.plan)
    return {name: tuple(size - len(gone.get(name, {}).get(axis, ())) for axis, size in enumerate(variable.shape))
            for name, variable in surgery.channels.model.variables.items()}


def test_stripped_checkpoint_imports_initialises_and_saves(done: Tuple[builders.Saved, Surgery], tmp_path: Any) -> None:
    """Right shapes everywhere, right collections; something shrank and something did not."""
    saved, surgery = done
    expected = expected_shapes(surgery)
    before = {name: variable.shape for name, variable in surgery.channels.model.variables.items()}
    assert any(expected[name] != before[name] for name in expected)
    assert any(expected[name] == before[name] for name in expected)
    whole, stripped = plain.collections_of(saved.prefix), plain.collections_of(surgery.hard)
    assert stripped.all == expected
    assert stripped.trainable == {name: expected[name] for name in whole.trainable}
    values, back = plain.initialise_and_resave(surgery.hard, str(tmp_path))
    assert {name: value.shape for name, value in back.items()} == expected
    assert sorted(values) == sorted(plain.values_of(saved.prefix))


def test_stripped_values_are_slices_of_the_old_ones(done: Tuple[builders.Saved, Surgery]) -> None:
    """Bit for bit."""
    _, surgery = done
    gone = pruned_slices(surgery.channels, surgery.plan)
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.train.import_meta_graph(surgery.hard + '.meta').restore(session, surgery.hard)
        values = session.run({variable.op.name: variable for variable in tf.global_variables()})
    for name, value in values.items():
        whole = surgery.channels.model.value(name)
        for axis, indices in gone.get(name, {}).items():
            whole = np.delete(whole, indices, axis)
        assert np.array_equal(value, whole)


def test_stripping_the_stripped_again(tmp_path: Any) -> None:
    """A second round on what the first one wrote."""
    first = operate(builders.save_network('nested_se', tmp_path), tmp_path)
    (tmp_path / 'again').mkdir()
    second = operate(builders.Saved(first.hard, {'image': builders.IMAGE}, {}), tmp_path / 'again', align=1)
    feeds = plain.feeds_for({'image': builders.IMAGE})
    outputs = [plain.run_checkpoint(prefix, ['output'], feeds)[0] for prefix in (second.soft, second.hard)]
    assert plain.relative(*outputs) <= TOLERANCE
    assert [group.size for group in second.channels.groups] == [4, 12, 4]


def test_frozen_graphs_are_stripped_too(tmp_path: Any) -> None:
    """Weights that are Const nodes; the result is smaller."""
    saved = builders.save_network('nested_se', tmp_path)
    path = save_frozen(to_inference(load(saved)), str(tmp_path / 'model.pb'))
    model = to_inference(load_frozen(path, saved.outputs, {'image': Input('', builders.IMAGE)}))
    channels = analyse(model)
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=2), 'l1')
    soft = soft_prune(model, channels, plan)
    hard = strip(soft, channels, plan)
    files = [save_frozen(each, str(tmp_path / name)) for each, name in ((soft, 'soft.pb'), (hard, 'hard.pb'))]
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_frozen(each, saved.outputs, feeds)[0] for each in files]
    assert plain.relative(*outputs) <= TOLERANCE
    assert hard.value('block/expand/kernel').shape == (1, 1, 4, 12)
    assert model.value('block/expand/kernel').shape == (1, 1, 8, 24)
    with pytest.raises(NotZeroError):
        strip(model, channels, plan)


def test_filters_that_are_not_zero_are_refused_by_name(tmp_path: Any) -> None:
    """Parameter, axis and index; soft-pruned they are not."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    plan = plan_from_channels(channels, {'block': [2, 5]})
    with pytest.raises(NotZeroError, match=r'6 filters are not zero \(block/expand/kernel axis 3: 2, 5;'):
        strip(channels.model, channels, plan)
    soft = soft_prune(channels.model, channels, plan)
    assert not find_unconverged(soft, channels, plan)
    value = soft.value('block/project/kernel').copy()
    value[0, 0, 5, 1] = 1e-12
    almost = soft.replace(weights=soft.weights.replaced({'block/project/kernel': value}))
    with pytest.raises(NotZeroError, match='1 filters are not zero .block/project/kernel axis 2: 5'):
        strip(almost, channels, plan)


def test_a_nan_is_not_zero(tmp_path: Any) -> None:
    """Diverged training is not stripped away."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    plan = plan_from_channels(channels, {'block': [2]})
    soft = soft_prune(channels.model, channels, plan)
    value = soft.value('block/project/kernel').copy()
    value[0, 0, 2, 1] = np.nan
    with pytest.raises(NotZeroError, match='block/project/kernel'):
        strip(soft.replace(weights=soft.weights.replaced({'block/project/kernel': value})), channels, plan)


def test_what_is_not_zero_is_zeroed_on_demand(tmp_path: Any) -> None:
    """The result is that of soft-pruning first."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    plan = plan_from_channels(channels, {'block': [2, 5]})
    direct = strip(channels.model, channels, plan, zero_unconverged=True)
    careful = strip(soft_prune(channels.model, channels, plan), channels, plan)
    assert direct.value('block/expand/kernel').shape == (1, 1, 8, 22)
    for name in careful.variables:
        assert np.array_equal(direct.value(name), careful.value(name))


def test_an_empty_plan_changes_nothing(tmp_path: Any) -> None:
    """All values and shapes stay."""
    saved = builders.save_network('nested_se', tmp_path)
    channels = channels_of(saved)
    plan = plan_from_channels(channels, {group.name: [] for group in channels.groups})
    stripped = strip(channels.model, channels, plan)
    assert {name: each.shape for name, each in stripped.variables.items()} == {
        name: each.shape for name, each in channels.model.variables.items()}
    (tmp_path / 'copy').mkdir()
    feeds = plain.feeds_for(saved.inputs)
    copy = save_checkpoint(stripped, str(tmp_path / 'copy'))
    outputs = [plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in (saved.prefix, copy)]
    assert plain.relative(*outputs) <= 1e-6


def test_the_model_given_is_not_changed(tmp_path: Any) -> None:
    """A pass makes a new value."""
    channels = channels_of(builders.save_network('flattened_by_shape', tmp_path))
    before = channels.model.meta.SerializeToString(deterministic=True)
    values = {name: channels.model.value(name).copy() for name in channels.model.variables}
    plan = choose(channels, channels.groups, Amount(ratio=0.5, align=1))
    strip(soft_prune(channels.model, channels, plan), channels, plan)
    assert channels.model.meta.SerializeToString(deterministic=True) == before
    assert all(np.array_equal(channels.model.value(name), value) for name, value in values.items())


def test_predicted_shapes(tmp_path: Any) -> None:
    """Of every tensor, forward and after a flatten."""
    channels = channels_of(builders.save_network('flattened', tmp_path))
    plan = plan_from_channels(channels, {'stem': [0, 3]})
    predicted = predicted_shapes(channels, ~removed_ids(channels, plan))
    assert predicted['stem/Conv2D'] == [(2, 8, 8, 6)]
    assert predicted['Reshape'] == [(2, 4 * 4 * 6)]
    assert predicted['output'] == channels.shapes['output']


def test_a_size_that_did_not_follow_is_an_error(tmp_path: Any) -> None:
    """Without its literal, the reshape after strip has the wrong size: refused, not written."""
    channels = channels_of(builders.save_network('flattened', tmp_path))
    plan = plan_from_channels(channels, {'stem': [0, 3]})
    soft = soft_prune(channels.model, channels, plan)
    strip(soft, channels, plan)
    channels.literals.clear()
    with pytest.raises(UnsupportedError):
        strip(soft, channels, plan)


def test_a_whole_part_of_a_partitioned_kernel(tmp_path: Any) -> None:
    """A part cannot become empty: such a plan is refused, and none is made."""
    channels = channels_of(builders.save_network('partitioned', tmp_path))
    plan = plan_from_channels(channels, {'stem': range(4)})
    with pytest.raises(PlanError, match='leaves nothing of a piece'):
        soft_prune(channels.model, channels, plan)
    kernel = channels.model.value('stem/kernel/part_0')
    small = channels.with_weights(channels.model.weights.replaced({'stem/kernel/part_0': kernel * 1e-3}))
    group = small.groups[0]
    chosen = choose(small, [group], Amount(ratio=0.5, align=2), 'l1').groups[0]
    assert len(set(chosen.pruned) & {0, 1, 2, 3}) == 3
