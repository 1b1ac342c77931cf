"""keras-surgeon: depthwise, transposed and separable convolutions are not supported, and the error that says so is
built but never raised.
"""

from typing import Any, Callable, Dict, Tuple

import pytest

from tests import builders
from tests.builders import conv, image
from tests.peers.pruned import assert_exact, operations, prune_graph
from tests.surgery import channels_of
from tf1pruning.errors import PlanError
from tf1pruning.plan import plan_from_channels
from tf1pruning.tf1 import tf

Layer = Callable[[tf.Tensor], tf.Tensor]
LAYERS = tf.keras.layers
CASES: Dict[str, Tuple[Layer, str, Dict[str, Tuple[int, ...]]]] = {
    'depthwise': (
        lambda x: LAYERS.DepthwiseConv2D(3, padding='same', activation='relu', name='layer')(x),
        'DepthwiseConv2dNative',
        {'layer/depthwise_kernel': (3, 3, 4, 1), 'layer/bias': (4,), 'after/kernel': (1, 1, 4, 6)}),
    'depthwise, two for each channel': (
        lambda x: LAYERS.DepthwiseConv2D(3, padding='same', depth_multiplier=2, name='layer')(x),
        'DepthwiseConv2dNative',
        {'layer/depthwise_kernel': (3, 3, 4, 2), 'layer/bias': (8,), 'after/kernel': (1, 1, 8, 6)}),
    'transposed': (
        lambda x: LAYERS.Conv2DTranspose(10, 3, strides=2, padding='same', name='layer')(x),
        'Conv2DBackpropInput',
        {'layer/kernel': (3, 3, 5, 4), 'layer/bias': (5,), 'after/kernel': (1, 1, 5, 6)}),
    'separable': (
        lambda x: LAYERS.SeparableConv2D(10, 3, depth_multiplier=2, padding='same', name='layer')(x),
        'DepthwiseConv2dNative',
        {'layer/depthwise_kernel': (3, 3, 4, 2), 'layer/pointwise_kernel': (1, 1, 8, 5), 'layer/bias': (5,),
         'after/kernel': (1, 1, 5, 6)}),
}


@pytest.mark.parametrize('name', sorted(CASES))
def test_layers_of_keras(tmp_path: Any, name: str) -> None:
    """What comes in goes by half, and so does what the layer makes."""
    layer, operation, expected = CASES[name]

    def build() -> None:
        x = layer(conv(image(), 8, 'before', 3))
        builders.head(conv(x, 12, 'after'))

    pruned = prune_graph(build, tmp_path)
    assert operations(pruned.frozen)[operation] == 1
    assert pruned.after['before/kernel'] == (3, 3, 3, 4)
    assert {key: pruned.after[key] for key in expected} == expected
    assert_exact(pruned)


def test_what_is_not_possible_raises(tmp_path: Any) -> None:
    """All channels of a layer cannot go: an error, at once."""
    channels = channels_of(builders.save_network('multiplier_2', tmp_path))
    with pytest.raises(PlanError, match='block'):
        plan_from_channels(channels, {'block': range(24)})
