"""LeNet-300-100: two fully connected hidden layers (LeCun et al., Proceedings of the IEEE 86, 1998).

Names: `LeNet/fc1`, `LeNet/fc2`, `LeNet/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import LeNet300Config
from .layers import dense_classifier, flatten, hidden_layers


def lenet_300_100(images: tf.Tensor, config: LeNet300Config, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: units of the layers.
        training: whether dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    with tf.variable_scope('LeNet'):
        logits = dense_classifier(hidden_layers(flatten(images), config.hidden, config), config, training)
    return tf.identity(logits, name='logits')
