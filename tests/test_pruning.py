"""The `Pruning` class: the whole way, its files, its returned values, its errors."""

import json
import os
import pickle
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Saved
from tf1pruning import Pruning
from tf1pruning.errors import ModelError, NameNotFoundError, NotZeroError, OptionError, PlanError
from tf1pruning.plan import PruningPlan
from tf1pruning.tf1 import tf

FEEDS = plain.feeds_for({'image': builders.IMAGE})


def files(folder: Any) -> List[str]:
    """Every file below a folder."""
    return sorted(os.path.relpath(os.path.join(path, name), str(folder))
                  for path, _, names in os.walk(str(folder)) for name in names)


def checkpoint(folder: str, name: str) -> List[str]:
    """The files of a checkpoint."""
    return ['%s/%s%s' % (folder, name, ending) for ending in ('.data-00000-of-00001', '.index', '.meta')]


def content(path: Any) -> Any:
    """Reads JSON."""
    with open(str(path)) as stream:
        return json.load(stream)


def retrain(prefix: str, folder: Any, perturbed: Dict[Tuple[str, int], Tuple[int, ...]]) -> None:
    """Stands for retraining: saves a copy with some filters that moved, as `tf.estimator` would."""
    with tf.Graph().as_default(), plain.new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        saver.restore(session, prefix)
        for variable in tf.global_variables():
            value = session.run(variable)
            for (name, axis), indices in perturbed.items():
                if name == variable.op.name:
                    value[(slice(None),) * axis + (list(indices),)] += 0.5
            session.run(variable.initializer, {variable.initializer.inputs[1]: value})
        saver.save(session, os.path.join(str(folder), 'model.ckpt'), 700)


@pytest.fixture
def saved(tmp_path: Any) -> Saved:
    """A MobileNetV2-like training graph with a gate in `block_1`, in `train/`."""
    (tmp_path / 'train').mkdir()
    return builders.save_training(tmp_path / 'train')


def pruning_of(saved: Saved, output_dir: Any, **options: Any) -> Pruning:
    """The class with the usual arguments."""
    return Pruning(saved.prefix, input_tensors_map={'image:0': ('image', builders.IMAGE)}, output_dir=str(output_dir),
                   **options)


def test_the_whole_way(saved: Saved, tmp_path: Any) -> None:
    """Params, filters, checkpoint, retrained, summary, rebuild, strip, verify: values, files, collections."""
    out = tmp_path / 'out'
    pruning = pruning_of(saved, out)
    pruning.set_threshold(0.55)
    assert pruning.get_pruning_params() == {
        'block_1': {'block_1/expand/Conv2D': 3, 'block_1/depthwise/depthwise': 2, 'block_1/project/Conv2D': 2,
                    'block_1/se/reduce/Conv2D': 2, 'block_1/se/expand/Conv2D': 3},
        'block_1/se': {'block_1/se/reduce/Conv2D': 3, 'block_1/se/expand/Conv2D': 2}}
    assert files(out) == ['Pruning_Dict/Bias_Vars_Dict.json', 'Pruning_Dict/Conv_Vars_Dict.json',
                          'Pruning_Dict/Scope_Conv_Dict.json']
    filters = pruning.get_pruning_filters()
    assert content(out / 'Pruning_Dict' / 'Pruned_Filters.json') == filters
    plan = PruningPlan.load(str(out / 'Pruning_Dict' / 'plan.json'))
    gone = plan.groups[0].pruned
    assert 0 < len(gone) < 24
    assert (24 - len(gone)) % 4 == 0
    pruned = pruning.get_pruning_ckpt()
    assert pruned == str(out / 'Pruned_Dir' / 'model.ckpt-3')
    assert set(checkpoint('Pruned_Dir', 'model.ckpt-3')) | {'Pruned_Dir/Pruned_Filters.txt'} <= set(files(out))
    kernel = plain.values_of(pruned)['block_1/expand/kernel']
    assert not kernel[..., list(gone)].any()
    assert np.abs(np.delete(kernel, gone, 3)).sum((0, 1, 2)).min() > 0
    assert pruning.get_pruning_summary() == 0.0

    retrain(pruned, out / 'Pruned_Dir', {})
    assert pruning.get_retrained_ckpt(str(out / 'Pruned_Dir')) == str(out / 'Pruned_Dir' / 'model.ckpt-700')
    assert pruning.get_pruning_summary() == 0.0
    assert 'failed_rate: 0 ' in (out / 'Pruned_Dir' / 'Pruning_Summary.txt').read_text()
    rebuilt = pruning.get_rebuild_graph()
    assert rebuilt == str(out / 'Rebuild_CKPT' / 'model.ckpt-700')
    assert set(checkpoint('Rebuild_CKPT', 'model.ckpt-700')) | {'Rebuild_CKPT/model.ckpt-700.pbtxt'} <= set(files(out))
    cut = pruning.get_strip_params()
    assert cut['block_1/project/kernel'] == {2: list(gone)}
    assert {'Pruning_Dict/Strip_Nodes_Dict.json', 'Pruning_Dict/Strip_Vars_Dict.json'} <= set(files(out))
    stripped = pruning.get_strip_ckpt()
    assert stripped == str(out / 'Stripped_Dir' / 'model.ckpt-700')
    assert set(checkpoint('Stripped_Dir', 'model.ckpt-700')) | {'Stripped_Dir/modify.pb', 'Stripped_Dir/plan.json',
                                                               'Stripped_Dir/report.json'} <= set(files(out))
    assert plain.values_of(stripped)['block_1/expand/kernel'].shape[3] == 24 - len(gone)

    reference = plain.run_checkpoint(rebuilt, ['output'], FEEDS)[0]
    assert plain.relative(reference, plain.run_checkpoint(stripped, ['output'], FEEDS)[0]) <= 1e-5
    frozen = str(out / 'Stripped_Dir' / 'modify.pb')
    assert plain.relative(reference, plain.run_frozen(frozen, ['output'], FEEDS)[0]) <= 1e-5
    assert pruning.verify().relative <= 1e-5
    report = content(out / 'Stripped_Dir' / 'report.json')
    for key in ('parameters', 'macs', 'bytes'):
        assert 0 < report[key]['after'] < report[key]['before']
    assert report['stripped_vs_soft_pruned']['relative'] <= 1e-5
    plain.initialise_and_resave(stripped, str(tmp_path))
    assert not [name for name in files(out) if '.tmp-' in name]


def test_the_default_graph_is_never_touched(saved: Saved, tmp_path: Any) -> None:
    """Not one operation."""
    marker = tf.constant(1, name='marker')
    pruning = pruning_of(saved, tmp_path / 'out')
    pruning.pruning_process()
    pruning.get_rebuild_graph()
    pruning.get_strip_params()
    pruning.get_strip_ckpt()
    pruning.verify()
    assert tf.get_default_graph().get_operations() == [marker.op]


def test_failed_rate_of_filters_that_came_back(saved: Saved, tmp_path: Any) -> None:
    """Two of all chosen filters moved: counted, named, refused by strip, zeroed again by pruning_process."""
    out = tmp_path / 'out'
    pruning = pruning_of(saved, out)
    pruning.set_threshold(0.55)
    pruned = pruning.pruning_process()
    chosen = sum(len(indices) for nodes in pruning.pruning_filters_dict.values() for indices in nodes.values())
    gone = pruning.plan.groups[0].pruned
    retrain(pruned, out / 'Pruned_Dir', {('block_1/expand/kernel', 3): gone[:1],
                                         ('block_1/project/kernel', 2): gone[1:2]})
    pruning.get_retrained_ckpt(str(out / 'Pruned_Dir'))
    assert pruning.get_pruning_summary() == pytest.approx(2 / chosen)
    summary = (out / 'Pruned_Dir' / 'Pruning_Summary.txt').read_text()
    assert 'block_1/expand/Conv2D: 1 of %d filters are not zero: %d' % (len(gone), gone[0]) in summary
    pruning.get_rebuild_graph()
    with pytest.raises(NotZeroError, match='2 filters are not zero .block_1/expand/kernel axis 3: %d' % gone[0]):
        pruning.get_strip_ckpt()
    assert not (out / 'Stripped_Dir').exists()

    plan = pruning.plan
    again = pruning.pruning_process(retrain=True)
    assert os.path.basename(again) == 'model.ckpt-700'
    assert pruning.plan == plan
    assert pruning.get_pruning_summary() == 0.0
    pruning.get_rebuild_graph()
    pruning.get_strip_ckpt()
    assert pruning.verify().relative <= 1e-5


def test_zero_unconverged_reports_by_how_much_the_output_changes(saved: Saved, tmp_path: Any) -> None:
    """Measured before, written into the report; with nothing to zero, no such entry."""
    out = tmp_path / 'out'
    pruning = pruning_of(saved, out)
    pruned = pruning.pruning_process()
    pruning.get_strip_ckpt(zero_unconverged=True)
    assert 'zeroing_changed_output' not in pruning.report
    gone = pruning.plan.groups[0].pruned
    retrain(pruned, out / 'Pruned_Dir', {('block_1/project/kernel', 2): gone, ('block_1/expand/bn/beta', 0): gone,
                                         ('block_1/depthwise/bn/beta', 0): gone})
    pruning.get_retrained_ckpt(str(out / 'Pruned_Dir'))
    rebuilt = pruning.get_rebuild_graph()
    stripped = pruning.get_strip_ckpt(zero_unconverged=True)
    before, after = (plain.run_checkpoint(prefix, ['output'], FEEDS)[0] for prefix in (rebuilt, stripped))
    assert plain.relative(before, after) > 1e-3
    assert content(out / 'Stripped_Dir' / 'report.json')['zeroing_changed_output'] > 1e-4
    assert pruning.verify().relative <= 1e-5


def test_nothing_above_the_threshold(saved: Saved, tmp_path: Any) -> None:
    """A valid step: nothing pruned, failed_rate 0.0, strip gives the same network."""
    pruning = pruning_of(saved, tmp_path / 'out')
    pruning.set_threshold(1.0)
    pruned = pruning.pruning_process()
    assert pruning.plan.pruned_count == 0
    first, second = plain.values_of(saved.prefix), plain.values_of(pruned)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert pruning.get_pruning_summary() == 0.0
    pruning.get_rebuild_graph()
    assert not pruning.get_strip_params()
    stripped = pruning.get_strip_ckpt()
    assert plain.values_of(stripped)['block_1/expand/kernel'].shape == first['block_1/expand/kernel'].shape
    assert pruning.verify().relative == 0.0


def test_stripping_without_rebuild_keeps_the_training_graph(saved: Saved, tmp_path: Any) -> None:
    """Slots included; modify.pb is its inference form."""
    out = tmp_path / 'out'
    pruning = pruning_of(saved, out)
    pruning.set_threshold(0.55)
    pruning.pruning_process()
    stripped = pruning.get_strip_ckpt()
    kept = 24 - len(pruning.plan.groups[0].pruned)
    values = plain.values_of(stripped)
    assert values['block_1/expand/kernel/Adam'].shape == values['block_1/expand/kernel'].shape == (1, 1, 8, kept)
    (tmp_path / 'next').mkdir()
    loss, _ = plain.train_step(stripped, builders.training_feeds(9), str(tmp_path / 'next'))
    assert np.isfinite(loss)
    plain.run_frozen(str(out / 'Stripped_Dir' / 'modify.pb'), ['output'], FEEDS)
    assert pruning.verify().relative <= 1e-5


@pytest.mark.parametrize('empty', [True, False], ids=['empty', 'used'])
def test_the_old_calling_style(saved: Saved, tmp_path: Any, empty: bool) -> None:
    """Every constructor argument by keyword, as scripts pass them; export paths are respected."""
    ckpt, pb = str(tmp_path / 'export' / 'small.ckpt'), str(tmp_path / 'export' / 'small.pb')
    pruning = Pruning(
        input_ckpt_path=saved.prefix, scope_names=[] if empty else ['block_1'], scope_conv_dict={}, conv_vars_dict={},
        bias_vars_dict={}, pruning_filters_dict={} if empty else {'block_1': {'block_1/expand/Conv2D': [0, 5, 6, 7]}},
        pruned_ckpt_path='', retrained_ckpt_path='', rebuild_meta_graph=None, input_tensors_map={}, ckpt_to_strip='',
        strip_nodes_dict={}, strip_vars_dict={}, output_dir=None if empty else str(tmp_path / 'out'),
        output_nodes='output', export_ckpt_path='' if empty else ckpt, export_pb_path='' if empty else pb)
    if empty:
        pruning.set_output_dir(str(tmp_path / 'elsewhere'))
        assert pruning.pruning_process() == str(tmp_path / 'elsewhere' / 'Pruned_Dir' / 'model.ckpt-3')
        return
    assert pruning.get_pruning_ckpt() == str(tmp_path / 'out' / 'Pruned_Dir' / 'model.ckpt-3')
    assert pruning.plan.groups[0].pruned == (0, 5, 6, 7)
    pruning.get_rebuild_graph()
    pruning.get_strip_params()
    assert pruning.get_strip_ckpt() == ckpt
    assert plain.values_of(ckpt)['block_1/expand/kernel'].shape[3] == 20
    assert plain.relative(plain.run_checkpoint(ckpt, ['output'], FEEDS)[0],
                          plain.run_frozen(pb, ['output'], FEEDS)[0]) <= 1e-5
    assert pruning.verify().relative <= 1e-5


def test_the_output_folder_defaults_to_that_of_the_checkpoint(saved: Saved) -> None:
    """Beside it, `Pruned_Dir`; the checkpoint itself is not changed."""
    before = plain.values_of(saved.prefix)
    pruned = Pruning(saved.prefix).pruning_process()
    folder = os.path.dirname(saved.prefix)
    assert pruned == os.path.join(folder, 'Pruned_Dir', 'model.ckpt-3')
    assert all(np.array_equal(value, before[name]) for name, value in plain.values_of(saved.prefix).items())


@pytest.mark.parametrize('name', ['filters.json', 'filters.pkl'])
def test_filters_from_a_file(saved: Saved, tmp_path: Any, name: str) -> None:
    """JSON, or an old pickle."""
    filters = {'block_1': {'block_1/expand/Conv2D': [1, 2, 3, 23], 'block_1/depthwise/depthwise': [1, 2, 3, 23]}}
    path = tmp_path / name
    path.write_bytes(pickle.dumps(filters) if name.endswith('pkl') else json.dumps(filters).encode())
    pruning = pruning_of(saved, tmp_path / 'out')
    pruned = pruning.get_pruning_ckpt(str(path))
    kernel = plain.values_of(pruned)['block_1/depthwise/depthwise_kernel']
    assert np.flatnonzero(~kernel.any((0, 1, 3))).tolist() == [1, 2, 3, 23]
    with pytest.raises(PlanError, match='cannot read'):
        pruning.get_pruning_ckpt(str(tmp_path / 'missing.json'))


def test_scope_conv_dict_restricts_the_groups(saved: Saved, tmp_path: Any) -> None:
    """As `get_pruning_params` wrote it, with one group taken out."""
    pruning = pruning_of(saved, tmp_path / 'out', scope_conv_dict={'block_1/se': {}})
    assert list(pruning.get_pruning_params()) == ['block_1/se']
    pruning.pruning_process()
    assert [group.name for group in pruning.plan.groups] == ['block_1/se']


def test_scope_conv_dict_of_another_model(saved: Saved, tmp_path: Any) -> None:
    """It would restrict the groups to none and prune nothing, silently."""
    pruning = pruning_of(saved, tmp_path / 'out', scope_conv_dict={'block_7': {'block_7/expand/Conv2D': 3}})
    with pytest.raises(NameNotFoundError, match="no block in scope_conv_dict named 'block_7'; closest: block_1"):
        pruning.pruning_process()


def test_a_new_object_goes_on_where_another_stopped(saved: Saved, tmp_path: Any) -> None:
    """Checkpoint to strip and filters are given back: the same result."""
    out = tmp_path / 'out'
    first = pruning_of(saved, out)
    first.set_threshold(0.55)
    first.pruning_process()
    rebuilt = first.get_rebuild_graph()
    stripped = plain.values_of(first.get_strip_ckpt())
    filters = content(out / 'Pruning_Dict' / 'Pruned_Filters.json')
    second = pruning_of(saved, tmp_path / 'second', pruning_filters_dict=filters, ckpt_to_strip=rebuilt)
    again = plain.values_of(second.get_strip_ckpt())
    assert sorted(again) == sorted(stripped)
    assert all(np.array_equal(again[name], stripped[name]) for name in again)


def test_an_inference_graph_of_ones_own(saved: Saved, tmp_path: Any) -> None:
    """`rebuild_meta_graph`: its names count, the weights are those of the training."""
    with tf.Graph().as_default():
        builders._training_forward(builders.Dialect('layers', training=False), 4, False)
        tf.train.export_meta_graph(str(tmp_path / 'inference.meta'))
    pruning = Pruning(saved.prefix, rebuild_meta_graph=str(tmp_path / 'inference.meta'),
                      output_dir=str(tmp_path / 'out'), feeds={'is_training': False})  # not in the inference graph
    pruning.pruning_process()
    rebuilt = pruning.get_rebuild_graph()
    derived = pruning_of(saved, tmp_path / 'derived')
    derived.pruning_process()
    outputs = [plain.run_checkpoint(prefix, ['output'], FEEDS)[0] for prefix in (rebuilt, derived.get_rebuild_graph())]
    assert plain.relative(*outputs) <= 1e-6
    pruning.get_strip_ckpt()
    assert pruning.verify().relative <= 1e-5


def test_inputs_are_replaced_and_renamed(saved: Saved, tmp_path: Any) -> None:
    """A tensor is cut and gets a placeholder of another name, in everything that is written."""
    placeholder = tf.placeholder(tf.float32, [None, 4, 4, 8], 'x')
    pruning = Pruning(saved.prefix, input_tensors_map={'stem/Conv2D:0': placeholder}, output_dir=str(tmp_path / 'out'))
    pruning.pruning_process()
    rebuilt = pruning.get_rebuild_graph()
    pruning.get_strip_ckpt()
    feeds = {'x:0': np.ones((2, 4, 4, 8), np.float32)}
    reference = plain.run_checkpoint(rebuilt, ['output'], feeds)[0]
    frozen = plain.run_frozen(str(tmp_path / 'out' / 'Stripped_Dir' / 'modify.pb'), ['output'], feeds)[0]
    assert plain.relative(reference, frozen) <= 1e-5
    assert 'stem/kernel' not in plain.values_of(rebuilt)


def test_several_outputs(tmp_path: Any) -> None:
    """Comma-separated; both are kept."""
    saved = builders.save_network('nested_se', tmp_path)
    pruning = Pruning(saved.prefix, output_nodes='output, block/se/mul', output_dir=str(tmp_path / 'out'))
    assert list(pruning.get_pruning_params()) == ['block/se']  # the expanded channels are an output now
    pruning.pruning_process()
    pruning.get_rebuild_graph()
    stripped = pruning.get_strip_ckpt()
    first, second = plain.run_checkpoint(stripped, ['output', 'block/se/mul'], FEEDS)
    assert (first.shape, second.shape) == ((2, 5), (2, 4, 4, 24))


def test_zeros_for_the_training_hook(saved: Saved, tmp_path: Any) -> None:
    """What was set to zero, by variable."""
    pruning = pruning_of(saved, tmp_path / 'out')
    pruning.set_threshold(0.55)
    pruned = pruning.pruning_process()
    values = plain.values_of(pruned)
    zeros = pruning.zeros
    assert 'block_1/expand/kernel' in zeros
    for name, axes in zeros.items():
        for axis, indices in axes.items():
            assert indices.size
            assert not np.take(values[name], indices, axis).any()


@pytest.mark.parametrize('threshold', [0, -0.1, 1.01, 60])
def test_thresholds_out_of_range(saved: Saved, threshold: float) -> None:
    """(0, 1]."""
    pruning = Pruning(saved.prefix)
    with pytest.raises(OptionError, match=r'outside \(0, 1\]'):
        pruning.set_threshold(threshold)
    pruning.set_threshold(1)
    assert pruning.threshold == 1


def test_names_that_do_not_exist(saved: Saved, tmp_path: Any) -> None:
    """Scopes and outputs: the closest; nothing is written."""
    out = tmp_path / 'out'
    with pytest.raises(NameNotFoundError, match='closest: block_1'):
        pruning_of(saved, out, scope_names=['block_11']).get_pruning_params()
    with pytest.raises(NameNotFoundError, match='closest: output'):
        pruning_of(saved, out, output_nodes='outputs').get_pruning_params()
    with pytest.raises(ModelError, match='no checkpoint'):
        Pruning(saved.prefix + '0')
    assert not out.exists()


def test_steps_out_of_order(saved: Saved, tmp_path: Any) -> None:
    """What has to come first is named."""
    pruning = pruning_of(saved, tmp_path / 'out')
    with pytest.raises(OptionError, match='get_pruning_filters'):
        pruning.get_pruning_ckpt()
    with pytest.raises(OptionError, match='get_strip_ckpt'):
        pruning.verify()


def test_one_scope_as_a_string(tmp_path: Any) -> None:
    """Not taken letter by letter."""
    saved = builders.save_network('mobilenet_v2', tmp_path)
    pruning = Pruning(saved.prefix, 'block_2', output_dir=str(tmp_path / 'out'))
    assert list(pruning.get_pruning_params()) == ['block_2']


def test_an_interrupted_strip_leaves_the_old_result(saved: Saved, tmp_path: Any, monkeypatch: Any) -> None:
    """The checkpoint of the run before is still whole."""
    out = tmp_path / 'out'
    pruning = pruning_of(saved, out)
    pruning.pruning_process()
    stripped = pruning.get_strip_ckpt()
    before = {name: (out / 'Stripped_Dir' / name).read_bytes() for name in files(out / 'Stripped_Dir')}

    def broken(self: Any, path: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PruningPlan, 'save', broken)
    with pytest.raises(KeyboardInterrupt):
        pruning.get_strip_ckpt()
    assert {name: (out / 'Stripped_Dir' / name).read_bytes() for name in files(out / 'Stripped_Dir')} == before
    assert not [name for name in os.listdir(str(out)) if '.tmp-' in name]
    plain.run_checkpoint(stripped, ['stem/Conv2D'], FEEDS)
