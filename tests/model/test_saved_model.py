"""SavedModels."""

import os
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tf1pruning.errors import ModelError, OptionError
from tf1pruning.graph.inference import Input
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.load import load_model
from tf1pruning.model.saved_model import find_saved_model, load_saved_model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import SavedModel, tf
from tf1pruning.verify import run

VALUES = {'image:0': np.random.RandomState(4).uniform(size=builders.IMAGE)}


def save(folder: Any, **options: Any) -> np.ndarray:
    """Writes a SavedModel with random weights; returns its output for `VALUES`."""
    with tf.Graph().as_default(), plain.new_session() as session:
        builders.NETWORKS['resource']()
        session.run(tf.global_variables_initializer())
        builders.randomise(session, tf.global_variables())
        graph = tf.get_default_graph()
        inputs, outputs = ({name: graph.get_tensor_by_name(name + ':0')} for name in ('image', 'output'))
        builder = tf.saved_model.Builder(str(folder))
        signature = tf.saved_model.predict_signature_def(inputs, outputs)
        names = options.get('signatures', ['serving_default'])
        builder.add_meta_graph_and_variables(session, options.get('tags', ['serve']), dict.fromkeys(names, signature))
        builder.save(as_text=options.get('text', False))
        return session.run('output:0', VALUES)


def change(folder: Any, edit: Any) -> None:
    """Edits the proto."""
    path = os.path.join(str(folder), 'saved_model.pb')
    saved = SavedModel()
    with open(path, 'rb') as stream:
        saved.ParseFromString(stream.read())
    edit(saved)
    with open(path, 'wb') as stream:
        stream.write(saved.SerializeToString())


@pytest.mark.parametrize('text', [False, True])
def test_graph_variables_and_signature(tmp_path: Any, text: bool) -> None:
    """The signature says what goes in and what comes out; the values are those that were saved."""
    folder = tmp_path / 'net'
    expected = save(folder, text=text)
    for path in (str(folder), str(folder) + os.sep, find_saved_model(str(folder))):
        model = load_model(path)
        assert (model.name, model.outputs, model.frozen) == ('net', ('output:0',), False)
        assert {name: each.shape for name, each in model.inputs.items()} == {'image:0': (None,) + builders.IMAGE[1:]}
        assert plain.relative(run(to_inference(model), VALUES)[0], expected) <= 1e-6


def test_outputs_and_inputs_of_ones_own(tmp_path: Any) -> None:
    """What is said goes before what the signature says."""
    save(tmp_path / 'net')
    model = load_saved_model(str(tmp_path / 'net'), ['stem/Relu6'], {'image': Input('', (1, 8, 8, 3))})
    assert model.outputs == ('stem/Relu6',)
    assert model.inputs == {'image': Input('', (1, 8, 8, 3))}
    assert load_saved_model(str(tmp_path / 'net'), ['stem/Relu6']).inputs == {}


def test_which_signature(tmp_path: Any) -> None:
    """The only one; of several, one has to be said."""
    save(tmp_path / 'one', signatures=['mine'])
    assert load_saved_model(str(tmp_path / 'one')).outputs == ('output:0',)
    save(tmp_path / 'two', signatures=['mine', 'yours'])
    with pytest.raises(OptionError, match='has no signature serving_default; it has mine, yours'):
        load_saved_model(str(tmp_path / 'two'))
    assert load_saved_model(str(tmp_path / 'two'), signature='yours').outputs == ('output:0',)
    save(tmp_path / 'none', signatures=[])
    assert load_saved_model(str(tmp_path / 'none')).outputs == ()


def test_which_graph(tmp_path: Any) -> None:
    """The one for serving, or the only one."""
    save(tmp_path / 'one', tags=['train'])
    assert load_saved_model(str(tmp_path / 'one')).outputs == ('output:0',)
    change(tmp_path / 'one', lambda saved: saved.meta_graphs.add().meta_info_def.tags.append('gpu'))
    with pytest.raises(ModelError, match=r'has 2 graphs \(train; gpu\)'):
        load_saved_model(str(tmp_path / 'one'))
    change(tmp_path / 'one', lambda saved: saved.meta_graphs[0].meta_info_def.tags.append('serve'))
    assert load_saved_model(str(tmp_path / 'one')).outputs == ('output:0',)


def test_weights_as_constants(tmp_path: Any) -> None:
    """A frozen graph in a SavedModel has no variables folder."""
    save(tmp_path / 'net')
    graph = frozen_graph(to_inference(load_saved_model(str(tmp_path / 'net'))))
    for name in os.listdir(str(tmp_path / 'net' / 'variables')):
        os.remove(str(tmp_path / 'net' / 'variables' / name))
    change(tmp_path / 'net', lambda saved: saved.meta_graphs[0].graph_def.CopyFrom(graph))
    model = load_saved_model(str(tmp_path / 'net'))
    assert model.frozen
    assert run(to_inference(model), VALUES)[0].any()


def test_what_cannot_be_read(tmp_path: Any) -> None:
    """A missing, a damaged and a TensorFlow 2 SavedModel."""
    with pytest.raises(ModelError, match='no SavedModel'):
        load_saved_model(str(tmp_path))
    save(tmp_path / 'net')
    change(tmp_path / 'net', lambda saved: saved.meta_graphs[0].object_graph_def.nodes.extend(
        [saved.meta_graphs[0].object_graph_def.nodes.add(), saved.meta_graphs[0].object_graph_def.nodes.add()]))
    with pytest.raises(ModelError, match='SavedModel of TensorFlow 2'):
        load_saved_model(str(tmp_path / 'net'))
    (tmp_path / 'net' / 'saved_model.pb').write_bytes(b'\x12\xff\xff')
    with pytest.raises(ModelError, match='is no SavedModel'):
        load_saved_model(str(tmp_path / 'net'))
