"""Layers as raw operations, with the variable names of TF-slim."""

from typing import Callable, Sequence

from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf

from ..config import BuiltConfig, ConvolutionalConfig
from .activations import Activation, activation

_CONVOLUTIONAL = tf.variance_scaling_initializer(2.0, 'fan_out')
_DENSE = tf.variance_scaling_initializer(2.0, 'fan_in')


def convolution(x: tf.Tensor, filters: int, kernel: int = 1, stride: int = 1, bias: bool = False,
                padding: str = 'SAME', initializer: Callable[..., tf.Tensor] = _CONVOLUTIONAL) -> tf.Tensor:
    """Returns a 2-D convolution with variables `weights` and, if wanted, `biases`.

    Raises:
        OptionError: without padding, the kernel is larger than the feature map.
    """
    if padding == 'VALID' and kernel > min(x.shape.as_list()[1:3]):
        raise OptionError('a kernel of %d × %d does not fit on %d × %d pixels before %s: set a larger image_size' % (
            kernel, kernel, *x.shape.as_list()[1:3], tf.get_variable_scope().name))
    weights = tf.get_variable('weights', [kernel, kernel, int(x.shape[3]), filters], initializer=initializer)
    x = tf.nn.conv2d(x, weights, [1, stride, stride, 1], padding)
    if bias:
        x = tf.nn.bias_add(x, tf.get_variable('biases', [filters], initializer=tf.zeros_initializer()))
    return x


def depthwise_convolution(x: tf.Tensor, stride: int = 1, kernel: int = 3) -> tf.Tensor:
    """Returns a depthwise convolution with the variable `depthwise_weights`."""
    initializer = tf.random_normal_initializer(stddev=(2 / kernel ** 2) ** 0.5)
    weights = tf.get_variable('depthwise_weights', [kernel, kernel, int(x.shape[3]), 1], initializer=initializer)
    return tf.nn.depthwise_conv2d(x, weights, [1, stride, stride, 1], 'SAME')


def pooled_dense(x: tf.Tensor, units: int) -> tf.Tensor:
    """Returns a matrix product plus bias of pooled features `[N, 1, 1, C]`, as a convolution.

    It begins as `dense` does. With the kernels of convolutions, whose spread comes from the number of outputs and is
    put right by the batch norm behind, few outputs of many inputs would begin too large: 10 logits of 1,280 features
    with a deviation of 6.4 in place of 0.6.
    """
    return convolution(x, units, bias=True, initializer=_DENSE)


def dense(x: tf.Tensor, units: int) -> tf.Tensor:
    """Returns a matrix product plus bias of rows `[N, C]`, with the variables `weights` and `biases`."""
    weights = tf.get_variable('weights', [int(x.shape[1]), units], initializer=_DENSE)
    biases = tf.get_variable('biases', [units], initializer=tf.zeros_initializer())
    return tf.nn.bias_add(tf.matmul(x, weights), biases)


def flatten(x: tf.Tensor) -> tf.Tensor:
    """Returns a feature map `[N, H, W, C]` as rows `[N, H·W·C]`."""
    _, height, width, channels = x.shape.as_list()
    return tf.reshape(x, [-1, height * width * channels])


def batch_norm(x: tf.Tensor, config: ConvolutionalConfig, training: bool) -> tf.Tensor:
    """Returns fused batch norm with γ, β and moving statistics below `BatchNorm`."""
    return tf.layers.batch_normalization(x, momentum=config.batch_norm_momentum, epsilon=config.batch_norm_epsilon,
                                         training=training, fused=True, name='BatchNorm')


def squeeze_and_excitation(x: tf.Tensor, squeezed: int, gating: Activation = tf.sigmoid) -> tf.Tensor:
    """Gates every channel by the pooled others (Hu et al., arXiv 1709.01507): `squeeze`, `excite`, sigmoid."""
    with tf.variable_scope('se'):
        gate = tf.reduce_mean(x, [1, 2], keepdims=True)
        with tf.variable_scope('squeeze'):
            gate = tf.nn.relu(pooled_dense(gate, squeezed))
        with tf.variable_scope('excite'):
            gate = gating(pooled_dense(gate, int(x.shape[3])))
    return x * gate


def squeezed_channels(channels: int, config: ConvolutionalConfig) -> int:
    """Returns how many channels a gate of `channels` is squeezed to."""
    return round_channels(channels * config.se_ratio, config)


def round_channels(channels: float, config: BuiltConfig) -> int:
    """Rounds to the nearest multiple of `channel_multiple`, at least one of them, and to no less than 90 %.

    The rule of the MobileNet papers' code, on which their numbers of parameters rest.
    """
    multiple = config.channel_multiple
    rounded = max(multiple, int(channels / multiple + 0.5) * multiple)
    return rounded + multiple if rounded < 0.9 * channels else rounded


def widened(channels: float, config: BuiltConfig) -> int:
    """Returns a channel count after the width multiplier."""
    return round_channels(channels * config.width, config)


def hidden_layers(x: tf.Tensor, units: Sequence[int], config: BuiltConfig) -> tf.Tensor:
    """Returns rows after fully connected layers below `fc1`, `fc2` and so on."""
    act = activation(config.activation)
    for number, count in enumerate(units, 1):
        with tf.variable_scope('fc%d' % number):
            x = act(dense(x, widened(count, config)))
    return x


def dropped_out(x: tf.Tensor, config: BuiltConfig, training: bool) -> tf.Tensor:
    """Drops some of a classifier's inputs while training."""
    return tf.nn.dropout(x, rate=config.dropout) if training and config.dropout else x


def pooled_classifier(x: tf.Tensor, config: BuiltConfig, training: bool) -> tf.Tensor:
    """Pools a feature map over its positions and classifies it below `Logits`."""
    with tf.variable_scope('Logits'):
        x = dropped_out(tf.reduce_mean(x, [1, 2], keepdims=True, name='pool'), config, training)
        return tf.squeeze(pooled_dense(x, config.classes), [1, 2])


def dense_classifier(x: tf.Tensor, config: BuiltConfig, training: bool) -> tf.Tensor:
    """Classifies rows by a matrix product below `Logits`."""
    with tf.variable_scope('Logits'):
        return dense(dropped_out(x, config, training), config.classes)
