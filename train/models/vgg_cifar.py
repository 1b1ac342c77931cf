"""VGG (Simonyan and Zisserman, arXiv 1409.1556) with batch norm, for images of 32 × 32.

Names follow TF-slim: `vgg/conv1/conv1_1`, `vgg/fc6`, `vgg/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import VGGConfig
from .activations import activation
from .layers import (
    batch_norm,
    convolution,
    dense,
    dense_classifier,
    flatten,
    squeeze_and_excitation,
    squeezed_channels,
    widened,
)


def vgg_cifar(images: tf.Tensor, config: VGGConfig, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: stages and widths.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act, x = activation(config.activation), images
    with tf.variable_scope('vgg'):
        for stage, run in enumerate(config.stages, 1):
            with tf.variable_scope('conv%d' % stage):
                for number, filters in enumerate(run, 1):
                    with tf.variable_scope('conv%d_%d' % (stage, number)):
                        x = act(batch_norm(convolution(x, widened(filters, config), 3), config, training))
                if config.se:
                    x = squeeze_and_excitation(x, squeezed_channels(int(x.shape[3]), config))
                x = tf.nn.max_pool2d(x, 2, 2, 'SAME')
        x = flatten(x)
        for number, units in enumerate(config.hidden, len(config.stages) + 1):
            with tf.variable_scope('fc%d' % number):
                x = act(batch_norm(dense(x, widened(units, config)), config, training))
        logits = dense_classifier(x, config, training)
    return tf.identity(logits, name='logits')
