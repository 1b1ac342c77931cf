"""Static shapes by one import."""

import pytest

from tf1pruning.errors import ModelError
from tf1pruning.graph.shapes import declared_shape, infer_shapes, set_declared_shape, shape_at
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


def test_a_graph_that_tensorflow_refuses() -> None:
    """Its reason is in the message."""
    view = network(False)
    with pytest.raises(ModelError, match='refuses the graph'):
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
