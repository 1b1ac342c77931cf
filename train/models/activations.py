"""Activations by name."""

from typing import Callable, Mapping

from tf1pruning.tf1 import tf

from ..config import one_of

Activation = Callable[[tf.Tensor], tf.Tensor]


def hard_sigmoid(x: tf.Tensor) -> tf.Tensor:
    """Returns a sigmoid from straight lines: relu6(x + 3) / 6 (Howard et al., arXiv 1905.02244)."""
    return tf.nn.relu6(x + 3.0) * (1.0 / 6.0)


def hard_swish(x: tf.Tensor) -> tf.Tensor:
    """Returns x · hard_sigmoid(x) (Howard et al., arXiv 1905.02244)."""
    return x * hard_sigmoid(x)


def swish(x: tf.Tensor) -> tf.Tensor:
    """Returns x · sigmoid(x) (Ramachandran et al., arXiv 1710.05941), in operations that every converter knows."""
    return x * tf.sigmoid(x)


ACTIVATIONS: Mapping[str, Activation] = {
    'relu': tf.nn.relu, 'relu6': tf.nn.relu6, 'leaky_relu': tf.nn.leaky_relu, 'elu': tf.nn.elu, 'swish': swish,
    'hard_swish': hard_swish, 'tanh': tf.tanh, 'sigmoid': tf.sigmoid}


def activation(name: str) -> Activation:
    """Returns an activation.

    Raises:
        OptionError: there is none with this name.
    """
    return one_of(name, ACTIVATIONS, 'activation')
