"""Sizes that become numbers."""

from typing import Callable, Set

import pytest

from tf1pruning.graph.sizes import counted_axes
from tf1pruning.graph.view import GraphView, TensorName
from tf1pruning.tf1 import tf


def as_number(tensor: tf.Tensor) -> tf.Tensor:
    """Calculates with sizes."""
    return tf.cast(tensor, tf.float32) * 2.0


@pytest.mark.parametrize(('read', 'axes'), [
    (lambda shape: as_number(shape[3]), {3}), (lambda shape: as_number(shape[-1]), {3}),
    (lambda shape: as_number(shape[1:3]), {1, 2}), (lambda shape: as_number(shape[:2]), {0, 1}),
    (lambda shape: as_number(tf.gather(shape, [0, 3])), {0, 3}), (lambda shape: as_number(shape), {0, 1, 2, 3}),
    (lambda shape: as_number(tf.reduce_prod(shape[1:])), {1, 2, 3}),
    (lambda shape: as_number(tf.range(shape[3])), {3}), (lambda shape: tf.cast(shape, tf.float32)[2] * 2.0, {2}),
    (lambda shape: tf.reshape(tf.zeros([36]), shape), set()), (lambda shape: shape[3] * 2, set()),
    (lambda shape: tf.reshape(tf.zeros([36]), tf.stack([-1, shape[3] // 2])), set())])
def test_counted_axes(read: Callable[[tf.Tensor], tf.Tensor], axes: Set[int]) -> None:
    """Those that reach floating-point arithmetic; shapes that stay shapes do not count."""
    read(tf.shape(tf.placeholder(tf.float32, [None, 3, 3, 4], 'x'), name='shape'))
    view = GraphView(tf.get_default_graph().as_graph_def())
    assert counted_axes(view, TensorName('shape'), 4) == axes


def test_a_size_counts_every_axis() -> None:
    """It is their product."""
    as_number(tf.size(tf.placeholder(tf.float32, [None, 3, 3, 4], 'x'), name='size'))
    view = GraphView(tf.get_default_graph().as_graph_def())
    assert counted_axes(view, TensorName('size'), 4, picks=False) == {0, 1, 2, 3}
