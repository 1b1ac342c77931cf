"""Where numbers of a shape come from, and rewriting them."""

from typing import Any

import numpy as np
import pytest

from tests import plain
from tf1pruning.graph.constants import Element, constant_value, is_live, make_constant, trace_element
from tf1pruning.graph.literals import rewrite_literals
from tf1pruning.graph.shapes import Shapes, infer_shapes
from tf1pruning.graph.view import GraphView, TensorName
from tf1pruning.tf1 import tf


def shapes_of(view: GraphView) -> Shapes:
    """Infers the shapes of a whole small graph."""
    return infer_shapes(view, view.nodes, {})


def view() -> GraphView:
    """The default graph."""
    return GraphView(tf.get_default_graph().as_graph_def())


def live_batch(x: tf.Tensor) -> tf.Tensor:
    """The batch size as a scalar."""
    return tf.strided_slice(tf.shape(x), [0], [1], shrink_axis_mask=1)


def test_constants_seen_through_identities() -> None:
    """A placeholder is none."""
    tf.identity(tf.constant([1, 2], name='c'), name='i')
    tf.placeholder(tf.int32, [2], name='p')
    assert constant_value(view(), TensorName('i')).tolist() == [1, 2]
    assert constant_value(view(), TensorName('p')) is None


def test_make_constant_round_trip() -> None:
    """Type, shape and value."""
    value = np.array([[1.5, 2.5]], np.float32)
    node = make_constant('c', value)
    assert np.array_equal(tf.make_ndarray(node.attr['value'].tensor), value)
    assert node.attr['dtype'].type == tf.float32.as_datatype_enum


def test_elements_of_a_pack() -> None:
    """One is spelled out, one computed."""
    x = tf.placeholder(tf.float32, [None, 4], 'x')
    tf.stack([live_batch(x), tf.constant(1152, name='width')], name='sizes')
    computed, spelled = [trace_element(view(), shapes_of(view()), TensorName('sizes'), index) for index in (0, 1)]
    assert computed is not None
    assert computed.node is None
    assert spelled is not None
    assert (spelled.node, spelled.value) == ('width', 1152)


def test_elements_of_a_concat() -> None:
    """Positions run on over the parts."""
    tf.concat([tf.constant([7], name='first'), tf.constant([8, 9], name='second')], 0, name='sizes')
    found = [trace_element(view(), shapes_of(view()), TensorName('sizes'), index) for index in range(3)]
    assert [each and (each.node, each.place, each.value) for each in found] == [
        ('first', 0, 7), ('second', 0, 8), ('second', 1, 9)]


def test_an_element_of_unknown_origin() -> None:
    """Arithmetic on a size cannot be rewritten."""
    tf.stack([tf.constant(2), tf.constant(3) * tf.placeholder(tf.int32, [])], name='sizes')
    assert trace_element(view(), shapes_of(view()), TensorName('sizes'), 1) is None
    assert trace_element(view(), shapes_of(view()), TensorName('sizes'), 0) is not None


def rewritten(edits: dict) -> tf.GraphDef:
    """Applies literal edits to a copy of the default graph."""
    before = view()
    graph = tf.GraphDef()
    graph.CopyFrom(before.graph)
    rewrite_literals(before, shapes_of(before), {node.name: node for node in graph.node}, graph, edits)
    return graph


def test_a_constant_of_one_reader_is_changed_where_it_stands() -> None:
    """No clone is made."""
    x = tf.placeholder(tf.float32, [2, 6], 'x')
    tf.reshape(x, tf.constant([3, 4], name='shape'), name='y')
    graph = rewritten({('y', 1): {0: 2, 1: 6}})
    assert len(graph.node) == len(tf.get_default_graph().get_operations())
    assert plain.run_graph(graph, ['y'], {'x:0': np.zeros((2, 6))})[0].shape == (2, 6)


def test_a_shared_constant_is_cloned() -> None:
    """The other reader sees the old number."""
    x = tf.placeholder(tf.float32, [None, 6], 'x')
    shape = tf.constant([-1, 6], name='sizes')
    tf.reshape(x, shape, name='y')
    tf.identity(shape, name='other')
    graph = rewritten({('y', 1): {1: 3}})
    y, other = plain.run_graph(graph, ['y', 'other'], {'x:0': np.zeros((2, 6))})
    assert y.shape == (4, 3)
    assert other.tolist() == [-1, 6]


def test_a_pack_with_a_shared_number() -> None:
    """Pack and number are cloned; the batch size stays live."""
    x = tf.placeholder(tf.float32, [None, 6], 'x')
    shape = tf.stack([live_batch(x), tf.constant(6, name='width')], name='sizes')
    tf.reshape(x[:, :3], shape, name='y')
    tf.identity(shape, name='other')
    graph = rewritten({('y', 1): {1: 3}})
    y, other = plain.run_graph(graph, ['y', 'other'], {'x:0': np.zeros((5, 6))})
    assert y.shape == (5, 3)
    assert other.tolist() == [5, 6]


def test_minus_one_stays() -> None:
    """A size left to TensorFlow is left to it."""
    x = tf.placeholder(tf.float32, [2, 6], 'x')
    tf.reshape(x, tf.constant([4, -1], name='shape'), name='y')
    assert plain.run_graph(rewritten({('y', 1): {0: 3, 1: 9}}), ['y'], {'x:0': np.zeros((2, 6))})[0].shape == (3, 4)


@pytest.mark.parametrize('count', [1, 3])
def test_edits_of_several_readers(count: int) -> None:
    """Each reader gets its own number from one shared constant."""
    x = tf.placeholder(tf.float32, [1, 12], 'x')
    shape = tf.constant([12, 1], name='sizes')
    for number in range(count):
        tf.reshape(x, shape, name='y%d' % number)
    graph = rewritten({('y%d' % number, 1): {0: 12 // (number + 1), 1: number + 1} for number in range(count)})
    values = plain.run_graph(graph, ['y%d' % number for number in range(count)], {'x:0': np.zeros((1, 12))})
    assert [value.shape for value in values] == [(12 // (number + 1), number + 1) for number in range(count)]


def _row(operation: str, length: int, first: str) -> tf.GraphDef:
    """`n0 → n1 → …`, each reading the one before twice."""
    graph = tf.GraphDef()
    graph.node.add().CopyFrom(make_constant('n0', np.array([1], np.int32)))
    if first != 'Const':
        graph.node[0].CopyFrom(tf.NodeDef(name='n0', op=first))
    graph.node.extend(tf.NodeDef(name='n%d' % k, op=operation, input=['n%d' % (k - 1)] * 2) for k in range(1, length))
    return graph


@pytest.mark.parametrize(('operation', 'length', 'expected'), [
    ('Add', 31, 2 ** 30), ('Add', 20000, None), ('ConcatV2', 90, 1), ('Pack', 60, None)])
def test_arithmetic_that_doubles_at_every_step(operation: str, length: int, expected: Any) -> None:
    """Each node is looked at once; what is too deep or too large is not known."""
    view = GraphView(_row(operation, length, 'Const'))
    value = constant_value(view, TensorName('n%d' % (length - 1)))
    if expected is None or operation == 'ConcatV2':
        assert value is None or value.size <= 1
    else:
        assert int(value) == expected


def test_a_shape_that_doubles_at_every_step() -> None:
    """Likewise where it is asked whether a number is computed from a live shape, and for long rows of them."""
    assert is_live(GraphView(_row('Mul', 60, 'Shape')), TensorName('n59'))
    assert not is_live(GraphView(_row('Mul', 20000, 'Shape')), TensorName('n19999'))
    view = GraphView(_row('Pack', 20000, 'Const'))
    assert trace_element(view, {}, TensorName('n19999'), 0) == Element('n0', 0, 1)


@pytest.mark.parametrize('limits', [(0, 10 ** 9, 1), (0, 5, 0), (-2 ** 31, 2 ** 31 - 1, 1)])
def test_a_range_that_cannot_be(limits: Any) -> None:
    """Too long, or with a step of nothing."""
    graph = tf.GraphDef()
    graph.node.extend(make_constant('c%d' % k, np.array(limit, np.int32)) for k, limit in enumerate(limits))
    graph.node.add(name='range', op='Range', input=['c0', 'c1', 'c2'])
    assert constant_value(GraphView(graph), TensorName('range')) is None
