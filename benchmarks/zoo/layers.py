"""Layers of the zoo's own networks, in plain TensorFlow operations."""

from typing import Callable, List, Optional, Sequence

from tf1pruning.tf1 import tf

Activation = Optional[Callable[[tf.Tensor], tf.Tensor]]


def image(size: int, channels: int = 3) -> tf.Tensor:
    """The input, `[N, size, size, channels]` with any batch size."""
    return tf.placeholder(tf.float32, [None, size, size, channels], 'image')


def width(x: tf.Tensor) -> int:
    """Number of channels."""
    return int(x.shape[-1])


def batch_norm(x: tf.Tensor, data_format: str = 'NHWC') -> tf.Tensor:
    """Batch norm in inference mode."""
    size = [x.shape.as_list()[1 if data_format == 'NCHW' else 3]]
    with tf.variable_scope(None, 'batch_norm'):
        names = ('gamma', 'beta', 'moving_mean', 'moving_variance')
        scale, offset, mean, variance = [tf.get_variable(name, size, trainable='moving' not in name) for name in names]
        return tf.nn.fused_batch_norm(x, scale, offset, mean, variance, 1e-3, data_format, False)[0]


def biased(x: tf.Tensor) -> tf.Tensor:
    """Adds a bias."""
    return tf.nn.bias_add(x, tf.get_variable('bias', [width(x)]))


def conv(x: tf.Tensor, filters: int, size: int = 1, stride: int = 1, act: Activation = tf.nn.relu, norm: bool = True,
         dilation: int = 1, padding: str = 'SAME') -> tf.Tensor:
    """Convolution, batch norm or bias, activation."""
    with tf.variable_scope(None, 'conv'):
        kernel = tf.get_variable('kernel', [size, size, width(x), filters])
        x = tf.nn.conv2d(x, kernel, [1, stride, stride, 1], padding, dilations=[1, dilation, dilation, 1])
        x = batch_norm(x) if norm else biased(x)
        return act(x) if act is not None else x


def split_conv(x: tf.Tensor, filters: int, groups: int, size: int = 1, act: Activation = tf.nn.relu) -> tf.Tensor:
    """A grouped convolution as it is written where only ordinary ones run: split, convolve, concatenate."""
    with tf.variable_scope(None, 'split_conv'):
        kernels = [tf.get_variable('kernel_%d' % k, [size, size, width(x) // groups, filters // groups])
                   for k in range(groups)]
        x = tf.concat([tf.nn.conv2d(part, kernel, 1, 'SAME') for part, kernel in zip(tf.split(x, groups, 3), kernels)],
                      3)
        x = batch_norm(x)
        return act(x) if act is not None else x


def depthwise(x: tf.Tensor, size: int = 3, stride: int = 1, act: Activation = tf.nn.relu,
              multiplier: int = 1) -> tf.Tensor:
    """Depthwise convolution, batch norm, activation."""
    with tf.variable_scope(None, 'depthwise'):
        kernel = tf.get_variable('depthwise_kernel', [size, size, width(x), multiplier])
        x = batch_norm(tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], 'SAME'))
        return act(x) if act is not None else x


def deconv(x: tf.Tensor, filters: int, size: int, stride: int, out: Sequence[int], dynamic: bool = True,
           norm: bool = True, act: Activation = tf.nn.relu) -> tf.Tensor:
    """Transposed convolution to a spatial size; its output shape is computed or, for a fixed batch, spelled out."""
    with tf.variable_scope(None, 'deconv'):
        kernel = tf.get_variable('kernel', [size, size, filters, width(x)])
        shape = tf.stack([tf.shape(x)[0], *out, filters]) if dynamic else [x.shape.as_list()[0], *out, filters]
        x = tf.nn.conv2d_transpose(x, kernel, shape, [1, stride, stride, 1], 'SAME')
        x.set_shape([None, *out, filters])
        x = batch_norm(x) if norm else biased(x)
        return act(x) if act is not None else x


def dense(x: tf.Tensor, units: int, act: Activation = None) -> tf.Tensor:
    """Matrix product, bias, activation."""
    with tf.variable_scope(None, 'dense'):
        x = biased(tf.matmul(x, tf.get_variable('kernel', [width(x), units])))
        return act(x) if act is not None else x


def gated(x: tf.Tensor, squeezed: int, spelling: str = 'conv') -> tf.Tensor:
    """Squeeze-and-excitation by 1×1 convolutions, or by matrix products and a Reshape."""
    with tf.variable_scope(None, 'gate'):
        if spelling == 'conv':
            gate = conv(tf.reduce_mean(x, [1, 2], keepdims=True), squeezed, norm=False)
            return x * conv(gate, width(x), act=tf.sigmoid, norm=False)
        gate = dense(dense(tf.reduce_mean(x, [1, 2]), squeezed, tf.nn.relu), width(x), tf.sigmoid)
        return x * tf.reshape(gate, [-1, 1, 1, width(x)])


def shuffled(x: tf.Tensor, groups: int) -> tf.Tensor:
    """Channel shuffle: Reshape, Transpose, Reshape."""
    _, height, breadth, channels = x.shape.as_list()
    x = tf.reshape(x, [-1, height, breadth, groups, channels // groups])
    return tf.reshape(tf.transpose(x, [0, 1, 2, 4, 3]), [-1, height, breadth, channels])


def classified(x: tf.Tensor, classes: int = 10) -> tf.Tensor:
    """Global pooling and a classifier."""
    return dense(tf.reduce_mean(x, [1, 2]), classes)


def side_by_side(parts: List[tf.Tensor]) -> tf.Tensor:
    """Concatenates along the channels."""
    return tf.concat(parts, 3)
