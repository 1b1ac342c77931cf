"""Shapes through TensorArrays."""

from typing import Dict, Optional

import pytest

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
    shapes = infer_through_arrays(view, nodes, placeholders) if through else infer_shapes(view, nodes, placeholders)
    return shapes['output'][0]


def test_a_map_over_the_batch() -> None:
    """TensorFlow loses the shape; what is written into the array tells it."""
    with tf.Graph().as_default():
        assert _shape(2, False) is None
    assert _shape(2, True) == (2, 10, 12, 3)


@pytest.mark.parametrize('size', [5, None])
def test_a_map_over_time(size: Optional[int]) -> None:
    """What a loop runs over need not be the batch."""
    x = tf.placeholder(tf.float32, [None, None, 3], 'x')
    turned = tf.transpose(x, [1, 0, 2])
    tf.identity(tf.map_fn(lambda each: tf.ensure_shape(each, [2, 3]), turned), 'output')
    assert _through({'x': (2, size, 3)}) == (size, 2, 3)


def test_a_part_of_an_array_and_elements_of_several_sizes() -> None:
    """Some of ten elements, whose number is fed; what the elements have not in common stays unknown."""
    indices = tf.placeholder(tf.int32, [None], 'indices')
    array = tf.TensorArray(tf.float32, 10, infer_shape=False)
    array = array.write(0, tf.zeros([4, 2])).write(1, tf.zeros([4, 3]))
    tf.identity(array.gather(indices), 'output')
    assert _through({'indices': (None,)}) == (None, 4, None)


def _through(placeholders: Dict[str, Shape]) -> Optional[Shape]:
    view = GraphView(tf.get_default_graph().as_graph_def())
    return infer_through_arrays(view, view.ancestors(['output']), placeholders)['output'][0]


def test_an_array_of_unknown_elements() -> None:
    """What nobody knows stays unknown."""
    x = tf.placeholder(tf.float32, None, 'x')
    tf.identity(tf.map_fn(lambda each: each + 1.0, x), 'output')
    view = GraphView(tf.get_default_graph().as_graph_def())
    assert infer_through_arrays(view, view.ancestors(['output']), {'x': None})['output'] == [None]
