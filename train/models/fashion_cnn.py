"""Three 3×3 convolutions without padding or pooling, 1,024 hidden units: 15,876,874 parameters.

Nearly all of them sit in the first fully connected layer, behind the flatten. Names: `FashionCNN/conv1`, `/conv2`,
`/conv3`, `/fc1`, `/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import FashionCnnConfig
from .activations import activation
from .layers import convolution, dense_classifier, flatten, hidden_layers, widened


def fashion_cnn(images: tf.Tensor, config: FashionCnnConfig, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: filters and units of the layers.
        training: whether dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act, x = activation(config.activation), images
    with tf.variable_scope('FashionCNN'):
        for number, filters in enumerate(config.filters, 1):
            with tf.variable_scope('conv%d' % number):
                x = act(convolution(x, widened(filters, config), 3, bias=True, padding='VALID'))
        logits = dense_classifier(hidden_layers(flatten(x), config.hidden, config), config, training)
    return tf.identity(logits, name='logits')
