"""Static shapes by one import."""

from typing import List

import pytest

from tf1pruning.errors import ModelError
from tf1pruning.graph.shapes import declared_shape, first_line, infer_shapes, set_declared_shape, shape_at
from tf1pruning.graph.view import GraphView, TensorName
from tf1pruning.tf1 import tf


def network(use_resource: bool) -> GraphView:
    """A convolution on an image of unknown size."""
    x = tf.placeholder(tf.float32, [None, None, None, 3], 'x')
    with tf.variable_scope('', use_resource=use_resource):
        kernel = tf.get_variable('kernel', [1, 1, 3, 8])
    tf.nn.conv2d(x, kernel, 2, 'SAME', name='y')
    return GraphView(tf.get_default_graph().as_graph_def())


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
def test_shapes_of_a_convolution(use_resource: bool) -> None:
    """Placeholders take the shapes given; variables need no session."""
    view = network(use_resource)
    nodes = view.ancestors(['y'])
    assert infer_shapes(view, nodes, {'x': (2, 6, 6, 3)})['y'] == [(2, 3, 3, 8)]
    assert infer_shapes(view, nodes, {})['y'] == [(None, None, None, 8)]


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
def test_variables_of_one_shape(use_resource: bool) -> None:
    """Every read has its variable's shape, whatever others have the same."""
    x = tf.placeholder(tf.float32, [None, 6, 6, 3], 'x')
    with tf.variable_scope('', use_resource=use_resource):
        first, second, third = (tf.get_variable(name, [1, 1, 3, size])
                                for name, size in (('first', 8), ('second', 8), ('third', 5)))
        half = tf.get_variable('half', [8], tf.float16)
        bias = tf.get_variable('bias', [8])
    y = tf.nn.bias_add(tf.nn.conv2d(x, first, 1, 'SAME') + tf.nn.conv2d(x, second, 1, 'SAME'), bias)
    tf.concat([y, tf.nn.conv2d(x, third, 1, 'SAME')], 3, name='y')
    tf.cast(half, tf.float32, name='z')
    view = GraphView(tf.get_default_graph().as_graph_def())
    shapes = infer_shapes(view, view.ancestors(['y', 'z']), {})
    assert shapes['y'] == [(None, 6, 6, 13)]
    assert shapes['z'] == [(8,)]
    assert [shape_at(shapes, use) for name in ('first', 'second', 'third', 'bias', 'half')
            for use in _reads(view, name)] == [(1, 1, 3, 8), (1, 1, 3, 8), (1, 1, 3, 5), (8,), (8,)]


def _reads(view: GraphView, variable: str) -> List[TensorName]:
    """What the network reads of a variable."""
    return [TensorName(use.node) for use in view.uses[variable] if use.node in view.ancestors(['y', 'z'])]


def test_activations_have_the_shape_of_what_they_read() -> None:
    """One after the other, on any output, on a variable."""
    x = tf.placeholder(tf.float32, [None, 6, 5], 'x')
    with tf.variable_scope('', use_resource=False):
        weight = tf.get_variable('weight', [7, 2])
    tf.nn.relu6(tf.nn.relu(tf.split(x, [1, 4], 2)[1], name='one'), name='two')
    tf.sigmoid(weight, name='gate')
    tf.square(tf.rsqrt(tf.get_default_graph().get_tensor_by_name('two:0'), name='three'), name='four')
    view = GraphView(tf.get_default_graph().as_graph_def())
    shapes = infer_shapes(view, view.ancestors(['four', 'gate']), {})
    assert [shapes[name] for name in ('one', 'two', 'three', 'four')] == [[(None, 6, 4)]] * 4
    assert shapes['gate'] == [(7, 2)]


def test_a_graph_that_tensorflow_refuses() -> None:
    """Its reason is in the message, with the node."""
    view = network(False)
    with pytest.raises(ModelError, match="refuses the graph: .*for '{{node y}}|refuses the graph: .*for 'y'"):
        infer_shapes(view, view.ancestors(['y']), {'x': (2, 6, 6, 4)})


def test_declared_shape_round_trip() -> None:
    """Unknown sizes and unknown rank are kept apart."""
    node = tf.NodeDef()
    for shape in [(None, 3), (), None]:
        set_declared_shape(node, shape)
        assert declared_shape(node) == shape


def test_shape_at_of_unknown_tensors() -> None:
    """An output that is not there has no shape."""
    shapes = {'a': [(1,)]}
    assert shape_at(shapes, TensorName('a')) == (1,)
    assert shape_at(shapes, TensorName('a', 1)) is None
    assert shape_at(shapes, TensorName('b')) is None


def test_what_is_wrong_is_said_without_where() -> None:
    """TensorFlow 2 begins with the place."""
    x = tf.placeholder(tf.float32, [None])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as raised:
        session.run(tf.reshape(x, [3, 5]), {x: [0.0] * 4})
    assert first_line(raised.value) == 'Input to reshape is a tensor with 4 values, but the requested shape has 15'
    several = "Graph execution error:\n\nAt 'a'\nNode: 'a'\n2 root error(s) found.\n  (0) ABORTED: no\n  (1)"
    assert first_line(ValueError(several)) == 'ABORTED: no'
    assert first_line(ValueError('plain\nand more')) == 'plain'
    assert first_line(ValueError()) == 'ValueError'
