"""One network for each way in which graphs spell a layer, each with something prunable before and behind it."""

from typing import Callable, Dict, Tuple

import numpy as np

from benchmarks.zoo.layers import (
    batch_norm,
    classified,
    conv,
    dense,
    depthwise,
    gated,
    image,
    side_by_side,
    width,
)
from tf1pruning.tf1 import tf

Ends = Tuple[tf.Tensor, tf.Tensor]
Block = Callable[[tf.Tensor], tf.Tensor]
Whole = Callable[[], Ends]
BLOCKS: Dict[str, Whole] = {}


def registrars(table: Dict[str, Whole]) -> Tuple[Callable[[str], Callable[[Block], Block]],
                                                 Callable[[str], Callable[[Whole], Whole]]]:
    """Returns two decorators that register networks in a table.

    The first takes a block on feature maps `[N, 16, 16, 24]` and makes it a network: convolution, block, convolution,
    classifier. The second takes a whole network.
    """
    def between(name: str) -> Callable[[Block], Block]:
        def register(block: Block) -> Block:
            def build() -> Ends:
                start = image(32)
                return start, classified(conv(block(conv(start, 24, 3, 2)), 32, 3))
            table[name] = build
            return block
        return register

    def network(name: str) -> Callable[[Whole], Whole]:
        def register(build: Whole) -> Whole:
            table[name] = build
            return build
        return register
    return between, network


between, network = registrars(BLOCKS)


@between('SE-dense')
def dense_gate(x: tf.Tensor) -> tf.Tensor:
    """Squeeze-and-excitation by two matrix products and a Reshape."""
    return gated(conv(x, 32), 8, 'dense')


@between('SE-conv')
def conv_gate(x: tf.Tensor) -> tf.Tensor:
    """Squeeze-and-excitation by two 1×1 convolutions, inside an inverted residual."""
    return x + conv(gated(depthwise(conv(x, 72)), 8), 24, act=None)


@between('GroupedConv')
def grouped(x: tf.Tensor) -> tf.Tensor:
    """A Conv2D whose kernel is for a quarter of the incoming channels, as TensorFlow 2 writes groups."""
    kernel = tf.get_variable('grouped/kernel', [3, 3, width(x) // 4, 48])
    if tf.__version__.startswith('1.'):  # its shape function refuses groups
        parts = zip(tf.split(x, 4, 3), tf.split(kernel, 4, 3))
        return tf.nn.relu(batch_norm(tf.concat([tf.nn.conv2d(each, part, 1, 'SAME') for each, part in parts], 3)))
    return tf.nn.relu(batch_norm(tf.nn.conv2d(x, kernel, 1, 'SAME')))


@between('Dilation-attribute')
def dilated(x: tf.Tensor) -> tf.Tensor:
    """Dilation as an attribute of Conv2D."""
    return conv(x, 32, 3, dilation=2)


@between('Dilation-SpaceToBatch')
def space_to_batch(x: tf.Tensor) -> tf.Tensor:
    """Dilation as slim and Keras 1.15 write it: SpaceToBatchND, Conv2D, BatchToSpaceND."""
    x = tf.space_to_batch_nd(x, [2, 2], [[2, 2], [2, 2]])
    x = tf.nn.relu(tf.nn.conv2d(x, tf.get_variable('dilated/kernel', [3, 3, width(x), 32]), 1, 'VALID'))
    return tf.batch_to_space_nd(x, [2, 2], [[0, 0], [0, 0]])


@between('PReLU')
def prelu(x: tf.Tensor) -> tf.Tensor:
    """A learnt slope, in arithmetic."""
    slope = tf.get_variable('alpha', [width(x)])
    return tf.nn.relu(x) + slope * (x - tf.abs(x)) * 0.5


@between('HardSwish')
def hard_swish(x: tf.Tensor) -> tf.Tensor:
    """Hard swish, x · relu6(x + 3) / 6, and swish, x · sigmoid(x)."""
    x = conv(x, 32, act=lambda y: y * tf.nn.relu6(y + 3.0) * (1.0 / 6.0))
    return conv(x, 32, act=lambda y: y * tf.sigmoid(y))


@between('PadShortcut')
def padded_shortcut(x: tf.Tensor) -> tf.Tensor:
    """A shortcut that is pooled and widened with zero channels."""
    inside = conv(conv(x, 32, 3, 2), 48, 3, act=None)
    return tf.nn.relu(inside + tf.pad(tf.nn.avg_pool2d(x, 2, 2, 'SAME'), [[0, 0], [0, 0], [0, 0], [12, 12]]))


@between('Multiplier')
def multiplier(x: tf.Tensor) -> tf.Tensor:
    """A depthwise convolution with three filters a channel."""
    return depthwise(x, multiplier=3)


@between('Gather')
def gathered(x: tf.Tensor) -> tf.Tensor:
    """Channels permuted by constant indices."""
    return tf.gather(x, np.random.RandomState(0).permutation(width(x)).astype(np.int32), axis=3)


@between('StridedSlice')
def sliced(x: tf.Tensor) -> tf.Tensor:
    """Halves taken by Python's slices, one of them counted from the end."""
    return side_by_side([conv(x[..., :10], 16, 3), x[..., -14:]])


@between('MaxoutPool')
def maxout(x: tf.Tensor) -> tf.Tensor:
    """The larger of two halves, a mean over space subtracted, and two resizes."""
    first, second = tf.split(conv(x, 32), 2, 3)
    x = tf.maximum(first, second)
    x = x - tf.reduce_mean(x, [1, 2], keepdims=True)
    return tf.image.resize_nearest_neighbor(tf.image.resize_bilinear(x, [8, 8]), [16, 16])


@between('GroupNorm')
def group_norm(x: tf.Tensor) -> tf.Tensor:
    """Group norm in arithmetic: means over some channels pin them, and only them."""
    x = tf.reshape(conv(x, 32), [-1, 16, 16, 4, 8])
    mean, variance = tf.nn.moments(x, [1, 2, 4], keep_dims=True)
    return conv(tf.reshape((x - mean) * tf.rsqrt(variance + 1e-3), [-1, 16, 16, 32]), 32)


@between('InstanceNorm')
def instance_norm(x: tf.Tensor) -> tf.Tensor:
    """Instance norm in arithmetic: every channel by itself."""
    mean, variance = tf.nn.moments(x, [1, 2], keep_dims=True)
    scale, offset = tf.get_variable('gamma', [width(x)]), tf.get_variable('beta', [width(x)])
    return (x - mean) * tf.rsqrt(variance + 1e-3) * scale + offset


@network('NCHW')
def channels_first() -> Ends:
    """Channels first: not run on CPU, only its shapes are compared."""
    start = tf.placeholder(tf.float32, [None, 3, 32, 32], 'image')
    x: tf.Tensor = start
    for number, channels in enumerate((16, 32)):
        kernel = tf.get_variable('kernel_%d' % number, [3, 3, int(x.shape[1]), channels])
        x = tf.nn.conv2d(x, kernel, [1, 1, 2, 2], 'SAME', data_format='NCHW')
        x = tf.nn.relu(batch_norm(x, 'NCHW'))
    return start, dense(tf.reduce_mean(x, [2, 3]), 10)


@network('Conv3D')
def volumes() -> Ends:
    """Convolutions over volumes, two of them side by side."""
    start = tf.placeholder(tf.float32, [None, 8, 16, 16, 3], 'volume')
    x = _conv3d(start, 16)
    x = tf.concat([_conv3d(x, 12), tf.nn.max_pool3d(_conv3d(x, 20), 3, 1, 'SAME')], 4)
    return start, dense(tf.reduce_mean(_conv3d(x, 24), [1, 2, 3]), 10)


def _conv3d(x: tf.Tensor, filters: int) -> tf.Tensor:
    with tf.variable_scope(None, 'conv3d'):
        kernel = tf.get_variable('kernel', [3, 3, 3, width(x), filters])
        return tf.nn.relu(tf.nn.bias_add(tf.nn.conv3d(x, kernel, [1, 1, 1, 1, 1], 'SAME'),
                                         tf.get_variable('bias', [filters])))


@network('LSTM')
def lstm() -> Ends:
    """Two statically unrolled LSTM layers on dense features; their own units go too."""
    start = tf.placeholder(tf.float32, [None, 5, 12], 'sequence')
    steps = [dense_shared(step, 24, 'embedding') for step in tf.unstack(start, axis=1)]
    for layer in range(2):
        hidden = memory = tf.zeros([tf.shape(start)[0], 16])
        hidden.set_shape([None, 16])
        outputs = []
        for step in steps:
            i, j, f, o = tf.split(dense_shared(tf.concat([step, hidden], 1), 64, 'lstm_%d' % layer), 4, 1)
            memory = tf.sigmoid(f + 1.0) * memory + tf.sigmoid(i) * tf.tanh(j)
            hidden = tf.sigmoid(o) * tf.tanh(memory)
            outputs.append(hidden)
        steps = outputs
    return start, dense(steps[-1], 10)


@network('GRU')
def gru() -> Ends:
    """A statically unrolled GRU."""
    start = tf.placeholder(tf.float32, [None, 5, 12], 'sequence')
    hidden = tf.zeros([tf.shape(start)[0], 16])
    for step in tf.unstack(start, axis=1):
        step = dense_shared(step, 24, 'embedding')
        reset, update = tf.split(tf.sigmoid(dense_shared(tf.concat([step, hidden], 1), 32, 'gates')), 2, 1)
        candidate = tf.tanh(dense_shared(tf.concat([step, reset * hidden], 1), 16, 'candidate'))
        hidden = update * hidden + (1.0 - update) * candidate
    return start, dense(hidden, 10)


def dense_shared(x: tf.Tensor, units: int, name: str) -> tf.Tensor:
    """A dense layer whose weights every step uses."""
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        return tf.nn.bias_add(tf.matmul(x, tf.get_variable('kernel', [width(x), units])),
                              tf.get_variable('bias', [units]))


@network('Attention')
def attention() -> Ends:
    """Self-attention of one head over 16 tokens: keys and queries are summed over, values are channels."""
    start = tf.placeholder(tf.float32, [None, 16, 12], 'tokens')
    x = _projected(start, 24, 'embedding')
    query, key, value = (_projected(x, 24, name) for name in ('query', 'key', 'value'))
    weights = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) * 0.2)
    x = x + _projected(tf.matmul(weights, value), 24, 'output')
    return start, dense(tf.reduce_mean(tf.nn.relu(_projected(x, 48, 'inner')), 1), 10)


def _projected(x: tf.Tensor, units: int, name: str) -> tf.Tensor:
    """A dense layer on tokens `[N, T, C]`, flattened and back."""
    tokens = int(x.shape[1])
    return tf.reshape(dense_shared(tf.reshape(x, [-1, width(x)]), units, name), [-1, tokens, units])
