"""MobileNetV1 (Howard et al., arXiv 1704.04861), with squeeze-and-excitation after its blocks where wanted.

Names follow TF-slim: `MobilenetV1/Conv2d_0`, `MobilenetV1/Conv2d_1_depthwise`, `MobilenetV1/Conv2d_1_pointwise`,
`MobilenetV1/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import MobileNetV1Config
from .activations import activation
from .layers import (
    batch_norm,
    convolution,
    depthwise_convolution,
    pooled_classifier,
    squeeze_and_excitation,
    squeezed_channels,
    widened,
)


def mobilenet_v1(images: tf.Tensor, config: MobileNetV1Config, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: widths, strides and blocks.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act = activation(config.activation)
    with tf.variable_scope('MobilenetV1'):
        with tf.variable_scope('Conv2d_0'):
            x = convolution(images, widened(config.stem_channels, config), 3, config.stem_stride)
            x = act(batch_norm(x, config, training))
        number = 0
        for run in config.blocks:
            for repeat in range(run.repeats):
                number += 1
                with tf.variable_scope('Conv2d_%d_depthwise' % number):
                    x = depthwise_convolution(x, run.stride if repeat == 0 else 1)
                    x = act(batch_norm(x, config, training))
                with tf.variable_scope('Conv2d_%d_pointwise' % number):
                    x = act(batch_norm(convolution(x, widened(run.channels, config)), config, training))
                    if run.se:
                        x = squeeze_and_excitation(x, squeezed_channels(int(x.shape[3]), config))
        logits = pooled_classifier(x, config, training)
    return tf.identity(logits, name='logits')
