"""Reading and writing checkpoints: names, parts, and everything that can be wrong with files."""

import os
import shutil
from typing import Any, Callable

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Saved
from tests.surgery import load
from tf1pruning.errors import ModelError
from tf1pruning.model.checkpoint import load_checkpoint, resolve_prefix, save_checkpoint, write_tensors
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

DATA = '.data-00000-of-00001'


@pytest.fixture
def saved(tmp_path: Any) -> Saved:
    """A small network on disk."""
    return builders.save_network('expanded', tmp_path)


@pytest.mark.parametrize('name', ['expanded', 'resource', 'partitioned'])
def test_values_and_written_copy(tmp_path: Any, name: str) -> None:
    """Every value is the one on disk, and a copy that is written holds the same, under the same keys."""
    saved = builders.save_network(name, tmp_path)
    model = load(saved)
    (tmp_path / 'copy').mkdir()
    written = save_checkpoint(model, str(tmp_path / 'copy'))
    first, second = plain.values_of(saved.prefix), plain.values_of(written)
    assert sorted(first) == sorted(second)
    assert all(np.array_equal(first[key], second[key]) for key in first)
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in (saved.prefix, written)]
    assert np.array_equal(*outputs)
    assert tf.train.latest_checkpoint(str(tmp_path / 'copy')) == written


def test_parts_of_a_partitioned_variable(tmp_path: Any) -> None:
    """Each node holds its part of the one tensor in the checkpoint."""
    saved = builders.save_network('partitioned', tmp_path)
    model = load(saved)
    whole = plain.values_of(saved.prefix)['stem/kernel']
    parts = [model.value('stem/kernel/part_%d' % number) for number in (0, 1)]
    assert [part.shape for part in parts] == [(3, 3, 3, 4)] * 2
    assert np.array_equal(np.concatenate(parts, 3), whole)
    assert model.variables['stem/kernel/part_1'].key == 'stem/kernel'


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
def test_keys_that_are_not_the_names_of_nodes(tmp_path: Any, use_resource: bool) -> None:
    """A saver made from a dictionary: keys are read off the graph, and written again."""
    def build() -> None:
        with tf.variable_scope('', use_resource=use_resource):
            builders.NETWORKS['expanded']()

    saved = builders.save_graph(build, tmp_path, saver=lambda: tf.train.Saver(
        {'renamed/' + variable.op.name[::-1]: variable for variable in tf.global_variables()}))
    model = to_inference(load(saved))
    key = 'renamed/' + 'stem/kernel'[::-1]
    assert model.variables['stem/kernel'].key == key
    assert np.array_equal(model.value('stem/kernel'), plain.values_of(saved.prefix)[key])
    (tmp_path / 'copy').mkdir()
    written = save_checkpoint(model, str(tmp_path / 'copy'))
    assert sorted(plain.values_of(written)) == sorted(plain.values_of(saved.prefix))
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in (saved.prefix, written)]
    assert plain.relative(*outputs) <= 1e-6


def test_a_resource_variable_with_a_shared_name(tmp_path: Any) -> None:
    """Without a saver in the graph, its key is the shared name, not the node's."""
    saved = builders.save_network('resource', tmp_path)
    meta = tf.MetaGraphDef()
    with open(saved.prefix + '.meta', 'rb') as stream:
        meta.ParseFromString(stream.read())
    for node in meta.graph_def.node:
        if node.op == 'VarHandleOp' and node.name == 'stem/kernel':
            node.attr['shared_name'].s = b'other'
        if node.op == 'SaveV2':
            node.op = 'NoOp'
            del node.input[:]
    with open(saved.prefix + '.meta', 'wb') as stream:
        stream.write(meta.SerializeToString())
    assert load(saved).variables['stem/kernel'].key == 'other'
    assert load(saved).variables['last/kernel'].key == 'last/kernel'


@pytest.mark.parametrize('spelling', ['', '.index', '.meta', 'folder'])
def test_every_spelling_of_a_checkpoint(saved: Saved, spelling: str) -> None:
    """Prefix, one of its files, or the folder with its `checkpoint` file."""
    given = os.path.dirname(saved.prefix) if spelling == 'folder' else saved.prefix + spelling
    assert resolve_prefix(given) == saved.prefix


def test_a_folder_without_a_checkpoint_file(saved: Saved) -> None:
    """The file that is missing is named."""
    os.remove(os.path.join(os.path.dirname(saved.prefix), 'checkpoint'))
    with pytest.raises(ModelError, match='`checkpoint` file'):
        resolve_prefix(os.path.dirname(saved.prefix))


def test_a_checkpoint_that_is_not_there(saved: Saved) -> None:
    """Those beside it are named."""
    with pytest.raises(ModelError, match=r'there is .*model\.ckpt$'):
        load_checkpoint(saved.prefix + '-100')


def _truncate(ending: str, part: float) -> Callable[[str], None]:
    def damage(prefix: str) -> None:
        with open(prefix + ending, 'r+b') as stream:
            stream.truncate(int(os.path.getsize(prefix + ending) * part))
    return damage


def _remove(ending: str) -> Callable[[str], None]:
    return lambda prefix: os.remove(prefix + ending)


def _text(ending: str) -> Callable[[str], None]:
    def damage(prefix: str) -> None:
        with open(prefix + ending, 'w') as stream:
            stream.write('this is no file of TensorFlow\n' * 50)
    return damage


def read_all(saved: Saved) -> None:
    """Reads every value of the inference form."""
    model = to_inference(load(saved))
    for name in model.variables:
        model.value(name)


@pytest.mark.parametrize('damage', [
    _truncate(DATA, 0.5), _truncate(DATA, 0), _truncate('.index', 0.5), _truncate('.index', 0), _truncate('.meta', 0.7),
    _truncate('.meta', 0), _remove(DATA), _remove('.index'), _remove('.meta'), _text('.index'), _text('.meta'),
], ids=['data-half', 'data-empty', 'index-half', 'index-empty', 'meta-part', 'meta-empty', 'no-data', 'no-index',
        'no-meta', 'index-text', 'meta-text'])
def test_damaged_files(saved: Saved, damage: Callable[[str], None]) -> None:
    """Every kind of damage is a ModelError that names the checkpoint; undamaged, the same steps work."""
    read_all(saved)
    damage(saved.prefix)
    with pytest.raises(ModelError, match='model.ckpt'):
        read_all(saved)


def test_meta_of_another_model(tmp_path: Any, saved: Saved) -> None:
    """Variables of the same name in another shape."""
    (tmp_path / 'other').mkdir()
    other = builders.save_network('bare_se', tmp_path / 'other')
    shutil.copy(other.prefix + '.meta', saved.prefix + '.meta')
    with pytest.raises(ModelError, match='different models'):
        load(saved)


def test_meta_of_a_model_without_a_common_variable(tmp_path: Any, saved: Saved) -> None:
    """No variable of the .meta is in the checkpoint."""
    def build() -> None:
        with tf.variable_scope('elsewhere'):
            builders.NETWORKS['expanded']()

    (tmp_path / 'other').mkdir()
    other = builders.save_graph(build, tmp_path / 'other')
    shutil.copy(other.prefix + '.meta', saved.prefix + '.meta')
    with pytest.raises(ModelError, match='none of the variables'):
        load(saved)


def _keep(prefix: str, wanted: Callable[[str], bool]) -> None:
    """Rewrites a checkpoint with some of its values only."""
    values = {key: value for key, value in plain.values_of(prefix).items() if wanted(key)}
    write_tensors(prefix, [(key, '', value) for key, value in values.items()])


def test_missing_slots_are_not_needed(tmp_path: Any) -> None:
    """A checkpoint without the optimizer's slots still gives its inference form."""
    saved = builders.save_training(tmp_path)
    _keep(saved.prefix, lambda key: 'Adam' not in key and 'beta1' not in key)
    model = to_inference(load(saved))
    assert np.array_equal(model.value('stem/kernel'), plain.values_of(saved.prefix)['stem/kernel'])


def test_missing_variables_that_the_outputs_need_are_named(saved: Saved) -> None:
    """Two are missing and both are named, one not needed is not."""
    _keep(saved.prefix, lambda key: key not in ('stem/kernel', 'logits/bias'))
    with pytest.raises(ModelError, match=r'lacks 2 variables.*(stem/kernel.*logits/bias|logits/bias.*stem/kernel)'):
        to_inference(load(saved))
    with pytest.raises(ModelError, match='stem/kernel'):
        load(saved).value('stem/kernel')


def test_values_the_graph_does_not_know_are_kept(tmp_path: Any, saved: Saved) -> None:
    """A checkpoint may hold more than its graph."""
    values = plain.values_of(saved.prefix)
    write_tensors(saved.prefix, [(key, '', value) for key, value in dict(values, extra=np.arange(3)).items()])
    (tmp_path / 'copy').mkdir()
    written = plain.values_of(save_checkpoint(load(saved), str(tmp_path / 'copy')))
    assert written['extra'].tolist() == [0, 1, 2]
    assert len(written) == len(values) + 1


def test_pbtxt_on_demand(tmp_path: Any, saved: Saved) -> None:
    """The graph as text, beside the checkpoint; not unless asked for."""
    for folder, wanted in (('with', True), ('without', False)):
        (tmp_path / folder).mkdir()
        prefix = save_checkpoint(load(saved), str(tmp_path / folder), pbtxt=wanted)
        assert os.path.exists(prefix + '.pbtxt') == wanted
