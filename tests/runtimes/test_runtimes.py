"""Files opened by what runs them, or refused in one line."""

import os
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.exports import models
from tf1pruning.errors import ModelError, NameNotFoundError
from tf1pruning.exports.tflite import write_tflite
from tf1pruning.model.frozen import save_frozen
from tf1pruning.runtimes import Port, example_feeds, open_runtime
from tf1pruning.runtimes.open import runtime_of
from tf1pruning.runtimes.runtime import pair
from tf1pruning.tf1 import SavedModel


def _ports(*names: str) -> Any:
    return [Port(name, None, np.float32) for name in names]


@pytest.mark.parametrize(('own', 'wanted', 'expected'), [
    (['b', 'a'], ['a:0', 'b:0'], ['b:0', 'a:0']),
    (['b:0', 'a:0'], ['a', 'b'], ['b', 'a']),
    (['split:1', 'split'], ['split', 'split:1'], ['split:1', 'split']),
    (['Identity', 'Identity_1'], ['boxes', 'scores'], ['boxes', 'scores']),
    (['two', 'two'], ['one', 'two'], ['one', 'two']),
])
def test_ports_are_paired_by_name_or_else_by_place(own: Any, wanted: Any, expected: Any) -> None:
    assert pair(_ports(*own), wanted) == expected


def test_other_numbers_of_ports_are_refused() -> None:
    with pytest.raises(NameNotFoundError, match='the file has a, b, but the model x:0'):
        pair(_ports('a', 'b'), ['x:0'])


def test_a_frozen_graph(tmp_path: Any) -> None:
    saved = builders.save_network('nested_se', tmp_path)
    path = save_frozen(models.model_of('nested_se', tmp_path), str(tmp_path / 'model.pb'))
    feeds = plain.feeds_for({'image': builders.IMAGE})
    with open_runtime(path, 1) as runtime:
        assert [port.name for port in (*runtime.inputs, *runtime.outputs)] == ['image:0', 'output:0']
        found = runtime.run([feeds['image:0']])[0]
        with pytest.raises(ModelError, match='cannot run the graph'):
            runtime.run([feeds['image:0'][:, :, :, :1]])
    assert plain.relative(plain.run_checkpoint(saved.prefix, ['output'], feeds)[0], found) < 1e-6


@pytest.mark.slow
def test_tflite_runs_at_its_own_batch_size(tmp_path: Any) -> None:
    path = str(tmp_path / 'model.tflite')
    write_tflite(models.model_of('bare_se', tmp_path), path)
    with open_runtime(path, 2) as runtime:
        batch = (runtime.inputs[0].shape or (0,))[0]
        assert runtime.run([np.zeros((batch, 8, 8, 3), np.float32)])[0].shape == (batch, builders.CLASSES)
        with pytest.raises(ModelError, match='cannot run the TFLite model'):
            runtime.run([np.zeros((batch, 8, 8, 2), np.float32)])


@pytest.mark.parametrize('name', ['model.pb', 'model.tflite', 'model.onnx'])
def test_damaged_files(tmp_path: Any, name: str) -> None:
    path = tmp_path / name
    for content in (b'', b'nothing of this kind', bytes(100)):
        path.write_bytes(content)
        with pytest.raises(ModelError, match='model') as raised:
            open_runtime(str(path))
        assert '\n' not in str(raised.value)


def test_a_damaged_saved_model(tmp_path: Any) -> None:
    (tmp_path / 'saved_model.pb').write_bytes(b'nothing of this kind')
    with pytest.raises(ModelError, match='refuses it') as raised:
        open_runtime(str(tmp_path))
    assert '\n' not in str(raised.value)


def test_a_saved_model_for_something_else_than_serving(tmp_path: Any) -> None:
    saved = SavedModel(saved_model_schema_version=1)
    saved.meta_graphs.add().meta_info_def.tags.append('train')
    (tmp_path / 'saved_model.pb').write_bytes(saved.SerializeToString())
    with pytest.raises(ModelError, match='refuses it'):
        open_runtime(str(tmp_path))


def test_text_in_onnx(tmp_path: Any) -> None:
    """It can be opened; there is nothing to feed it."""
    from onnx import TensorProto, helper
    ports = [helper.make_tensor_value_info(name, TensorProto.STRING, [2]) for name in 'xy']
    graph = helper.make_graph([helper.make_node('Identity', ['x'], ['y'])], 'text', ports[:1], ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 11)], ir_version=6)
    (tmp_path / 'model.onnx').write_bytes(model.SerializeToString())
    with open_runtime(str(tmp_path / 'model.onnx')) as runtime:
        assert runtime.inputs == (Port('x', (2,), np.object_),)
        with pytest.raises(ModelError, match='input x takes no numbers'):
            example_feeds(runtime)


def test_what_nothing_runs(tmp_path: Any) -> None:
    (tmp_path / 'model.txt').write_text('')
    with pytest.raises(ModelError, match='expected a .pb, .tflite or .onnx file'):
        runtime_of(str(tmp_path / 'model.txt'))
    with pytest.raises(ModelError, match='no file'):
        runtime_of(os.path.join(str(tmp_path), 'gone.pb'))
