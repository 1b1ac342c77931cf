"""Graphs that say something that this TensorFlow does not understand."""

import logging
from typing import Any

import numpy as np
import pytest

from tests import plain
from tf1pruning.errors import UnsupportedError
from tf1pruning.graph.newer import drop_newer_attributes, require_operations
from tf1pruning.tf1 import OpList, tf

FUTURE = tf.version.GRAPH_DEF_VERSION + 1


def _graph(operation: str = 'MatMul', producer: int = FUTURE, **attributes: tf.AttrValue) -> tf.GraphDef:
    """A product with attributes of another time."""
    with tf.Graph().as_default() as built:
        tf.matmul(tf.placeholder(tf.float32, [2, 3], 'x'), tf.ones([3, 4]), name='product')
    graph = built.as_graph_def()
    graph.versions.producer = producer
    for node in graph.node:
        if node.name == 'product':
            node.op = operation
            for name, value in attributes.items():
                node.attr[name].CopyFrom(value)
    return graph


def _producer(default: tf.AttrValue) -> OpList:
    """What the writer's TensorFlow says of MatMul."""
    operations = OpList()
    attribute = operations.op.add(name='MatMul').attr.add(name='of_tomorrow', type='bool')
    attribute.default_value.CopyFrom(default)
    return operations


def test_a_newer_attribute_with_its_default_is_dropped(caplog: Any) -> None:
    """With one warning; TensorFlow 1.15 refuses to run the graph before, 2.15 does so itself."""
    graph = _graph(of_tomorrow=tf.AttrValue(b=False))
    if tf.__version__.startswith('1.'):
        with pytest.raises(ValueError, match='of_tomorrow'):
            plain.run_graph(graph, ['product'], {'x:0': np.ones([2, 3])})
    with caplog.at_level(logging.WARNING):
        drop_newer_attributes(graph, _producer(tf.AttrValue(b=False)))
    assert caplog.text.count('attribute of_tomorrow of MatMul is newer') == 1
    assert plain.run_graph(graph, ['product'], {'x:0': np.ones([2, 3])})[0].tolist() == [[3.0] * 4] * 2


def test_defaults_that_are_known_without_the_writer() -> None:
    """A frozen graph does not tell what its operations were; these are known."""
    graph = _graph(grad_a=tf.AttrValue(b=False), grad_b=tf.AttrValue(b=False))
    drop_newer_attributes(graph, OpList())
    kept = {name for node in graph.node for name in node.attr if node.op == 'MatMul'}
    assert kept == {'T', 'transpose_a', 'transpose_b'}


@pytest.mark.parametrize('default', [OpList(), _producer(tf.AttrValue(b=False))])
def test_another_value_is_refused(default: OpList) -> None:
    """So is one whose default nobody knows."""
    graph = _graph(of_tomorrow=tf.AttrValue(b=True))
    with pytest.raises(UnsupportedError, match=r'node product \(MatMul\) has the attribute of_tomorrow'):
        drop_newer_attributes(graph, default)


def test_attributes_of_tensorflow_itself_stay() -> None:
    """Those with an underscore, and all of a graph that is not newer."""
    for graph in (_graph(_class=tf.AttrValue(s=b'x')), _graph(producer=FUTURE - 1, of_tomorrow=tf.AttrValue(b=False))):
        before = graph.SerializeToString(deterministic=True)
        drop_newer_attributes(graph, OpList())
        assert graph.SerializeToString(deterministic=True) == before


def test_an_operation_that_is_not_there() -> None:
    """It is named, with a node; functions of the graph's own and operations without a Python definition are there."""
    graph = _graph('MyProduct')
    with pytest.raises(UnsupportedError, match=r'the operation MyProduct \(node product\)'):
        require_operations(graph)
    graph.library.function.add().signature.name = 'MyProduct'
    require_operations(graph)
    require_operations(_graph('_FusedMatMul'))
