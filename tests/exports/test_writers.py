"""What is particular to a format."""

import os
import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.exports import models
from tf1pruning.errors import ModelError, OptionError, UnsupportedError
from tf1pruning.exports import tflite
from tf1pruning.exports.counts import count_file
from tf1pruning.exports.folded import folded
from tf1pruning.exports.onnx import write_onnx
from tf1pruning.exports.saved_model import write_saved_model
from tf1pruning.exports.tflite import write_tflite
from tf1pruning.model.frozen import save_frozen
from tf1pruning.passes.fix_batch import fix_batch
from tf1pruning.runtimes import open_runtime
from tf1pruning.tf1 import is_tf1, tf
from tf1pruning.verify import random_inputs, run


def folded_network(name: str, folder: Any) -> Any:
    return folded(models.model_of(name, folder))


@pytest.mark.slow
def test_counts_of_every_kind_of_layer(tmp_path: Any) -> None:
    """The sums are spelled out; all formats agree with them."""
    model = folded(models.saved_model_of(models.every_layer, tmp_path))
    paths = [str(tmp_path / name) for name in ('model.pb', 'saved_model', 'model.onnx', 'model.tflite')]
    for write, path in zip((save_frozen, write_saved_model, write_onnx, write_tflite), paths):
        write(model, path)  # type: ignore[operator]
        counts = count_file(path, model.outputs)
        assert (counts.macs, counts.parameters) == (models.EVERY_LAYER_MACS, models.EVERY_LAYER_PARAMETERS), path
        assert counts.bytes > 4 * counts.parameters


def _attention() -> None:
    x = tf.placeholder(tf.float32, [None, 6, 8], 'image')
    tf.add(tf.matmul(x, x, transpose_a=True), tf.get_variable('offset', [8]), name='output')


def _vector() -> None:
    x = tf.placeholder(tf.float32, [100], 'image')
    tf.reshape(builders.dense(tf.reshape(x, [1, 100]), 7, 'head'), [7], name='output')


def _any_size() -> None:
    x = builders.conv(builders.image((None, None, None, 3)), 4, 'stem', 3)
    tf.reduce_mean(x, [1, 2], name='output')


@pytest.mark.slow
@pytest.mark.parametrize(('build', 'shape', 'macs'), [
    (_attention, (1, 6, 8), 8 * 8 * 6), (_attention, (3, 6, 8), 8 * 8 * 6), (_vector, (100,), 100 * 7),
    (_any_size, (1, 20, 30, 3), 20 * 30 * 4 * 27)])
def test_all_formats_count_the_same_macs(tmp_path: Any, build: Any, shape: Any, macs: int) -> None:
    """For one example of the size that was given, where the file leaves its size open, too."""
    model = folded(models.to_inference(models.load(builders.save_graph(build, tmp_path)._replace(
        inputs={'image': shape}))))
    for write, name in ((save_frozen, 'model.pb'), (write_onnx, 'model.onnx'), (write_tflite, 'model.tflite')):
        path = str(tmp_path / name)
        write(model, path)  # type: ignore[operator]
        if build is _attention and name == 'model.tflite' and is_tf1():
            continue  # its converter writes one product for each example
        assert count_file(path, model.outputs, {'image:0': shape}).macs == macs, name


def test_saved_model_in_plain_tensorflow(tmp_path: Any) -> None:
    saved = builders.save_network('nested_se', tmp_path)
    write_saved_model(folded_network('nested_se', tmp_path), str(tmp_path / 'out'))
    feeds = plain.feeds_for(saved.inputs)
    with tf.Graph().as_default(), tf.Session() as session:
        signature = tf.saved_model.load(session, ['serve'], str(tmp_path / 'out')).signature_def['serving_default']
        assert signature.method_name == 'tensorflow/serving/predict'
        assert (set(signature.inputs), set(signature.outputs)) == ({'image'}, {'output'})
        found = session.run(signature.outputs['output'].name, {signature.inputs['image'].name: feeds['image:0']})
    assert plain.relative(plain.run_checkpoint(saved.prefix, ['output'], feeds)[0], found) < 1e-5


@pytest.mark.slow
def test_saved_model_cli_accepts_it(tmp_path: Any) -> None:
    write_saved_model(folded_network('bare_se', tmp_path), str(tmp_path / 'out'))
    np.save(str(tmp_path / 'image.npy'), np.ones((1, 8, 8, 3), np.float32))
    tool = os.path.join(os.path.dirname(sys.executable), 'saved_model_cli')
    shown = subprocess.run([sys.executable, tool, 'run', '--dir', str(tmp_path / 'out'), '--tag_set', 'serve',
                            '--signature_def', 'serving_default', '--inputs', 'image=%s' % (tmp_path / 'image.npy')],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert shown.returncode == 0, shown.stdout
    assert 'Result for output key output' in shown.stdout


@pytest.mark.slow
@pytest.mark.parametrize('nchw', [False, True])
def test_onnx_has_no_transposes_around_convolutions(tmp_path: Any, nchw: bool) -> None:
    """One turns the images around, which is not needed if they come so."""
    import onnx
    path = str(tmp_path / 'model.onnx')
    write_onnx(folded_network('nested_se', tmp_path), path, nchw)
    found = Counter(node.op_type for node in onnx.load(path).graph.node)
    assert found['Conv'] > 3
    assert found['Transpose'] == (0 if nchw else 1)


def test_onnx_keeps_the_batch_open(tmp_path: Any) -> None:
    path = str(tmp_path / 'model.onnx')
    model = folded_network('dense_se', tmp_path)
    write_onnx(model, path)
    feeds = {'image:0': np.random.RandomState(0).uniform(size=(5, 8, 8, 3)).astype(np.float32)}
    with open_runtime(path) as runtime:
        assert runtime.inputs[0].shape == (None, 8, 8, 3)
        assert plain.relative(run(model, feeds)[0], runtime.run_named(feeds, ['output'])[0]) < 1e-5


@pytest.mark.slow
def test_nchw_graphs_become_tflite(tmp_path: Any) -> None:
    def build() -> tf.Tensor:
        dialect = builders.Dialect(data_format='NCHW')
        x = builders.conv(tf.placeholder(tf.float32, [None, 3, 8, 8], 'image'), 8, 'stem', 3, 2, dialect)
        return tf.identity(tf.reduce_mean(builders.depthwise(x, 'depthwise', dialect=dialect), [2, 3]), 'output')
    saved = builders.save_graph(build, tmp_path)
    model = models.to_inference(models.load(saved._replace(inputs={'image': (1, 3, 8, 8)})))
    path = str(tmp_path / 'model.tflite')
    write_tflite(folded(model), path)
    feeds = random_inputs(model)
    with open_runtime(path) as runtime:
        assert plain.relative(run(model, feeds)[0], runtime.run_named(feeds, ['output'])[0]) < 1e-5


@pytest.mark.slow
def test_int8_throughout_and_averages_that_do_not_run_over(tmp_path: Any) -> None:
    """Activations whose average is the smallest there is: TensorFlow 1.15's averages would give the largest."""
    def build() -> tf.Tensor:
        x = builders.conv(builders.image(), 8, 'stem', 3, 1, builders.Dialect(norm='none'), act=None)
        return tf.identity(builders.dense(tf.reduce_mean(x, [1, 2]), 5, 'head'), 'output')
    model = folded(models.saved_model_of(build, tmp_path))
    given = models.examples(1)
    path = str(tmp_path / 'model.tflite')
    write_tflite(fix_batch(model.replace(inputs={}), 1), path, 'int8', given)
    interpreter = tf.lite.Interpreter(path)
    for details in (interpreter.get_input_details()[0], interpreter.get_output_details()[0]):
        assert details['dtype'] == np.int8
    with open_runtime(path) as runtime:
        found = [runtime.run_named(each, ['output'])[0] for each in given]
    expected = [run(model, each)[0] for each in given]
    assert plain.relative(np.stack(expected), np.stack(found)) < 0.1


def test_int8_needs_examples(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match='--calibration'):
        write_tflite(folded_network('bare_se', tmp_path), str(tmp_path / 'model.tflite'), 'int8')


def test_a_graph_that_tensorflow_refuses_is_one_line(tmp_path: Any) -> None:
    """Not a traceback."""
    def build() -> tf.Tensor:
        x = tf.placeholder(tf.float32, [2, 3], 'image')
        return tf.matmul(x, tf.get_variable('kernel', [3, 4]), name='output')
    model = models.to_inference(models.load(builders.save_graph(build, tmp_path)._replace(inputs={'image': (2, 3)})))
    model.view.nodes['output'].attr['transpose_a'].b = True
    with pytest.raises(ModelError, match='refuses the frozen model: Dimensions must be equal'):
        write_saved_model(model, str(tmp_path / 'out'))


@pytest.mark.slow
def test_what_a_converter_refuses_is_one_line(tmp_path: Any, capfd: Any) -> None:
    def build() -> tf.Tensor:
        x = builders.conv(builders.image(), 4, 'stem')
        return tf.identity(tf.reduce_sum(tf.math.digamma(x + 7), [1, 2]), 'output')
    model = models.saved_model_of(build, tmp_path)
    for write, name in ((write_tflite, 'TFLite converter'), (write_onnx, 'tf2onnx')):
        with pytest.raises(UnsupportedError, match=name) as raised:
            write(model, str(tmp_path / 'model'))  # type: ignore[operator]
        assert '\n' not in str(raised.value)
        assert 'Digamma' in str(raised.value)
        assert not (tmp_path / 'model').exists()
    assert capfd.readouterr() == ('', '')


def test_a_missing_converter_is_named(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tflite, 'is_tf1', lambda: True)
    monkeypatch.setattr(tflite.shutil, 'which', lambda name: None)
    with pytest.raises(OptionError, match='toco_from_protos, which is not on PATH'):
        write_tflite(folded_network('bare_se', tmp_path), str(tmp_path / 'model.tflite'))
