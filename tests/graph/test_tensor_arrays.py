"""Shapes through TensorArrays."""

from typing import Optional

from tf1pruning.graph.shapes import Shape, infer_shapes
from tf1pruning.graph.tensor_arrays import infer_through_arrays
from tf1pruning.graph.view import GraphView
from tf1pruning.tf1 import tf


def _shape(batch: Optional[int], through: bool) -> Optional[Shape]:
    """Returns the shape of a `map_fn` over images, read back from the proto without the shapes noted in it."""
    x = tf.placeholder(tf.float32, [None, None, None, 3], 'x')
    resized = tf.map_fn(lambda image: tf.image.resize_images(image, [10, 12]), x)
    tf.identity(resized, 'output')
    graph = tf.get_default_graph().as_graph_def()
    for node in graph.node:
        if node.op == 'TensorArrayV3':
            node.attr['element_shape'].shape.Clear()
            node.attr['element_shape'].shape.unknown_rank = True
    view = GraphView(graph)
    placeholders = {'x': (batch, 6, 6, 3)}
    nodes = view.ancestors(['output'])
    shapes = infer_through_arrays(view, nodes, placeholders, 2) if through else infer_shapes(view, nodes, placeholders)
    return shapes['output'][0]


def test_a_map_over_the_batch() -> None:
    """TensorFlow loses the shape; what is written into the array tells it."""
    with tf.Graph().as_default():
        assert _shape(2, False) is None
    assert _shape(2, True) == (2, 10, 12, 3)


def test_an_array_of_unknown_elements() -> None:
    """What nobody knows stays unknown."""
    x = tf.placeholder(tf.float32, None, 'x')
    tf.identity(tf.map_fn(lambda each: each + 1.0, x), 'output')
    view = GraphView(tf.get_default_graph().as_graph_def())
    assert infer_through_arrays(view, view.ancestors(['output']), {'x': None}, 2)['output'] == [None]
