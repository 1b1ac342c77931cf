"""NCHW graphs, computed in NHWC."""

from typing import Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Dialect
from tf1pruning.graph.channels_last import channels_last
from tf1pruning.tf1 import tf

IMAGE = np.random.RandomState(5).uniform(size=(2, 8, 8, 3)).astype(np.float32)
FIRST = np.transpose(IMAGE, [0, 3, 1, 2])


def _graph() -> tf.GraphDef:
    return tf.get_default_graph().as_graph_def()


def _kernel() -> tf.Tensor:
    """The same numbers in every graph."""
    return tf.constant(np.random.RandomState(1).uniform(size=[3, 3, 3, 4]), tf.float32)


def test_a_network_computes_the_same() -> None:
    """Convolutions, depthwise ones, batch norm, squeeze-and-excitation: as built in NHWC with the same weights."""
    outputs = []
    for data_format, value in (('NCHW', FIRST), ('NHWC', IMAGE)):
        with tf.Graph().as_default() as graph, plain.new_session() as session:
            builders.mobilenet(Dialect(data_format=data_format), 4)
            session.run(tf.global_variables_initializer())
            builders.randomise(session, tf.global_variables())
            frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['output'])
        outputs.append(plain.run_graph(channels_last(frozen), ['output'], {'image:0': value})[0])
    assert np.abs(outputs[1]).max() > 0
    assert plain.relative(*outputs) <= 1e-5


def test_transposed_convolutions_pools_and_paddings() -> None:
    """The size that a transposed convolution is told, explicit paddings, and a later output of a batch norm."""
    x = tf.placeholder(tf.float32, [2, 3, 8, 8], 'x')
    kernel = _kernel()
    padding = [[0, 0], [0, 0], [1, 0], [2, 1]]
    y = tf.nn.conv2d(x, kernel, [1, 1, 2, 1], padding, data_format='NCHW')
    y, mean, _ = tf.nn.fused_batch_norm(y, tf.ones([4]), tf.zeros([4]), data_format='NCHW')
    y = tf.nn.max_pool(y, [1, 1, 1, 3], [1, 1, 1, 3], 'VALID', data_format='NCHW')
    tf.nn.conv2d_transpose(y, kernel, [2, 3, 8, 6], [1, 1, 2, 2], 'SAME', data_format='NCHW', name='y')
    tf.identity(mean, 'mean')
    found = plain.run_graph(channels_last(_graph()), ['y', 'mean'], {'x:0': FIRST})
    with tf.Graph().as_default() as graph:
        z = tf.nn.conv2d(tf.pad(tf.placeholder(tf.float32, [2, 8, 8, 3], 'x'), [padding[k] for k in (0, 2, 3, 1)]),
                         _kernel(), [1, 2, 1, 1], 'VALID')
        z, mean, _ = tf.nn.fused_batch_norm(z, tf.ones([4]), tf.zeros([4]))
        z = tf.nn.max_pool(z, [1, 1, 3, 1], [1, 1, 3, 1], 'VALID')
        tf.nn.conv2d_transpose(z, _kernel(), [2, 8, 6, 3], [1, 2, 2, 1], 'SAME', name='y')
        tf.identity(mean, 'mean')
        wanted = plain.run_graph(graph.as_graph_def(), ['y', 'mean'], {'x:0': IMAGE})
    assert plain.relative(wanted[0], np.transpose(found[0], [0, 2, 3, 1])) <= 1e-5
    assert plain.relative(wanted[1], found[1]) <= 1e-5


@pytest.mark.parametrize('shape', [(2, 4, 7), (2, 4, 3, 5), (2, 4, 3, 5, 6)])
def test_biases_of_any_rank(shape: Tuple[int, ...]) -> None:
    """Convolutions over volumes have biases in NCHW too, as Keras builds them."""
    value = np.random.RandomState(2).uniform(size=shape).astype(np.float32)
    bias = np.arange(4, dtype=np.float32)
    tf.nn.bias_add(tf.placeholder(tf.float32, shape, 'x'), bias, data_format='NCHW', name='y')
    found = plain.run_graph(channels_last(_graph()), ['y'], {'x:0': value})[0]
    assert np.array_equal(found, value + bias.reshape([4] + [1] * (len(shape) - 2)))


def test_other_graphs_stay() -> None:
    """Nothing is copied where nothing is in NCHW."""
    builders.mobilenet()
    graph = _graph()
    assert channels_last(graph) is graph
