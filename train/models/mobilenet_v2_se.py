"""MobileNetV2 (Sandler et al., arXiv 1801.04381) with squeeze-and-excitation inside its blocks.

Names follow TF-slim: `MobilenetV2/Conv`, `MobilenetV2/expanded_conv_3/expand`, `/depthwise`, `/se/squeeze`,
`/se/excite`, `/project`, `MobilenetV2/Conv_1` (the head), `MobilenetV2/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import BlockConfig, ModelConfig
from .layers import batch_norm, convolution, depthwise_convolution, squeeze_and_excitation


def mobilenet_v2_se(images: tf.Tensor, config: ModelConfig, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: widths, strides and blocks.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    with tf.variable_scope('MobilenetV2'):
        with tf.variable_scope('Conv'):
            x = convolution(images, round_channels(config.stem_channels * config.width, config), 3, config.stem_stride)
            x = tf.nn.relu6(batch_norm(x, config, training))
        number = 0
        for block in config.blocks:
            for repeat in range(block.repeats):
                with tf.variable_scope('expanded_conv_%d' % number if number else 'expanded_conv'):
                    x = _inverted_residual(x, block, block.stride if repeat == 0 else 1, config, training)
                number += 1
        if config.head_channels:
            with tf.variable_scope('Conv_1'):
                x = tf.nn.relu6(batch_norm(convolution(x, config.head_channels), config, training))
        logits = _classifier(x, config, training)
    return tf.identity(logits, name='logits')


def round_channels(channels: float, config: ModelConfig) -> int:
    """Rounds to the nearest multiple of `channel_multiple`, at least one of them."""
    multiple = config.channel_multiple
    return max(multiple, int(channels / multiple + 0.5) * multiple)


def _inverted_residual(x: tf.Tensor, block: BlockConfig, stride: int, config: ModelConfig,
                       training: bool) -> tf.Tensor:
    shortcut, inputs = x, int(x.shape[3])
    outputs = round_channels(block.channels * config.width, config)
    if block.expansion > 1:
        with tf.variable_scope('expand'):
            x = tf.nn.relu6(batch_norm(convolution(x, inputs * block.expansion), config, training))
    with tf.variable_scope('depthwise'):
        x = tf.nn.relu6(batch_norm(depthwise_convolution(x, stride), config, training))
    if block.se:
        x = squeeze_and_excitation(x, round_channels(int(x.shape[3]) * config.se_ratio, config))
    with tf.variable_scope('project'):
        x = batch_norm(convolution(x, outputs), config, training)
    return x + shortcut if stride == 1 and inputs == outputs else x


def _classifier(x: tf.Tensor, config: ModelConfig, training: bool) -> tf.Tensor:
    with tf.variable_scope('Logits'):
        x = tf.reduce_mean(x, [1, 2], keepdims=True, name='pool')
        if training and config.dropout:
            x = tf.nn.dropout(x, rate=config.dropout)
        return tf.squeeze(convolution(x, config.classes, bias=True), [1, 2])
