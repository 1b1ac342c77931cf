"""Frozen graphs written node by node: the messages that protobuf would have written."""

import os
from typing import Any, Iterator

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.errors import ModelError
from tf1pruning.graph.constants import make_constant
from tf1pruning.graph.inference import Input
from tf1pruning.model import frozen, graph_writer
from tf1pruning.model.frozen import frozen_graph, load_frozen, save_frozen
from tf1pruning.model.graph_writer import GraphNode, write_graph
from tf1pruning.model.values import Held, Value
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

ARRAYS = [np.float32(3), np.arange(5), np.ones((3, 0), np.float32), np.array([True, False]), np.array([[1j, 2]]),
          np.random.RandomState(0).rand(300, 7, 11).astype('f2'), np.ones(3, tf.bfloat16.as_numpy_dtype)]


@pytest.mark.parametrize('array', ARRAYS, ids=lambda array: '%s%s' % (np.asarray(array).dtype, np.shape(array)))
def test_numbers_of_every_type(tmp_path: Any, array: np.ndarray) -> None:
    """Parsed by protobuf, it is the node that TensorFlow makes; its value is the same to the last bit."""
    node = tf.NodeDef(name='value', op='Const', attr={'dtype': make_constant('value', array).attr['dtype']})
    rest = tf.GraphDef()
    rest.versions.producer = 24
    nodes = [GraphNode(node, Held(array)), GraphNode(make_constant('b', array))]
    with open(write_graph(str(tmp_path / 'a.pb'), nodes, rest), 'rb') as stream:
        graph = tf.GraphDef.FromString(stream.read())
    assert [each.name for each in graph.node] == ['value', 'b']
    assert graph.versions.producer == 24
    first, second = (tf.make_ndarray(each.attr['value'].tensor) for each in graph.node)
    assert first.dtype == second.dtype == np.asarray(array).dtype
    assert first.shape == second.shape == np.shape(array)
    assert first.tobytes() == second.tobytes()
    assert graph.node[0].attr['dtype'] == graph.node[1].attr['dtype']
    found = plain.run_graph(graph, ['value', 'b'], {})
    assert found[0].tobytes() == found[1].tobytes()


@pytest.mark.parametrize('name', ['nested_se', 'resource', 'partitioned'])
def test_a_network_is_written_as_it_is_frozen(tmp_path: Any, monkeypatch: Any, name: str) -> None:
    """The file holds the very graph that `frozen_graph` gives, also where it is written from a frozen graph again."""
    monkeypatch.setattr(frozen, '_LARGE_BYTES', 100)
    saved = builders.save_network(name, tmp_path)
    model = to_inference(load(saved))
    path = save_frozen(model, str(tmp_path / 'a.pb'))
    again = load_frozen(path, saved.outputs, {'image': Input('', builders.IMAGE)})
    second = save_frozen(again, str(tmp_path / 'b.pb'))
    feeds = plain.feeds_for(saved.inputs)
    outputs = [plain.run_frozen(each, saved.outputs, feeds)[0] for each in (path, second)]
    outputs.append(plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0])
    assert np.array_equal(outputs[0], outputs[1])
    assert np.array_equal(outputs[0], outputs[2])
    assert os.path.getsize(path) == os.path.getsize(second)
    assert [(node.name, node.op, list(node.input)) for node in again.graph.node] == [
        (node.name, node.op, list(node.input)) for node in frozen_graph(model).node]


class Endless(Value):
    """More bytes than a message may have; nobody reads them."""

    def blocks(self) -> Iterator[np.ndarray]:
        raise AssertionError


def test_more_than_protobuf_reads(tmp_path: Any, monkeypatch: Any) -> None:
    """Refused before any of it is written, and nothing is left; just below the limit it is written."""
    path = str(tmp_path / 'large.pb')
    node = tf.NodeDef(name='value', op='Const')
    with pytest.raises(ModelError, match='more than 2147483647 bytes.*use the checkpoint'):
        write_graph(path, [GraphNode(node, Endless((1 << 29,), np.dtype('f4')))], tf.GraphDef())
    assert os.listdir(str(tmp_path)) == []
    size = len(make_constant('value', np.ones(100)).SerializeToString())
    for limit, fits in ((size + 100, True), (800, False)):
        monkeypatch.setattr(graph_writer, 'LARGEST', limit)
        if fits:
            assert os.path.getsize(write_graph(path, [GraphNode(node, Held(np.ones(100)))], tf.GraphDef())) > 800
        else:
            with pytest.raises(ModelError, match='more than 800 bytes'):
                write_graph(path, [GraphNode(node, Held(np.ones(100)))], tf.GraphDef())
