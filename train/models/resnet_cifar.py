"""Residual networks for CIFAR: three stages of 32 × 32, 16 × 16 and 8 × 8.

He et al., arXiv 1512.03385, section 4.2, with shortcuts that pad with zeros or project; with batch norm and activation
first: He et al., arXiv 1603.05027. Names: `ResNet/Conv`, `ResNet/stage_1/unit_1/conv1`, `/conv2`, `/shortcut`,
`ResNet/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import ResNetConfig
from .activations import activation
from .layers import batch_norm, convolution, pooled_classifier, squeeze_and_excitation, squeezed_channels, widened


def resnet_cifar(images: tf.Tensor, config: ResNetConfig, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: depth, widths and shortcuts.
        training: whether batch norm uses the batch's statistics, and dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act = activation(config.activation)
    unit = _preactivated_unit if config.preactivation else _unit
    with tf.variable_scope('ResNet'):
        with tf.variable_scope('Conv'):
            x = convolution(images, widened(config.stem_channels, config), 3)
            if not config.preactivation:
                x = act(batch_norm(x, config, training))
        for stage in range(3):
            filters = widened(config.stem_channels * 2 ** stage, config)
            for number in range((config.depth - 2) // 6):
                with tf.variable_scope('stage_%d/unit_%d' % (stage + 1, number + 1)):
                    x = unit(x, filters, 2 if stage and not number else 1, config, training)
        if config.preactivation:
            with tf.variable_scope('postnorm'):
                x = act(batch_norm(x, config, training))
        logits = pooled_classifier(x, config, training)
    return tf.identity(logits, name='logits')


def _unit(x: tf.Tensor, filters: int, stride: int, config: ResNetConfig, training: bool) -> tf.Tensor:
    act, shortcut = activation(config.activation), _shortcut(x, filters, stride, config)
    with tf.variable_scope('conv1'):
        x = act(batch_norm(convolution(x, filters, 3, stride), config, training))
    with tf.variable_scope('conv2'):
        x = batch_norm(convolution(x, filters, 3), config, training)
    return act(_gated(x, config) + shortcut)


def _preactivated_unit(x: tf.Tensor, filters: int, stride: int, config: ResNetConfig, training: bool) -> tf.Tensor:
    act, shortcut = activation(config.activation), _shortcut(x, filters, stride, config)
    with tf.variable_scope('conv1'):
        x = convolution(act(batch_norm(x, config, training)), filters, 3, stride)
    with tf.variable_scope('conv2'):
        x = convolution(act(batch_norm(x, config, training)), filters, 3)
    return _gated(x, config) + shortcut


def _gated(x: tf.Tensor, config: ResNetConfig) -> tf.Tensor:
    return squeeze_and_excitation(x, squeezed_channels(int(x.shape[3]), config)) if config.se else x


def _shortcut(x: tf.Tensor, filters: int, stride: int, config: ResNetConfig) -> tf.Tensor:
    """Fits what a unit is added to: every second pixel, with channels of zeros on both sides, or a projection."""
    missing = filters - int(x.shape[3])
    if stride == 1 and not missing:
        return x
    if config.shortcut == 'projection':
        with tf.variable_scope('shortcut'):
            return convolution(x, filters, 1, stride)
    if stride > 1:
        x = tf.nn.max_pool2d(x, 1, stride, 'VALID')
    return tf.pad(x, [[0, 0], [0, 0], [0, 0], [missing // 2, missing - missing // 2]])
