"""MobileNetV3 (Howard et al., arXiv 1905.02244), large and small.

Names follow TF-slim: `MobilenetV3/Conv`, `MobilenetV3/expanded_conv_3/expand`, `/depthwise`, `/se/squeeze`,
`/se/excite`, `/project`, `MobilenetV3/Conv_1` (before pooling), `MobilenetV3/Conv_2` (after it), `MobilenetV3/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import MobileNetV3Config, V3BlockConfig
from .activations import activation, hard_sigmoid
from .inverted_residual import Block, block_scope, inverted_residual
from .layers import batch_norm, convolution, pooled_classifier, pooled_dense, squeezed_channels, widened


def mobilenet_v3(images: tf.Tensor, config: MobileNetV3Config, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: widths, strides and blocks.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act = activation(config.activation)
    with tf.variable_scope('MobilenetV3'):
        with tf.variable_scope('Conv'):
            x = convolution(images, widened(config.stem_channels, config), 3, config.stem_stride)
            x = act(batch_norm(x, config, training))
        for number, each in enumerate(config.blocks):
            with tf.variable_scope(block_scope(number)):
                x = inverted_residual(x, _block(each, int(x.shape[3]), config), config, training)
        with tf.variable_scope('Conv_1'):
            x = act(batch_norm(convolution(x, widened(config.head_channels, config)), config, training))
        x = tf.reduce_mean(x, [1, 2], keepdims=True)
        with tf.variable_scope('Conv_2'):
            x = act(pooled_dense(x, config.hidden_channels))
        logits = pooled_classifier(x, config, training)
    return tf.identity(logits, name='logits')


def _block(each: V3BlockConfig, inputs: int, config: MobileNetV3Config) -> Block:
    expanded = widened(each.expanded, config)
    return Block(expanded if expanded != inputs else 0, widened(each.channels, config), each.stride, each.kernel,
                 squeezed_channels(expanded, config) if each.se else 0, activation(each.activation), hard_sigmoid)
