"""MobileNetV2 (Sandler et al., arXiv 1801.04381), with squeeze-and-excitation inside its blocks where wanted.

Names follow TF-slim: `MobilenetV2/Conv`, `MobilenetV2/expanded_conv_3/expand`, `/depthwise`, `/se/squeeze`,
`/se/excite`, `/project`, `MobilenetV2/Conv_1` (the head), `MobilenetV2/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import BlockConfig, MobileNetV2Config
from .activations import activation
from .inverted_residual import Block, block_scope, inverted_residual
from .layers import batch_norm, convolution, pooled_classifier, squeezed_channels, widened


def mobilenet_v2(images: tf.Tensor, config: MobileNetV2Config, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: widths, strides and blocks.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act = activation(config.activation)
    with tf.variable_scope('MobilenetV2'):
        with tf.variable_scope('Conv'):
            x = convolution(images, widened(config.stem_channels, config), 3, config.stem_stride)
            x = act(batch_norm(x, config, training))
        number = 0
        for run in config.blocks:
            for repeat in range(run.repeats):
                with tf.variable_scope(block_scope(number)):
                    block = _block(run, int(x.shape[3]), run.stride if repeat == 0 else 1, config)
                    x = inverted_residual(x, block, config, training)
                number += 1
        if config.head_channels:
            with tf.variable_scope('Conv_1'):
                x = act(batch_norm(convolution(x, config.head_channels), config, training))
        logits = pooled_classifier(x, config, training)
    return tf.identity(logits, name='logits')


def _block(run: BlockConfig, inputs: int, stride: int, config: MobileNetV2Config) -> Block:
    gated = inputs * run.expansion
    return Block(gated if run.expansion > 1 else 0, widened(run.channels, config), stride, 3,
                 squeezed_channels(gated, config) if run.se else 0, activation(config.activation))
