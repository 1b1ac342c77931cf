"""MobileNetV2-0.5 with three SE blocks and an upsampling pose head at 320×256: about 1.6 M parameters."""

import os
from typing import Tuple

import numpy as np

from tf1pruning.tf1 import tf, use_tf1_behavior

_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels at width 1.0, blocks, stride of the first block."""
_GATED = (4, 8, 13)


def save_pose_network(folder: str, width: float = 0.5, seed: int = 1) -> str:
    """Builds the network with random weights and saves a checkpoint; returns its prefix."""
    use_tf1_behavior()
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(seed)
        image = tf.placeholder(tf.float32, [None, 320, 256, 3], 'image')
        x = _convolution(image, int(32 * width), 3, 2, 'Conv')
        number = 0
        with tf.variable_scope('MobilenetV2'):
            for expansion, channels, count, stride in _STAGES:
                for index in range(count):
                    name = 'expanded_conv_%d' % number
                    x = _block(x, expansion, int(channels * width), stride if index == 0 else 1, name,
                               number in _GATED)
                    number += 1
        x = _convolution(x, 1280, 1, 1, 'Conv_1')
        for index, channels in enumerate((512, 256, 128)):
            with tf.variable_scope('head_%d' % index):
                height, breadth = (int(size) * 2 for size in x.shape[1:3])
                x = tf.image.resize_bilinear(x, [height, breadth], name='up')
                x = _depthwise(x, 1, 'depthwise')
                x = _convolution(x, channels, 1, 1, 'pointwise')
        kernel = tf.get_variable('heatmaps/weights', [1, 1, int(x.shape[3]), 14])
        tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, 'SAME'), tf.get_variable('heatmaps/biases', [14]), name='output')
        with tf.Session(graph=graph) as session:
            session.run(tf.global_variables_initializer())
            _randomise_statistics(session, seed)
            return str(tf.train.Saver().save(session, os.path.join(folder, 'model.ckpt-1')))


def _block(x: tf.Tensor, expansion: int, channels: int, stride: int, name: str, gated: bool) -> tf.Tensor:
    with tf.variable_scope(name):
        inside = x
        if expansion > 1:
            inside = _convolution(inside, int(x.shape[3]) * expansion, 1, 1, 'expand')
        inside = _depthwise(inside, stride, 'depthwise')
        if gated:
            inside = _gate(inside)
        out = _convolution(inside, channels, 1, 1, 'project', activate=False)
        return x + out if stride == 1 and int(x.shape[3]) == channels else out


def _gate(x: tf.Tensor) -> tf.Tensor:
    with tf.variable_scope('se'):
        pooled = tf.reduce_mean(x, [1, 2], keepdims=True)
        squeezed = tf.nn.relu(_biased(pooled, int(x.shape[3]) // 4, 'squeeze'))
        return x * tf.sigmoid(_biased(squeezed, int(x.shape[3]), 'excite'))


def _biased(x: tf.Tensor, channels: int, name: str) -> tf.Tensor:
    with tf.variable_scope(name):
        kernel = tf.get_variable('weights', [1, 1, int(x.shape[3]), channels])
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, 'SAME'), tf.get_variable('biases', [channels]))


def _convolution(x: tf.Tensor, channels: int, size: int, stride: int, name: str, activate: bool = True) -> tf.Tensor:
    with tf.variable_scope(name):
        kernel = tf.get_variable('weights', [size, size, int(x.shape[3]), channels])
        x = _batch_norm(tf.nn.conv2d(x, kernel, stride, 'SAME'))
        return tf.nn.relu6(x) if activate else x


def _depthwise(x: tf.Tensor, stride: int, name: str) -> tf.Tensor:
    with tf.variable_scope(name):
        kernel = tf.get_variable('depthwise_weights', [3, 3, int(x.shape[3]), 1])
        return tf.nn.relu6(_batch_norm(tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], 'SAME')))


def _batch_norm(x: tf.Tensor) -> tf.Tensor:
    shape: Tuple[int, ...] = (int(x.shape[3]),)
    with tf.variable_scope('BatchNorm'):
        return tf.nn.fused_batch_norm(
            x, tf.get_variable('gamma', shape, initializer=tf.ones_initializer()),
            tf.get_variable('beta', shape, initializer=tf.zeros_initializer()),
            tf.get_variable('moving_mean', shape, initializer=tf.zeros_initializer(), trainable=False),
            tf.get_variable('moving_variance', shape, initializer=tf.ones_initializer(), trainable=False),
            is_training=False)[0]


def _randomise_statistics(session: tf.Session, seed: int) -> None:
    random = np.random.RandomState(seed)
    for variable in tf.global_variables():
        if variable.op.name.endswith(('gamma', 'moving_variance')):
            variable.load(random.uniform(0.5, 1.5, variable.shape.as_list()), session)
        elif variable.op.name.endswith(('beta', 'moving_mean', 'biases')):
            variable.load(random.uniform(-0.2, 0.2, variable.shape.as_list()), session)
