"""The defects of the earlier system, one test each, written so that it fails on what that did.

1. slots kept while weights are zeroed · 2. stripped checkpoints that do not import · 3. everything in the process-wide
default graph · 4. thresholds and rounding at their ends · 5. dialects that crash · 6. scopes by substring and blocks in
unusual shapes · 7. names that carry meaning, literals that stay wrong · 8. cutting without looking, unsafe pickles.
"""

import os
import pickle
from typing import Any, Callable, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import channels_of, load, operate
from tf1pruning import Pruning
from tf1pruning.channels.blocks import INVERTED_RESIDUAL, SQUEEZE_EXCITE, block_kinds, select_groups
from tf1pruning.choice import choose
from tf1pruning.criteria import score
from tf1pruning.errors import NameNotFoundError, NotZeroError, PlanError
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

FEEDS = plain.feeds_for({'image': builders.IMAGE})


def train_on(prefix: str, folder: str, steps: int = 3) -> str:
    """Restores with all slots and trains a few steps; returns the new checkpoint."""
    with tf.Graph().as_default(), plain.new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        saver.restore(session, prefix)
        for step in range(steps):
            session.run('train_op', builders.training_feeds(20 + step))
        return saver.save(session, os.path.join(folder, 'retrained.ckpt'), 10)


@pytest.mark.parametrize('optimizer', ['adam', 'momentum', 'rmsprop'])
def test_defect_1_stale_slots_move_the_zeros_away(tmp_path: Any, optimizer: str) -> None:
    """Retrained with its slots restored and no hook, all stay zero; with the old slots put back, they do not."""
    saved = builders.save_training(tmp_path, optimizer)
    pruning = Pruning(saved.prefix, output_dir=str(tmp_path / 'out'))
    pruning.set_threshold(0.55)
    pruned = pruning.pruning_process()
    assert pruning.plan.pruned_count > 0
    pruning.get_retrained_ckpt(os.path.dirname(train_on(pruned, str(tmp_path / 'out'))))
    assert pruning.get_pruning_summary() == 0.0

    slots = {name: value for name, value in plain.values_of(saved.prefix).items()
             if name.endswith(builders.SLOTS[optimizer])}
    plain.change_values(pruned, lambda name, value: slots.get(name, value))
    (tmp_path / 'stale').mkdir()
    train_on(pruned, str(tmp_path / 'stale'))
    pruning.get_retrained_ckpt(str(tmp_path / 'stale'))
    assert pruning.get_pruning_summary() > 0.5


@pytest.mark.parametrize('kind', ['training', 'inference', 'resource', 'partitioned'])
def test_defect_2_stripped_checkpoints_import_again(tmp_path: Any, kind: str) -> None:
    """Import, restore, initialise, re-save, and import that; collections name variables that exist."""
    saved = (builders.save_training(tmp_path, average=True) if kind == 'training' else
             builders.save_network('mobilenet_v2' if kind == 'inference' else kind, tmp_path))
    pruning = Pruning(saved.prefix, output_dir=str(tmp_path / 'out'))
    pruning.set_threshold(0.5)
    pruning.pruning_process()
    stripped = pruning.get_strip_ckpt()
    before, after = plain.collections_of(saved.prefix), plain.collections_of(stripped)
    assert sorted(before.trainable) == sorted(after.trainable)
    assert before.trainable != after.trainable
    values, back = plain.initialise_and_resave(stripped, str(tmp_path))
    assert {name: value.shape for name, value in back.items()} == after.all
    assert sorted(values) == sorted(plain.values_of(stripped))
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.train.import_meta_graph(stripped + '.meta').restore(session, stripped)
        for collection in tf.get_default_graph().get_all_collection_keys():
            for each in tf.get_collection(collection):
                assert each is not None
        session.run(tf.trainable_variables())


def test_defect_3_nothing_in_the_default_graph(tmp_path: Any) -> None:
    """Two models at once, nothing mixed, no operation added however often it is called."""
    first = Pruning(builders.save_network('mobilenet_v2', tmp_path).prefix, output_dir=str(tmp_path / 'first'))
    (tmp_path / 'b').mkdir()
    second = Pruning(builders.save_network('nested_se', tmp_path / 'b').prefix, output_dir=str(tmp_path / 'second'))
    for _ in range(2):
        for pruning in (first, second):
            pruning.pruning_process()
        for pruning in (second, first):
            pruning.get_rebuild_graph()
            pruning.get_strip_ckpt()
            assert pruning.verify().relative <= 1e-5
    assert not tf.get_default_graph().get_operations()
    assert set(first.scope_conv_dict) == {'block_1', 'block_2'}
    assert set(second.scope_conv_dict) == {'block', 'block/se'}


def test_defect_4_thresholds_at_their_ends(tmp_path: Any) -> None:
    """None above: no division by zero. All above: some stay. In between: none below is chosen, the rest is aligned."""
    saved = builders.save_network('expanded', tmp_path)
    kernel = channels_of(saved).model.value('block/expand/kernel')
    nothing = Pruning(saved.prefix, output_dir=str(tmp_path / 'nothing'))
    nothing.set_threshold(1.0)
    nothing.pruning_process()
    assert nothing.get_pruning_summary() == 0.0
    channels = channels_of(saved)
    group = select_groups(channels)[0]
    scores = score(channels, group, 'redundancy')
    for threshold in (1e-6, 0.45, 0.5, 0.55, 0.6, 0.65):
        chosen = choose(channels, [group], Amount(threshold=threshold)).groups[0].pruned
        assert (scores[list(chosen)] > threshold).all()
        assert (24 - len(chosen)) % 4 == 0
        assert 4 <= 24 - len(chosen) <= 24
    assert kernel.shape[3] - len(choose(channels, [group], Amount(threshold=1e-6)).groups[0].pruned) == 4


@pytest.mark.parametrize('name', ['wide', 'wide_without_gamma', 'without_gamma', 'without_beta', 'without_norm',
                                  'bias_then_norm', 'bias_by_add', 'resource', 'partitioned', 'partitioned_rows',
                                  'unfused', 'unfused_without_gamma'])
def test_defect_5_dialects(tmp_path: Any, name: str) -> None:
    """The whole way, and something of the layer in question is really gone."""
    saved = builders.save_network(name, tmp_path)
    done = operate(saved, tmp_path)
    group = {'wide': 'wide', 'wide_without_gamma': 'wide', 'partitioned_rows': 'second'}.get(name, 'block_1')
    pruned = {each.name: len(each.pruned) for each in done.plan.groups}
    assert pruned[group] >= {'wide': 512, 'second': 4, 'block_1': 12}[group] - 1
    outputs = [plain.run_checkpoint(prefix, ['output'], FEEDS)[0] for prefix in (done.soft, done.hard)]
    assert plain.relative(*outputs) <= 1e-5


def _numbered() -> None:
    x = builders.conv(builders.image(), 8, 'stem', 3, 2)
    for number in (1, 10, 2):
        x = builders.inverted_residual(x, 8, 'expanded_conv_%d' % number)
    builders.head(x)


def test_defect_6_scopes_match_whole_segments(tmp_path: Any) -> None:
    """`expanded_conv_1` is not `expanded_conv_10`; a part of a name is no scope."""
    saved = builders.save_graph(_numbered, tmp_path)
    pruning = Pruning(saved.prefix, ['expanded_conv_1'], output_dir=str(tmp_path / 'out'))
    assert list(pruning.get_pruning_params()) == ['expanded_conv_1']
    pruning.set_threshold(0.5)
    before, after = plain.values_of(saved.prefix), plain.values_of(pruning.pruning_process())
    changed = {name.split('/')[0] for name in before if not np.array_equal(before[name], after[name])}
    assert changed == {'expanded_conv_1'}
    with pytest.raises(NameNotFoundError):
        Pruning(saved.prefix, ['expanded_conv'], output_dir=str(tmp_path / 'out')).get_pruning_params()


def _projection_first() -> None:
    """The projection is created before the expansion; another operation of the scope comes last."""
    x = builders.conv(builders.image(), 8, 'stem', 3, 2)
    with tf.variable_scope('block'):
        with tf.variable_scope('project'):
            kernel = tf.get_variable('kernel', [1, 1, 24, 8])
            tf.identity(kernel, 'early')
        y = builders.depthwise(builders.conv(x, 24, 'expand'), 'depthwise')
        y = tf.nn.conv2d(y, kernel, 1, 'SAME', name='project/Conv2D')
        builders.conv(x, 4, 'unrelated')
    builders.head(x + y)


BLOCKS: Dict[str, Callable[[], Any]] = {
    'projection-not-last': _projection_first, 'nested-gate': builders.NETWORKS['nested_se'],
    'begins-with-depthwise': builders.NETWORKS['not_expanded'], 'multiplier': builders.NETWORKS['multiplier_2']}


@pytest.mark.parametrize('name', sorted(BLOCKS))
def test_defect_6_blocks_in_unusual_shapes(tmp_path: Any, name: str) -> None:
    """Found by themselves, pruned along the right indices, exact."""
    saved = builders.save_graph(BLOCKS[name], tmp_path)
    kinds = block_kinds(channels_of(saved))
    assert INVERTED_RESIDUAL in kinds.values()
    assert (SQUEEZE_EXCITE in kinds.values()) == (name == 'nested-gate')
    done = operate(saved, tmp_path, scopes=['blocks'])
    assert all(len(group.pruned) == group.size // 2 for group in done.plan.groups)
    outputs = [plain.run_checkpoint(prefix, ['output'], FEEDS)[0] for prefix in (done.soft, done.hard)]
    assert plain.relative(*outputs) <= 1e-5


def test_defect_6_all_taps_are_scored(tmp_path: Any) -> None:
    """Filters that differ outside tap [0, 0] only have different scores."""
    channels = channels_of(builders.save_network('flattened', tmp_path))
    kernel = np.ones((3, 3, 3, 8), np.float32)
    kernel[1, 1, :, 5] = 0.01
    scored = channels.with_weights(channels.model.weights.replaced({'stem/kernel': kernel}))
    scores = score(scored, channels.groups[0], 'redundancy')
    assert scores[5] > scores[0]


def _misleading() -> None:
    """Variables and nodes whose names hold `read`, `Assign`, `shape`; a flatten that spells a channel count."""
    x = builders.image()
    with tf.variable_scope('read/Assign/shape_read'):
        x = builders.conv(x, 8, 'Assign', 3, 4)
        x = builders.conv(x, 12, 'read', 3)
    x = tf.reshape(x, [-1, 2 * 2 * 12], name='Adam/shape')
    tf.identity(builders.dense(x, builders.CLASSES, 'shape'), 'output')


def test_defect_7_names_mean_nothing_and_literals_follow(tmp_path: Any) -> None:
    """Whatever things are called; the reshape's number is the new one."""
    saved = builders.save_graph(_misleading, tmp_path)
    done = operate(saved, tmp_path)
    assert [len(group.pruned) for group in done.plan.groups] == [4, 6]
    outputs = [plain.run_checkpoint(prefix, ['output'], FEEDS)[0] for prefix in (done.soft, done.hard)]
    assert plain.relative(*outputs) <= 1e-5
    shape = plain.run_checkpoint(done.hard, ['Adam/shape/shape'], FEEDS)[0]
    assert shape.tolist() == [-1, 2 * 2 * 6]


def test_defect_8_strip_checks_that_what_it_cuts_is_zero(tmp_path: Any) -> None:
    """One weight of one filter that came back is enough; nothing is written."""
    saved = builders.save_network('expanded', tmp_path)
    pruning = Pruning(saved.prefix, output_dir=str(tmp_path / 'out'))
    pruning.set_threshold(0.5)
    pruned = pruning.pruning_process()
    gone = pruning.plan.groups[0].pruned[0]

    def come_back(name: str, value: np.ndarray) -> np.ndarray:
        if name == 'block/project/kernel':
            value[0, 0, gone, 2] = 1e-3
        return value

    plain.change_values(pruned, come_back)
    pruning.get_retrained_ckpt(os.path.dirname(pruned))
    fresh = Pruning(pruned, output_dir=str(tmp_path / 'out'), pruning_filters_dict=pruning.pruning_filters_dict)
    with pytest.raises(NotZeroError, match='block/project/kernel axis 2: %d' % gone):
        fresh.get_strip_ckpt()
    assert not (tmp_path / 'out' / 'Stripped_Dir').exists()


class _Command:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, ('touch ' + self.path,)


def test_defect_8_pickles_do_not_run(tmp_path: Any) -> None:
    """An old `.pkl` is read; one with a command in it is refused before it runs."""
    saved = builders.save_network('expanded', tmp_path)
    pruning = Pruning(saved.prefix, output_dir=str(tmp_path / 'out'))
    good, bad, proof = (str(tmp_path / name) for name in ('good.pkl', 'bad.pkl', 'proof'))
    for path, content in ((good, [0, 1, 2, 3]), (bad, _Command(proof))):
        with open(path, 'wb') as stream:
            pickle.dump({'block': {'block/expand/Conv2D': content}}, stream, 2)
    pruning.get_pruning_ckpt(good)
    assert pruning.plan.groups[0].pruned == (0, 1, 2, 3)
    with pytest.raises(PlanError, match='refused'):
        pruning.get_pruning_ckpt(bad)
    assert not os.path.exists(proof)
    names = [name for _, _, files in os.walk(str(tmp_path / 'out')) for name in files]
    assert not [name for name in names if name.endswith('.pkl')]


def test_defect_8_no_session_run_for_every_variable(tmp_path: Any, monkeypatch: Any) -> None:
    """Reading, pruning, rebuilding, stripping and writing a hundred variables takes a handful of runs at most."""
    saved = builders.save_training(tmp_path, average=True)
    runs = []
    run = tf.Session.run

    def counted(self: tf.Session, *args: Any, **options: Any) -> Any:
        runs.append(args)
        return run(self, *args, **options)

    monkeypatch.setattr(tf.Session, 'run', counted)
    pruning = Pruning(saved.prefix, output_dir=str(tmp_path / 'out'))
    pruning.pruning_process()
    pruning.get_rebuild_graph()
    pruning.get_strip_params()
    pruning.get_strip_ckpt()
    assert len(plain.values_of(saved.prefix)) > 80
    assert len(runs) < 8


def test_the_optimizers_of_defect_1_have_slots_that_matter(tmp_path: Any) -> None:
    """The training graphs of these tests do have non-zero slots on what is pruned."""
    model = load(builders.save_training(tmp_path, 'momentum'))
    assert np.abs(model.value('block_1/expand/kernel/Momentum')).min(axis=(0, 1, 2)).max() > 0
