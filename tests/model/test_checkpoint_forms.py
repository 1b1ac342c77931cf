"""Checkpoints of format V1, in several files, and with only some of a graph's variables: in, and out as plain V2."""

import os
import shutil
from pathlib import Path
from typing import Any, Callable, List, NamedTuple

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Saved
from tests.surgery import load, operate
from tf1pruning.channels import analyse
from tf1pruning.errors import ModelError
from tf1pruning.model.bundle_writer import write_tensors
from tf1pruning.model.checkpoint import load_checkpoint, resolve_prefix, save_checkpoint
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import plan_from_channels
from tf1pruning.report.counts import checkpoint_bytes
from tf1pruning.tf1 import tf

V1, V2 = tf.train.SaverDef.V1, tf.train.SaverDef.V2


class Form(NamedTuple):
    """How a checkpoint is saved."""

    version: int
    sharded: bool

    @property
    def files(self) -> List[str]:
        """Endings of the files with the values."""
        if self.version == V2:
            return ['.data-%05d-of-%05d' % (number, 1 + self.sharded) for number in range(1 + self.sharded)]
        return ['-00000-of-00002', '-00001-of-00002'] if self.sharded else ['']


FORMS = {'V1': Form(V1, False), 'V1-sharded': Form(V1, True), 'V2-sharded': Form(V2, True)}


def device(operation: tf.Operation) -> str:
    """Puts the second half of a network elsewhere."""
    return '/cpu:%d' % any(part in operation.name for part in ('block_1', 'last', 'logits'))


def save(saved: Saved, form: Form, folder: Any) -> Saved:
    """Saves a checkpoint again, with variables on two devices and another saver; the meta graph without devices."""
    prefix = os.path.join(str(folder), 'again.ckpt-7')
    config = tf.ConfigProto(device_count={'CPU': 2})
    with tf.Graph().as_default(), tf.device(device), tf.Session(config=config) as session:
        tf.train.import_meta_graph(saved.prefix + '.meta').restore(session, saved.prefix)
        for variable in tf.global_variables():
            variable.op._set_device(device(variable.op))
        saver = tf.train.Saver(sharded=form.sharded, write_version=form.version, max_to_keep=9)
        tf.add_to_collection('savers', saver)
        saver.save(session, prefix[:-2], 7, write_meta_graph=False)
        tf.train.export_meta_graph(prefix + '.meta', saver_def=saver.saver_def, clear_devices=True)
    return saved._replace(prefix=prefix)


@pytest.fixture(params=sorted(FORMS))
def form(request: Any) -> Form:
    """One of the forms."""
    return FORMS[request.param]


@pytest.mark.parametrize('name', ['nested_se', 'partitioned', 'resource'])
def test_values_and_both_results(tmp_path: Any, name: str, form: Form) -> None:
    """All values are read, however the path is spelled; stripped and soft-pruned agree in plain TensorFlow."""
    first = builders.save_network(name, tmp_path)
    (tmp_path / 'form').mkdir()
    saved = save(first, form, tmp_path / 'form')
    names = os.listdir(str(tmp_path / 'form'))
    assert all(os.path.basename(saved.prefix) + ending in names for ending in form.files)
    folder = os.path.dirname(saved.prefix)
    for spelling in [folder, saved.prefix, saved.prefix + '.meta'] + [saved.prefix + each for each in form.files]:
        assert resolve_prefix(spelling) == saved.prefix
    expected = plain.values_of(first.prefix)
    done = operate(saved, tmp_path)
    assert sorted(variable.key for variable in done.source.variables.values()) == sorted(
        variable.key for variable in load(first).variables.values())
    for variable in done.source.variables.values():
        value = expected[variable.key]
        if variable.part is not None:
            value = value[tuple(slice(*each) for each in zip(variable.part.offset, np.add(variable.part.offset,
                                                                                          variable.shape)))]
        assert np.array_equal(done.source.value(variable.node), value)
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in (done.soft, done.hard)]
    assert np.isfinite(outputs[0]).all()
    assert plain.relative(*outputs) <= 1e-5
    assert 0 < checkpoint_bytes(done.hard) < checkpoint_bytes(saved.prefix)


def test_training_goes_on(tmp_path: Any, form: Form) -> None:
    """Soft-pruned and stripped training graphs restore, train and save as V2, with a saver that keeps what it kept."""
    first = builders.save_training(tmp_path)
    (tmp_path / 'form').mkdir()
    saved = save(first, form, tmp_path / 'form')
    model = load(saved)
    channels = analyse(to_inference(model))
    plan = plan_from_channels(channels, {'block_1': [1, 3, 5]})
    soft = soft_prune(model, channels, plan)
    losses = []
    for name, each in (('soft', soft), ('hard', strip(soft, channels, plan))):
        (tmp_path / name).mkdir()
        prefix = save_checkpoint(each, str(tmp_path / name))
        loss, trained = plain.train_step(prefix, builders.training_feeds(), str(tmp_path))
        losses.append(loss)
        assert sorted(trained) == sorted(plain.values_of(first.prefix))
        assert each.meta.saver_def.version == V2
        assert each.meta.saver_def.max_to_keep == 9
        listed = [tf.train.SaverDef.FromString(text) for text in each.meta.collection_def['savers'].bytes_list.value]
        assert listed == [each.meta.saver_def]
        assert os.path.isfile(str(tmp_path / 'trained.ckpt.index'))
    assert abs(losses[0] - losses[1]) <= 1e-5 * abs(losses[0])


def test_a_file_that_is_missing(tmp_path: Any, form: Form) -> None:
    """One of two files; of one file, all of it: there is no checkpoint any more."""
    saved = save(builders.save_network('expanded', tmp_path), form, tmp_path)
    os.remove(saved.prefix + form.files[-1])
    expected = 'has 1 of its 2' if form.sharded else 'no checkpoint'
    with pytest.raises(ModelError, match=expected):
        load(saved)


def test_a_file_that_is_truncated(tmp_path: Any, form: Form) -> None:
    """The checkpoint is named, and the one line says what to do."""
    saved = save(builders.save_network('expanded', tmp_path), form, tmp_path)
    path = Path(saved.prefix + form.files[-1])
    content = path.read_bytes()
    path.write_bytes(content[:100] + content[-(len(content) // 2):])  # as of a file that was fetched in parts
    with pytest.raises(ModelError, match=r'again\.ckpt-7 is damaged or truncated \(.*\): copy or save it again$'):
        _read_all(saved)


def _read_all(saved: Saved) -> None:
    model = load(saved)
    for name in model.variables:
        model.value(name)


def _keep(prefix: str, wanted: Callable[[str], bool]) -> None:
    values = {key: value for key, value in plain.values_of(prefix).items() if wanted(key)}
    write_tensors(prefix, [(key, '', value) for key, value in values.items()])


def test_part_of_the_variables(tmp_path: Any) -> None:
    """Neither slots nor step: the training graph is soft-pruned and stripped, and what is held is restored by name."""
    saved = builders.save_training(tmp_path)
    held = [key for key in plain.values_of(saved.prefix)
            if not key.split('/')[-1].startswith(('Adam', 'beta1', 'beta2', 'global'))]
    _keep(saved.prefix, lambda key: key in held)
    model = load(saved)
    assert sorted(model.weights) == sorted(held)
    channels = analyse(to_inference(model))
    plan = plan_from_channels(channels, {'block_1': [1, 3, 5]})
    soft = soft_prune(model, channels, plan)
    hard = strip(soft, channels, plan)
    outputs = []
    for name, each in (('soft', to_inference(soft)), ('hard', to_inference(hard)), ('training', hard)):
        (tmp_path / name).mkdir()
        prefix = save_checkpoint(each, str(tmp_path / name))
        outputs.append(prefix)
    feeds = plain.feeds_for(saved.inputs)
    values = [plain.run_checkpoint(prefix, saved.outputs, feeds)[0] for prefix in outputs[:2]]
    assert plain.relative(*values) <= 1e-5
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.train.import_meta_graph(outputs[2] + '.meta')
        session.run(tf.global_variables_initializer())
        tf.train.Saver([each for each in tf.global_variables() if each.op.name in held]).restore(session, outputs[2])
        session.run('train_op', builders.training_feeds())
        kernel = session.run('block_1/expand/kernel:0')
    assert kernel.shape == hard.value('block_1/expand/kernel').shape == (1, 1, 8, 21)


def test_a_head_that_is_not_held(tmp_path: Any) -> None:
    """Outputs before the head are stripped; the head itself is missed by name."""
    saved = builders.save_network('expanded', tmp_path)
    _keep(saved.prefix, lambda key: not key.startswith('logits'))
    with pytest.raises(ModelError, match=r'^checkpoint model.ckpt lacks 2 variables that the outputs need \(logits/'):
        to_inference(load(saved))
    before = next(node.name for node in load(saved).graph.node if node.op == 'Mean')
    (tmp_path / 'done').mkdir()
    done = operate(saved._replace(outputs=[before]), tmp_path / 'done')
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_checkpoint(prefix, [before], feeds)[0] for prefix in (done.soft, done.hard)]
    assert plain.relative(*outputs) <= 1e-5
    assert not [name for name in done.channels.model.variables if name.startswith('logits')]


def test_a_checkpoint_that_is_copied_without_its_folder(tmp_path: Any) -> None:
    """V1 in two files, without the `checkpoint` file, whose name is a pattern."""
    saved = save(builders.save_network('expanded', tmp_path), FORMS['V1-sharded'], tmp_path)
    (tmp_path / 'copy').mkdir()
    for name in os.listdir(str(tmp_path)):
        if name.startswith('again'):
            shutil.copy(str(tmp_path / name), str(tmp_path / 'copy' / name))
    model = load_checkpoint(str(tmp_path / 'copy' / 'again.ckpt-7-?????-of-00002'), saved.outputs)
    assert model.name == 'again.ckpt-7'
    assert np.array_equal(model.value('stem/kernel'), load(saved).value('stem/kernel'))
