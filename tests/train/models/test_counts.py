"""Parameters of every network against the published or computed figure, and the widths, gates and shapes on the way."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tf1pruning.tf1 import tf
from train.config import (
    FashionCnnConfig,
    LeNet5Config,
    LeNet300Config,
    MobileNetV1Config,
    MobileNetV2Config,
    MobileNetV3Config,
    MobileNetV3SmallConfig,
    ModelConfig,
    ResNetConfig,
    SeparableConfig,
    V3BlockConfig,
    VGGConfig,
)
from train.models import MODELS

IMAGENET = {'image_size': 224, 'classes': 1000}


def build(config: ModelConfig, training: bool = False) -> tf.Tensor:
    """Builds a network on a placeholder `input`; returns its logits."""
    shape = [None, config.image_size, config.image_size, config.image_channels]
    return MODELS[config.name](tf.placeholder(tf.float32, shape, 'input'), config, training)


def parameters() -> int:
    return sum(int(np.prod(each.shape.as_list())) for each in tf.trainable_variables())


@pytest.mark.parametrize(('config', 'expected'), [
    # The papers' 4.2 M, 3.5 M, 5.4 M and 2.5 M; to the last one those of Keras' and torchvision's networks.
    (MobileNetV1Config(**IMAGENET), 4_231_976),
    (MobileNetV2Config(**IMAGENET), 3_504_872),
    (MobileNetV3Config(**IMAGENET), 5_483_032),
    (MobileNetV3SmallConfig(**IMAGENET), 2_542_856),
    # The paper's 0.27 M, 0.46 M, 0.66 M, 0.85 M and 1.7 M.
    (ResNetConfig(depth=20), 269_722),
    (ResNetConfig(depth=32), 464_154),
    (ResNetConfig(depth=44), 658_586),
    (ResNetConfig(depth=56), 853_018),
    (ResNetConfig(depth=110), 1_727_962),
    # 13 kernels, 4,224 channels with scale and offset, 5,130 in the classifier.
    (VGGConfig(), 14_710_464 + 2 * 4224 + 5130),
    (LeNet300Config(), 266_610),
    (LeNet5Config(), 431_080),
    (FashionCnnConfig(), 15_876_874),
], ids=lambda value: value.name if isinstance(value, ModelConfig) else str(value))
def test_parameters(config: Any, expected: int) -> None:
    logits = build(config)
    assert parameters() == expected
    assert logits.shape.as_list() == [None, config.classes]
    assert logits.op.name == 'logits'


def test_every_network_has_keys_of_its_own() -> None:
    assert sorted(each.name for each in _kinds(ModelConfig) if each.name) == sorted(MODELS)


@pytest.mark.parametrize('kind', [MobileNetV1Config, ResNetConfig, VGGConfig, FashionCnnConfig])
def test_half_of_the_width_is_about_a_quarter_of_the_parameters(kind: type) -> None:
    build(kind())
    whole = parameters()
    with tf.Graph().as_default():
        build(kind(width=0.5))
        assert 0.24 * whole < parameters() < 0.3 * whole


def _kinds(kind: type) -> list:
    return [kind] + [each for child in kind.__subclasses__() for each in _kinds(child)]


def shapes() -> 'dict':
    return {variable.op.name: variable.shape.as_list() for variable in tf.trainable_variables()}


def test_mobilenet_v1_names() -> None:
    build(MobileNetV1Config(blocks=(SeparableConfig(16, 2, 2, se=True),), width=0.5))
    found = shapes()
    assert found['MobilenetV1/Conv2d_0/weights'] == [3, 3, 3, 16]
    assert found['MobilenetV1/Conv2d_1_depthwise/depthwise_weights'] == [3, 3, 16, 1]
    assert found['MobilenetV1/Conv2d_2_pointwise/weights'] == [1, 1, 8, 8]
    assert found['MobilenetV1/Conv2d_2_pointwise/se/excite/weights'] == [1, 1, 8, 8]


def test_mobilenet_v3_names() -> None:
    blocks = (V3BlockConfig(16, 16), V3BlockConfig(24, 72, 5, 2, se=True, activation='relu'))
    build(MobileNetV3Config(blocks=blocks, head_channels=32, hidden_channels=48))
    found = shapes()
    assert 'MobilenetV3/expanded_conv/expand/weights' not in found
    assert found['MobilenetV3/expanded_conv_1/expand/weights'] == [1, 1, 16, 72]
    assert found['MobilenetV3/expanded_conv_1/depthwise/depthwise_weights'] == [5, 5, 72, 1]
    assert found['MobilenetV3/expanded_conv_1/se/squeeze/weights'] == [1, 1, 72, 24]
    assert found['MobilenetV3/Conv_1/weights'] == [1, 1, 24, 32]
    assert found['MobilenetV3/Conv_2/weights'] == [1, 1, 32, 48]


@pytest.mark.parametrize(('options', 'extra'), [
    ({}, 0),
    ({'shortcut': 'projection'}, 16 * 32 + 32 * 64),
    # Norms of 16 and 32 channels where stages begin, not 32 and 64; one of 64 at the end, none of 16 in the stem.
    ({'preactivation': True}, 2 * (16 - 32 + 32 - 64 + 64 - 16)),
    ({'se': True, 'channel_multiple': 1}, sum(3 * (2 * c * c // 4 + c // 4 + c) for c in (16, 32, 64))),
])
def test_resnet_options(options: dict, extra: int) -> None:
    build(ResNetConfig(**options))
    assert parameters() == 269_722 + extra


def test_vgg_with_a_hidden_layer_and_gates() -> None:
    build(VGGConfig(stages=((8,), (16, 16)), hidden=(32,), se=True, classes=4))
    found = shapes()
    assert found['vgg/conv2/conv2_2/weights'] == [3, 3, 16, 16]
    assert found['vgg/conv2/se/squeeze/weights'] == [1, 1, 16, 8]
    assert found['vgg/fc3/weights'] == [8 * 8 * 16, 32]
    assert found['vgg/Logits/weights'] == [32, 4]


@pytest.mark.parametrize('training', [False, True])
def test_dropout_in_training_only(training: bool) -> None:
    build(LeNet5Config(dropout=0.5), training)
    kinds = {op.type for op in tf.get_default_graph().get_operations() if 'dropout' in op.name}
    assert ('RandomUniform' in kinds) == training


@pytest.mark.parametrize('name', ['elu', 'leaky_relu', 'tanh'])
def test_activation(name: str) -> None:
    build(dataclasses.replace(LeNet300Config(), activation=name))
    kinds = [op.type for op in tf.get_default_graph().get_operations()]
    assert kinds.count({'elu': 'Elu', 'leaky_relu': 'LeakyRelu', 'tanh': 'Tanh'}[name]) == 2
