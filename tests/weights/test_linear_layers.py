"""Which kernels may be written in another way, how often they multiply, and why others may not."""

import re
from typing import Any, Callable

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.weights.linear_layers import linear_layers


def model_of(build: Callable[[tf.Tensor], tf.Tensor], folder: Any) -> Model:
    """A model of the image, in inference form."""
    return to_inference(load(builders.save_graph(lambda: tf.identity(build(builders.image()), 'output'), folder)))


def kernel(name: str, *shape: int) -> tf.Tensor:
    return tf.get_variable(name, shape).value()


def test_sizes_and_how_often_they_multiply(tmp_path: Any) -> None:
    """The image has 8×8 positions; a stride of 2 leaves 4×4 of them."""
    layers, refused = linear_layers(to_inference(load(builders.save_network('expanded', tmp_path))))
    assert [(each.name, each.shape, each.positions, each.positions_before) for each in layers.values()] == [
        ('stem/kernel', (3, 3, 3, 8), 16, 64), ('block/expand/kernel', (1, 1, 8, 24), 16, 16),
        ('block/project/kernel', (1, 1, 24, 8), 16, 16), ('logits/kernel', (1, 1, 8, 5), 1, 1)]
    assert list(refused) == ['block/depthwise/depthwise_kernel']
    assert 'DepthwiseConv2dNative' in refused['block/depthwise/depthwise_kernel']


@pytest.mark.parametrize('network', ['partitioned', 'partitioned_rows', 'transposed', 'resource'])
def test_kernels_come_back_as_they_were(network: str, tmp_path: Any) -> None:
    """Parts are put together and taken apart, and a transposed kernel is turned and turned back."""
    model = to_inference(load(builders.save_network(network, tmp_path)))
    layers, _ = linear_layers(model)
    assert layers
    assert all('/part_' not in name for name in layers)
    for layer in layers.values():
        whole = layer.kernel(model)
        assert whole.shape == layer.shape
        for name, value in layer.values(model, whole).items():
            np.testing.assert_array_equal(value, model.value(name))
    if network.startswith('partitioned'):
        assert any(len(each.parts) == 2 for each in layers.values())
    if network == 'transposed':
        assert layers['logits/kernel'].transposed
        assert layers['logits/kernel'].shape == (1, 1, 12, 5)


def partitioned(x: tf.Tensor) -> tf.Tensor:
    """A kernel in two parts along what comes in: `[1, 1, 2, 4]` and `[1, 1, 1, 4]`."""
    weights = tf.get_variable('w', [1, 1, 3, 4], partitioner=tf.fixed_size_partitioner(2, axis=2))
    return tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding='SAME')


def test_parts_along_incoming_channels(tmp_path: Any) -> None:
    """Put together like others; fewer channels than the image has make no grouped convolution of it."""
    layers, refused = linear_layers(model_of(partitioned, tmp_path))
    assert not refused
    assert (len(layers['w'].parts), layers['w'].axis, layers['w'].shape) == (2, 2, (1, 1, 3, 4))


def shared(x: tf.Tensor) -> tf.Tensor:
    weights = kernel('w', 3, 3, 3, 3)
    return tf.nn.conv2d(tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding='SAME'), weights,
                        strides=[1, 2, 2, 1], padding='SAME')


def test_a_kernel_of_several_convolutions(tmp_path: Any) -> None:
    layers, refused = linear_layers(model_of(shared, tmp_path))
    assert not refused
    assert len(layers['w'].readers) == 2
    assert layers['w'].positions == 64 + 16
    assert layers['w'].positions_before == 64 + 64


def read_by_others(x: tf.Tensor) -> tf.Tensor:
    weights = kernel('w', 3, 3, 3, 3)
    return tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding='SAME') * tf.reduce_mean(weights)


def fake_quantised(x: tf.Tensor) -> tf.Tensor:
    weights = tf.quantization.fake_quant_with_min_max_args(kernel('w', 3, 3, 3, 3))
    return tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding='SAME')


def standardised(x: tf.Tensor) -> tf.Tensor:
    weights = kernel('w', 3, 3, 3, 3)
    return tf.nn.conv2d(x, tf.concat([weights, weights], 3), strides=[1, 1, 1, 1], padding='SAME')


def first_operand(x: tf.Tensor) -> tf.Tensor:
    return tf.matmul(kernel('w', 4, 3), tf.reshape(x, [-1, 3]), transpose_b=True)


def two_ways(x: tf.Tensor) -> tf.Tensor:
    weights = kernel('w', 3, 3)
    return tf.matmul(tf.matmul(tf.reshape(x, [-1, 3]), weights), weights, transpose_b=True)


def turned_input(x: tf.Tensor) -> tf.Tensor:
    return tf.matmul(tf.reshape(x, [64, -1]), kernel('w', 64, 3), transpose_a=True)


@pytest.mark.parametrize(('build', 'reason'), [(turned_input, 'something transposed'),
    (read_by_others, r'Mean.* reads it, too'), (fake_quantised, 'through .*FakeQuantWithMinMaxArgs'),
    (standardised, 'ConcatV2'), (first_operand, 'first operand'), (two_ways, 'in different ways')])
def test_why_a_kernel_is_left_alone(build: Callable[[tf.Tensor], tf.Tensor], reason: str, tmp_path: Any) -> None:
    layers, refused = linear_layers(model_of(build, tmp_path))
    assert not layers
    assert list(refused) == ['w']
    assert re.search(reason, refused['w'])


def test_a_kernel_that_is_an_output(tmp_path: Any) -> None:
    def build() -> None:
        weights = tf.identity(kernel('w', 3, 3, 3, 3), 'weights')
        tf.nn.conv2d(builders.image(), weights, strides=[1, 1, 1, 1], padding='SAME', name='output')

    model = load(builders.save_graph(build, tmp_path))
    layers, refused = linear_layers(to_inference(model.replace(outputs=('output', 'weights'))))
    assert not layers
    assert refused == {'w': 'it is an output (weights)'}
    assert list(linear_layers(to_inference(model))[0]) == ['w']
