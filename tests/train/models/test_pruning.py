"""Every network is pruned from end to end: half of each group goes, and nothing else changes."""

from typing import Any, Set

import numpy as np
import pytest

from tests.builders import Saved, save_graph
from tests.plain import feeds_for, relative, run_checkpoint, run_frozen
from tests.surgery import Surgery, operate
from tf1pruning.tf1 import tf
from train.config import (
    BlockConfig,
    FashionCnnConfig,
    LeNet5Config,
    LeNet300Config,
    MobileNetV1Config,
    MobileNetV2Config,
    MobileNetV3Config,
    ModelConfig,
    ResNetConfig,
    SeparableConfig,
    V3BlockConfig,
    VGGConfig,
)
from train.models import MODELS
from train.models.activations import ACTIVATIONS

SMALL_V2 = MobileNetV2Config(image_size=8, stem_channels=8, head_channels=16, channel_multiple=4, blocks=(
    BlockConfig(8, 1), BlockConfig(8, 2, se=True), BlockConfig(12, 2, stride=2, se=True)))
SMALL_V3 = MobileNetV3Config(image_size=8, stem_channels=8, head_channels=16, hidden_channels=12, channel_multiple=4,
                             blocks=(V3BlockConfig(8, 8, activation='relu'), V3BlockConfig(12, 24, 5, 2, se=True),
                                     V3BlockConfig(12, 32, se=True)))
SMALL_V1 = MobileNetV1Config(image_size=8, stem_channels=8, channel_multiple=4, blocks=(
    SeparableConfig(8), SeparableConfig(16, 2, 2, se=True)))
SMALL_RESNET = {'image_size': 8, 'depth': 14, 'stem_channels': 8}
SMALL_VGG = VGGConfig(image_size=8, stages=((8, 8), (16,)), hidden=(12,), se=True)


def save(config: ModelConfig, folder: Any) -> Saved:
    """Saves a training graph, as users have it, with random weights."""
    shape = [None, config.image_size, config.image_size, config.image_channels]
    saved = save_graph(lambda: MODELS[config.name](tf.placeholder(tf.float32, shape, 'input'), config, True), folder)
    return saved._replace(inputs={'input': (2,) + tuple(shape[1:])}, outputs=('logits',))


def prune(config: ModelConfig, folder: Any) -> Surgery:
    """Prunes half of every group, and asserts that stripped and soft-pruned networks compute the same."""
    saved = save(config, folder)
    surgery = operate(saved, folder)
    feeds = feeds_for(saved.inputs)
    soft, = run_checkpoint(surgery.soft, saved.outputs, feeds)
    hard, = run_frozen(surgery.frozen, saved.outputs, feeds)
    assert np.ptp(soft) > 0
    assert relative(soft, hard) < 1e-5
    return surgery


def halved(surgery: Surgery) -> Set[str]:
    """The kernels that half of the groups are numbered by."""
    assert all(len(group.pruned) == group.size // 2 for group in surgery.plan.groups)
    return {group.anchor[0].split('/', 1)[1].rsplit('/', 1)[0] for group in surgery.plan.groups}


@pytest.mark.parametrize(('config', 'expected'), [
    (SMALL_V1, {'Conv2d_0', 'Conv2d_1_pointwise', 'Conv2d_2_pointwise', 'Conv2d_2_pointwise/se/squeeze',
                'Conv2d_3_pointwise', 'Conv2d_3_pointwise/se/squeeze'}),
    (SMALL_V2, {'Conv', 'expanded_conv_1/expand', 'expanded_conv_1/se/squeeze', 'expanded_conv_2/expand',
                'expanded_conv_2/se/squeeze', 'expanded_conv_2/project', 'Conv_1'}),
    (SMALL_V3, {'Conv', 'expanded_conv_1/expand', 'expanded_conv_1/se/squeeze', 'expanded_conv_1/project',
                'expanded_conv_2/expand', 'expanded_conv_2/se/squeeze', 'Conv_1', 'Conv_2'}),
    (SMALL_VGG, {'conv1/conv1_1', 'conv1/conv1_2', 'conv1/se/squeeze', 'conv2/conv2_1', 'conv2/se/squeeze', 'fc3'}),
    (LeNet300Config(image_size=8, hidden=(12, 8)), {'fc1', 'fc2'}),
    (LeNet5Config(image_size=16, filters=(4, 8), hidden=(8,)), {'conv1', 'conv2', 'fc1'}),
    (FashionCnnConfig(image_size=9, filters=(4, 8, 12), hidden=(8,)), {'conv1', 'conv2', 'conv3', 'fc1'}),
], ids=lambda value: value.name if isinstance(value, ModelConfig) else '')
def test_every_group_is_found_and_halved(tmp_path: Any, config: ModelConfig, expected: Set[str]) -> None:
    assert halved(prune(config, tmp_path)) == expected


@pytest.mark.parametrize('options', [{}, {'shortcut': 'projection', 'se': True}, {'preactivation': True}],
                         ids=['pad', 'projection', 'preactivation'])
def test_residual_networks(tmp_path: Any, options: dict) -> None:
    """Inside a unit channels are free; those of the stages are tied by the shortcuts."""
    found = halved(prune(ResNetConfig(**SMALL_RESNET, **options), tmp_path))
    units = {'stage_%d/unit_%d/conv%d' % (stage, unit, 1) for stage in (1, 2, 3) for unit in (1, 2)}
    assert units <= found
    assert 'Conv' in found


def test_inside_of_blocks_is_the_default(tmp_path: Any) -> None:
    """What `Pruning` prunes by itself: expanded channels and the bottlenecks of gates."""
    surgery = operate(save(SMALL_V3, tmp_path), tmp_path, ('blocks',))
    assert halved(surgery) == {'expanded_conv_1/expand', 'expanded_conv_1/se/squeeze', 'expanded_conv_2/expand',
                               'expanded_conv_2/se/squeeze'}


@pytest.mark.parametrize('name', sorted(ACTIVATIONS))
def test_every_activation(tmp_path: Any, name: str) -> None:
    config = LeNet5Config(image_size=16, filters=(4, 8), hidden=(8,), activation=name)
    assert halved(prune(config, tmp_path)) == {'conv1', 'conv2', 'fc1'}
