"""Convolutions and batch norm as raw operations, with the variable names of TF-slim."""

from tf1pruning.tf1 import tf

from ..config import ModelConfig

_INITIALIZER = tf.variance_scaling_initializer(2.0, 'fan_out')


def convolution(x: tf.Tensor, filters: int, kernel: int = 1, stride: int = 1, bias: bool = False) -> tf.Tensor:
    """Returns a 2-D convolution with variables `weights` and, if wanted, `biases`."""
    weights = tf.get_variable('weights', [kernel, kernel, int(x.shape[3]), filters], initializer=_INITIALIZER)
    x = tf.nn.conv2d(x, weights, [1, stride, stride, 1], 'SAME')
    if bias:
        x = tf.nn.bias_add(x, tf.get_variable('biases', [filters], initializer=tf.zeros_initializer()))
    return x


def depthwise_convolution(x: tf.Tensor, stride: int = 1) -> tf.Tensor:
    """Returns a 3 × 3 depthwise convolution with the variable `depthwise_weights`."""
    weights = tf.get_variable('depthwise_weights', [3, 3, int(x.shape[3]), 1],
                              initializer=tf.random_normal_initializer(stddev=(2 / 9) ** 0.5))
    return tf.nn.depthwise_conv2d(x, weights, [1, stride, stride, 1], 'SAME')


def batch_norm(x: tf.Tensor, config: ModelConfig, training: bool) -> tf.Tensor:
    """Returns fused batch norm with γ, β and moving statistics below `BatchNorm`."""
    return tf.layers.batch_normalization(x, momentum=config.batch_norm_momentum, epsilon=config.batch_norm_epsilon,
                                         training=training, fused=True, name='BatchNorm')


def squeeze_and_excitation(x: tf.Tensor, squeezed: int) -> tf.Tensor:
    """Gates every channel by the pooled others (Hu et al., arXiv 1709.01507): `squeeze`, `excite`, sigmoid."""
    with tf.variable_scope('se'):
        gate = tf.reduce_mean(x, [1, 2], keepdims=True)
        with tf.variable_scope('squeeze'):
            gate = tf.nn.relu(convolution(gate, squeezed, bias=True))
        with tf.variable_scope('excite'):
            gate = tf.sigmoid(convolution(gate, int(x.shape[3]), bias=True))
    return x * gate
