"""A few operations, analysed: what tests of single rules start from."""

from typing import List, Optional, Sequence, Tuple

import numpy as np

from tf1pruning.channels import Channels, analyse
from tf1pruning.channels.layout import EMPTY, Layout
from tf1pruning.graph.view import parse_tensor
from tf1pruning.model.model import Model, Weights
from tf1pruning.tf1 import tf


def _nothing(name: str) -> np.ndarray:
    raise KeyError(name)


def features(channels: int = 4, size: int = 3, name: str = 'k', batch: Optional[int] = 2) -> tf.Tensor:
    """A feature map `[batch, size, size, channels]`; its ids are those of axis 3 of the kernel `name`."""
    x = tf.placeholder(tf.float32, [batch, size, size, 1], name + '_image')
    kernel = tf.get_variable(name, [1, 1, 1, channels])
    return tf.nn.conv2d(x, kernel, 1, 'SAME', name=name + '_conv')


def vectors(channels: int = 4, name: str = 'k', batch: int = 2) -> tf.Tensor:
    """Rows `[batch, channels]`; their ids are those of axis 1 of the kernel `name`."""
    x = tf.placeholder(tf.float32, [batch, 5], name + '_rows')
    return tf.matmul(x, tf.get_variable(name, [5, channels]), name=name + '_product')


class Analysed:
    """Analysis of the default graph for some outputs."""

    def __init__(self, *outputs: tf.Tensor) -> None:
        meta = tf.MetaGraphDef()
        meta.graph_def.CopyFrom(tf.get_default_graph().as_graph_def())
        self.channels: Channels = analyse(Model('model', meta, Weights(_nothing, ()), [each.name for each in outputs]))

    def layout(self, tensor: tf.Tensor) -> Layout:
        """The layout of a tensor, empty if it has none."""
        return self.channels.layouts.get(parse_tensor(tensor.name), EMPTY)

    def ids(self, tensor: tf.Tensor, axis: int) -> Optional[np.ndarray]:
        """Classes along an axis that has a block of its own."""
        for block in self.layout(tensor).blocks:
            if block.axes == (axis,):
                return self.channels.labels[block.ids]
        return None

    def filters(self, name: str = 'k') -> np.ndarray:
        """Classes of the filters of a kernel."""
        return self.channels.labels[self.channels.axes[name][-1]]

    def pinned(self, name: str = 'k') -> bool:
        """Whether all filters of a kernel must stay; it is an error if only some must."""
        pinned = self.channels.pinned[self.filters(name)]
        assert pinned.all() or not pinned.any()
        return bool(pinned.all())

    def reasons(self, name: str = 'k') -> List[Tuple[str, str]]:
        """Node and reason of every pin of the filters of a kernel, that of being an output left out."""
        axis = len(self.channels.axes[name]) - 1
        return [(pin.node, pin.reason) for pin in self.channels.reasons(name, axis)
                if pin.reason != 'an output of the model']


def closed(x: tf.Tensor, name: str = 'close') -> tf.Tensor:
    """Ends a feature map or rows with a kernel, so that its channels are not those of the output."""
    if len(x.shape) == 2:
        return tf.matmul(x, tf.get_variable(name, [x.shape.as_list()[1], 2]), name=name + '_product')
    return tf.nn.conv2d(x, tf.get_variable(name, [1, 1, x.shape.as_list()[3], 2]), 1, 'SAME', name=name + '_conv')


def same(first: Optional[np.ndarray], second: Sequence[int]) -> bool:
    """Whether classes are as expected, element by element."""
    return first is not None and np.array_equal(first, second)
