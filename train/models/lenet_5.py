"""LeNet-5 as compression papers use it: 20 and 50 filters of 5×5, 500 hidden units, 431,080 parameters.

The network of Caffe's MNIST example, with an activation after the convolutions too (Han et al., arXiv 1510.00149).
Names: `LeNet/conv1`, `LeNet/conv2`, `LeNet/fc1`, `LeNet/Logits`.
"""

from tf1pruning.tf1 import tf

from ..config import LeNet5Config
from .activations import activation
from .layers import convolution, dense_classifier, flatten, hidden_layers, widened


def lenet_5(images: tf.Tensor, config: LeNet5Config, training: bool) -> tf.Tensor:
    """Builds the network in the default graph.

    Args:
        images: `[N, H, W, C]`.
        config: filters and units of the layers.
        training: whether dropout drops.

    Returns:
        Logits `[N, classes]`; the last operation is an identity named `logits`.
    """
    act, x = activation(config.activation), images
    with tf.variable_scope('LeNet'):
        for number, filters in enumerate(config.filters, 1):
            with tf.variable_scope('conv%d' % number):
                x = act(convolution(x, widened(filters, config), 5, bias=True, padding='VALID'))
                x = tf.nn.max_pool2d(x, 2, 2, 'VALID')
        logits = dense_classifier(hidden_layers(flatten(x), config.hidden, config), config, training)
    return tf.identity(logits, name='logits')
