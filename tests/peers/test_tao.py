"""NVIDIA TAO for TF1: depthwise multipliers above 1 and most Reshape and Permute layers are rejected."""

from typing import Any, Callable

import pytest

from tests import builders
from tests.builders import conv, image
from tests.peers.pruned import assert_exact, operations, prune_graph
from tf1pruning.tf1 import tf


@pytest.mark.parametrize('multiplier', [2, 3, 4])
def test_depthwise_multipliers(tmp_path: Any, multiplier: int) -> None:
    """Any number of filters for each channel, in an inverted residual."""
    def build() -> None:
        x = conv(image(), 8, 'stem', 3)
        builders.head(builders.inverted_residual(x, 12, 'block', multiplier=multiplier, squeeze=4))

    pruned = prune_graph(build, tmp_path)
    assert pruned.before['block/depthwise/depthwise_kernel'] == (3, 3, 24, multiplier)
    assert pruned.after['block/depthwise/depthwise_kernel'] == (3, 3, 12, multiplier)
    assert pruned.after['block/depthwise/bn/gamma'] == (12 * multiplier,)
    assert pruned.after['block/project/kernel'] == (1, 1, 12 * multiplier, 6)
    assert_exact(pruned)


def _permuted_and_back(x: tf.Tensor) -> tf.Tensor:
    x = tf.keras.layers.Permute((3, 1, 2))(x)
    return tf.keras.layers.Permute((2, 3, 1))(x * 2.0)


def _flattened_from_channels_first(x: tf.Tensor) -> tf.Tensor:
    return tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [-1, 8 * 8 * 8])


def _tokens(x: tf.Tensor) -> tf.Tensor:
    """As in front of a sequence layer: `[N, H·W, C]`, then back."""
    x = tf.nn.relu(tf.reshape(x, [-1, 64, 8]))
    return tf.reshape(x, [-1, 8, 8, 8])


def _shuffled(x: tf.Tensor) -> tf.Tensor:
    x = tf.transpose(tf.reshape(x, [-1, 8, 8, 2, 4]), [0, 1, 2, 4, 3])
    return tf.reshape(x, [-1, 8, 8, 8])


def _by_shape(x: tf.Tensor) -> tf.Tensor:
    """A Reshape whose target is computed from the tensor's own shape."""
    size = tf.shape(x)
    x = tf.reshape(x, tf.stack([size[0], size[1] * size[2], 8]))
    return tf.reshape(tf.tanh(x), tf.stack([size[0], 8, 8, -1]))


def _gate(x: tf.Tensor) -> tf.Tensor:
    gate = tf.keras.layers.Reshape((1, 1, 8))(builders.dense(tf.reduce_mean(x, [1, 2]), 8, 'gate', tf.sigmoid))
    return x * gate


def _split_heads(x: tf.Tensor) -> tf.Tensor:
    """Detection heads: `[N, H, W, anchors · classes]` to rows of classes, and back."""
    x = tf.reshape(x, [-1, 8 * 8 * 2, 4])
    return tf.reshape(tf.nn.relu(x), [-1, 8, 8, 8])


@pytest.mark.parametrize('block', [_permuted_and_back, _flattened_from_channels_first, _tokens, _shuffled, _by_shape,
                                   _gate, _split_heads])
def test_reshape_and_permute(tmp_path: Any, block: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """The channels before each of them go by half, and so does what uses them behind."""
    def build() -> None:
        x = block(conv(image(), 8, 'before', 3))
        if len(x.shape) == 4:
            x.set_shape([None, 8, 8, 8])
            builders.head(conv(x, 12, 'after'))
        else:
            tf.identity(builders.dense(x, builders.CLASSES, 'after'), 'output')

    pruned = prune_graph(build, tmp_path)
    assert {'Reshape', 'Transpose'} & set(operations(pruned.frozen))
    assert pruned.after['before/kernel'] == (3, 3, 3, 4)
    assert pruned.after['after/kernel'][-2] == pruned.before['after/kernel'][-2] // 2
    assert_exact(pruned)
