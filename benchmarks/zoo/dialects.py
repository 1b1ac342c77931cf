"""More ways to spell layers, met in graphs of detectors, segmenters, text and sound networks."""

from typing import Callable, Dict

import numpy as np

from benchmarks.zoo.blocks import Ends, dense_shared, registrars
from benchmarks.zoo.layers import batch_norm, biased, conv, dense, depthwise, image, side_by_side, width
from tf1pruning.tf1 import tf

DIALECTS: Dict[str, Callable[[], Ends]] = {}
between, network = registrars(DIALECTS)


@between('CReLU')
def crelu(x: tf.Tensor) -> tf.Tensor:
    """Both signs of every channel side by side."""
    return tf.nn.crelu(conv(x, 16, act=None))


@between('MaxoutReshape')
def maxout(x: tf.Tensor) -> tf.Tensor:
    """Maxout by a Reshape: runs of three channels become one."""
    return tf.reduce_max(tf.reshape(conv(x, 48, act=None), [-1, 16, 16, 16, 3]), 4)


@between('PixelShuffle')
def pixel_shuffle(x: tf.Tensor) -> tf.Tensor:
    """DepthToSpace by Reshape, Transpose, Reshape."""
    x = tf.reshape(conv(x, 32), [-1, 16, 16, 2, 2, 8])
    return tf.reshape(tf.transpose(x, [0, 1, 3, 2, 4, 5]), [-1, 32, 32, 8])


@between('UpsampleByTile')
def tiled(x: tf.Tensor) -> tf.Tensor:
    """Nearest neighbours by ExpandDims, Tile and a computed Reshape."""
    rows = tf.tile(x[:, :, None, :, None, :], [1, 1, 2, 1, 2, 1])
    shape = tf.shape(x)
    return tf.reshape(rows, tf.stack([shape[0], shape[1] * 2, shape[2] * 2, width(x)]))


@between('Focus')
def focus(x: tf.Tensor) -> tf.Tensor:
    """SpaceToDepth by strided slices over space and a concat."""
    return side_by_side([x[:, row::2, column::2, :] for row in (0, 1) for column in (0, 1)])


@between('SpaceToDepth')
def space_to_depth(x: tf.Tensor) -> tf.Tensor:
    """And back to a quarter of the channels."""
    return tf.space_to_depth(x, 2)


@between('CoordConv')
def coordinates(x: tf.Tensor) -> tf.Tensor:
    """Constant channels beside the computed ones."""
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 16), np.linspace(-1, 1, 16)), -1).astype(np.float32)
    return conv(tf.concat([x, tf.tile(grid[None], [tf.shape(x)[0], 1, 1, 1])], 3), 32, 3)


@between('ASPP')
def pyramid(x: tf.Tensor) -> tf.Tensor:
    """DeepLab's: dilated branches, and a pooled one resized to what the shape says."""
    pooled = conv(tf.reduce_mean(x, [1, 2], keepdims=True), 16)
    pooled = tf.image.resize_bilinear(pooled, tf.shape(x)[1:3], align_corners=True)
    return conv(side_by_side([conv(x, 16), conv(x, 16, 3, dilation=2), conv(x, 16, 3, dilation=4), pooled]), 24)


@between('FPN')
def feature_pyramid(x: tf.Tensor) -> tf.Tensor:
    """Lateral convolutions, upsampling by the other map's shape, sums."""
    below = conv(x, 40, 3, 2)
    top = conv(below, 32, act=None)
    return conv(x, 32, act=None) + tf.image.resize_nearest_neighbor(top, tf.shape(x)[1:3])


@between('SeparableConv')
def separable(x: tf.Tensor) -> tf.Tensor:
    """Depthwise and pointwise kernels without anything between."""
    kernels = tf.get_variable('depth', [3, 3, width(x), 2]), tf.get_variable('point', [1, 1, width(x) * 2, 20])
    return tf.nn.relu(batch_norm(tf.nn.separable_conv2d(x, *kernels, [1, 1, 1, 1], 'SAME')))


@between('CBAM')
def cbam(x: tf.Tensor) -> tf.Tensor:
    """Attention over channels by shared layers on two poolings; over space by a mean over channels, which pins."""
    x = conv(x, 32)
    gates = [dense_shared(tf.nn.relu(dense_shared(pool, 8, 'squeeze')), 32, 'excite')
             for pool in (tf.reduce_mean(x, [1, 2]), tf.reduce_max(x, [1, 2]))]
    x = conv(x * tf.sigmoid(tf.add_n(gates))[:, None, None, :], 24)
    places = tf.concat([tf.reduce_mean(x, 3, keepdims=True), tf.reduce_max(x, 3, keepdims=True)], 3)
    return x * conv(places, 1, 7, act=tf.sigmoid, norm=False)


@between('SKNet')
def selected(x: tf.Tensor) -> tf.Tensor:
    """Two branches weighted by a softmax over branches, stacked and unstacked."""
    branches = tf.stack([conv(x, 32, 3), conv(x, 32, 3, dilation=2)], 1)
    squeezed = dense(tf.reduce_mean(branches, [1, 2, 3]), 8, tf.nn.relu)
    weights = tf.nn.softmax(tf.stack([dense(squeezed, 32), dense(squeezed, 32)], 1), 1)
    return tf.reduce_sum(branches * weights[:, :, None, None, :], 1)


@between('WeightStandardisation')
def standardised(x: tf.Tensor) -> tf.Tensor:
    """A kernel whose filters are normalised in the graph."""
    kernel = tf.get_variable('standardised', [3, 3, width(x), 32])
    mean, variance = tf.nn.moments(kernel, [0, 1, 2], keep_dims=True)
    return tf.nn.relu(biased(tf.nn.conv2d(x, (kernel - mean) * tf.rsqrt(variance + 1e-5), 1, 'SAME')))


@between('ScaledKernel')
def scaled_kernel(x: tf.Tensor) -> tf.Tensor:
    """An equalised learning rate and a mask of zeros: products of the kernel with stored numbers."""
    kernel, mask = tf.get_variable('scaled', [3, 3, width(x), 32]), tf.get_variable('mask', [3, 3, width(x), 32])
    return tf.nn.relu(biased(tf.nn.conv2d(x, kernel * 0.7 * mask, 1, 'SAME')))


@between('FakeQuant')
def quantised(x: tf.Tensor) -> tf.Tensor:
    """Quantisation-aware training: weights and activations."""
    kernel = tf.get_variable('quantised', [3, 3, width(x), 32])
    kernel = tf.quantization.fake_quant_with_min_max_vars(kernel, -1.0, 1.0)
    x = tf.nn.relu(batch_norm(tf.nn.conv2d(x, kernel, 1, 'SAME')))
    return tf.quantization.fake_quant_with_min_max_args(x, 0.0, 6.0)


@between('ScaleAndWhere')
def conditional(x: tf.Tensor) -> tf.Tensor:
    """ELU written out with a Select, a learnt scale, a clip, and a threshold."""
    x = tf.where(x > 0.0, x, tf.exp(x) - 1.0) * tf.get_variable('scale', [1, 1, 1, width(x)])
    return tf.clip_by_value(tf.maximum(x, 0.1 * x), -6.0, 6.0)


@between('Flatten')
def flattened(x: tf.Tensor) -> tf.Tensor:
    """A flatten whose target is `Pack(batch, -1)`, two dense layers, and a feature map again."""
    x = tf.nn.max_pool2d(x, 4, 4, 'VALID')
    rows = tf.reshape(x, tf.stack([tf.shape(x)[0], -1]))
    rows.set_shape([None, 4 * 4 * 24])
    return tf.reshape(dense(dense(rows, 40, tf.nn.relu), 4 * 4 * 12, tf.nn.relu), [-1, 4, 4, 12])


@between('NCHW-Transposed')
def transposed(x: tf.Tensor) -> tf.Tensor:
    """A part of the graph in channels first, as converters leave it."""
    x = tf.transpose(tf.pad(tf.transpose(x, [0, 3, 1, 2]), [[0, 0], [0, 0], [1, 1], [1, 1]]), [0, 2, 3, 1])
    return tf.transpose(tf.reverse(tf.transpose(x, [3, 0, 1, 2]), [2]), [1, 2, 3, 0])


@between('Einsum')
def einsum(x: tf.Tensor) -> tf.Tensor:
    """A 1×1 convolution as tensordot."""
    return tf.nn.relu(tf.tensordot(x, tf.get_variable('tensordot', [width(x), 32]), 1))


@between('Broadcast')
def broadcast(x: tf.Tensor) -> tf.Tensor:
    """A pooled vector tiled over space and concatenated (PointNet, and conditioning by a code)."""
    code = dense(tf.reduce_max(x, [1, 2]), 16, tf.nn.relu)
    return side_by_side([x, tf.tile(code[:, None, None, :], [1, 16, 16, 1])])


@network('TextCNN')
def text_cnn() -> Ends:
    """Convolutions over tokens (Conv1D: ExpandDims, Conv2D, Squeeze), maximum over time, concatenation."""
    start = tf.placeholder(tf.float32, [None, 20, 12], 'tokens')
    x = tf.nn.relu(tf.nn.conv1d(start, tf.get_variable('first', [3, 12, 24]), 1, 'SAME'))
    pooled = []
    for size in (2, 3, 4):
        kernel = tf.get_variable('kernel_%d' % size, [size, 24, 16])
        pooled.append(tf.reduce_max(tf.nn.relu(tf.nn.conv1d(x, kernel, 1, 'VALID')), 1))
    return start, dense(tf.concat(pooled, 1), 10)


@network('Siamese')
def siamese() -> Ends:
    """One tower used twice, and the distance of its outputs."""
    start = image(32, 6)
    rows = []
    for part in tf.split(start, 2, 3):
        with tf.variable_scope('tower', reuse=tf.AUTO_REUSE):
            x = part
            for name, filters in (('a', 16), ('b', 24)):
                x = tf.nn.relu(tf.nn.conv2d(x, tf.get_variable(name, [3, 3, width(x), filters]), 2, 'SAME'))
            rows.append(tf.reduce_mean(x, [1, 2]))
    return start, dense(tf.abs(rows[0] - rows[1]), 2)


@network('TwoHeads')
def two_heads() -> Ends:
    """A pose network's stages: maps and features concatenated and refined, two kinds of maps as one output."""
    start = image(32)
    features = conv(depthwise(conv(start, 24, 3, 2)), 32)
    maps = [conv(conv(features, 32, 3), count, act=None, norm=False) for count in (5, 8)]
    again = side_by_side([*maps, features])
    refined = [conv(conv(again, 32, 3), count, act=None, norm=False) for count in (5, 8)]
    return start, side_by_side(refined)


@network('DynamicRNN')
def dynamic_rnn() -> Ends:
    """A while loop with TensorArrays: left in peace, what leads to it and away from it is pruned."""
    start = tf.placeholder(tf.float32, [None, 6, 12], 'sequence')
    x = tf.nn.relu(tf.nn.conv1d(start, tf.get_variable('first', [3, 12, 24]), 1, 'SAME'))
    x = tf.nn.relu(tf.nn.conv1d(x, tf.get_variable('second', [3, 24, 16]), 1, 'SAME'))
    kernel = tf.get_variable('recurrent', [32, 16])

    def step(number: tf.Tensor, hidden: tf.Tensor) -> 'tuple':
        return number + 1, tf.tanh(tf.matmul(tf.concat([x[:, number], hidden], 1), kernel))
    hidden = tf.while_loop(lambda number, _: number < 6, step, [0, tf.zeros([tf.shape(x)[0], 16])])[1]
    hidden.set_shape([None, 16])
    return start, dense(dense(hidden, 24, tf.nn.relu), 10)


