"""The block of MobileNetV2 and V3: expand, depthwise, gate, project."""

from typing import NamedTuple

from tf1pruning.tf1 import tf

from ..config import ConvolutionalConfig
from .activations import Activation
from .layers import batch_norm, convolution, depthwise_convolution, squeeze_and_excitation


class Block(NamedTuple):
    """One inverted-residual block, with the very numbers of channels.

    Attributes:
        expanded: filters of the expanding convolution; 0 leaves it out.
        outputs: filters of the projection.
        stride: of the depthwise convolution.
        kernel: height and width of the depthwise kernel.
        squeezed: channels of the gate's bottleneck; 0 for no gate.
        activation: after the expansion and the depthwise convolution.
        gating: of the gate.
    """

    expanded: int
    outputs: int
    stride: int
    kernel: int
    squeezed: int
    activation: Activation
    gating: Activation = tf.sigmoid


def inverted_residual(x: tf.Tensor, block: Block, config: ConvolutionalConfig, training: bool) -> tf.Tensor:
    """Builds a block below `expand`, `depthwise`, `se` and `project`; with a shortcut where shapes allow it."""
    shortcut, inputs = x, int(x.shape[3])
    if block.expanded:
        with tf.variable_scope('expand'):
            x = block.activation(batch_norm(convolution(x, block.expanded), config, training))
    with tf.variable_scope('depthwise'):
        x = block.activation(batch_norm(depthwise_convolution(x, block.stride, block.kernel), config, training))
    if block.squeezed:
        x = squeeze_and_excitation(x, block.squeezed, block.gating)
    with tf.variable_scope('project'):
        x = batch_norm(convolution(x, block.outputs), config, training)
    return x + shortcut if block.stride == 1 and inputs == block.outputs else x


def block_scope(number: int) -> str:
    """Returns TF-slim's name of a block, counted from 0."""
    return 'expanded_conv_%d' % number if number else 'expanded_conv'
