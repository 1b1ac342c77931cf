"""MobileNetV2 with SE: names, shapes and options."""

import dataclasses
from typing import List

import numpy as np
import pytest

from tf1pruning.tf1 import tf
from train.config import BlockConfig, MobileNetV2Config
from train.models.mobilenet_v2 import mobilenet_v2

SMALL = MobileNetV2Config(
    blocks=(BlockConfig(8, expansion=1), BlockConfig(8, se=True), BlockConfig(16, stride=2, repeats=2)),
    image_size=16, image_channels=1, channel_multiple=4, stem_channels=8, head_channels=0)


def build(config: MobileNetV2Config, training: bool = False) -> tf.Tensor:
    images = tf.placeholder(tf.float32, [None, config.image_size, config.image_size, config.image_channels], 'input')
    return mobilenet_v2(images, config, training)


def shapes() -> 'dict':
    return {variable.op.name: variable.shape.as_list() for variable in tf.trainable_variables()}


def operations(*kinds: str) -> List[tf.Operation]:
    return [op for op in tf.get_default_graph().get_operations() if op.type in kinds]


def test_names_and_shapes() -> None:
    assert build(SMALL).shape.as_list() == [None, 10]
    found = shapes()
    assert found['MobilenetV2/Conv/weights'] == [3, 3, 1, 8]
    assert 'MobilenetV2/expanded_conv/expand/weights' not in found
    assert found['MobilenetV2/expanded_conv_1/expand/weights'] == [1, 1, 8, 48]
    assert found['MobilenetV2/expanded_conv_1/expand/BatchNorm/gamma'] == [48]
    assert found['MobilenetV2/expanded_conv_1/depthwise/depthwise_weights'] == [3, 3, 48, 1]
    assert found['MobilenetV2/expanded_conv_1/se/squeeze/weights'] == [1, 1, 48, 12]
    assert found['MobilenetV2/expanded_conv_1/se/excite/biases'] == [48]
    assert found['MobilenetV2/expanded_conv_3/project/weights'] == [1, 1, 96, 16]
    assert found['MobilenetV2/Logits/weights'] == [1, 1, 16, 10]
    assert tf.get_default_graph().get_tensor_by_name('logits:0').shape.as_list() == [None, 10]


def test_gates_and_residuals_where_configured() -> None:
    build(SMALL)
    assert [op.name.split('/')[1] for op in operations('Sigmoid')] == ['expanded_conv_1']
    residuals = {op.name.split('/')[1] for op in operations('Add', 'AddV2') if op.name.count('/') == 2}
    assert residuals == {'expanded_conv', 'expanded_conv_1', 'expanded_conv_3'}


@pytest.mark.parametrize(('width', 'filters'), [(0.25, 4), (0.5, 4), (1.0, 8), (2.0, 16)])
def test_width(width: float, filters: int) -> None:
    build(dataclasses.replace(SMALL, width=width))
    assert shapes()['MobilenetV2/Conv/weights'][3] == filters


def test_head() -> None:
    build(dataclasses.replace(SMALL, head_channels=40))
    assert shapes()['MobilenetV2/Conv_1/weights'] == [1, 1, 16, 40]
    assert shapes()['MobilenetV2/Logits/weights'] == [1, 1, 40, 10]


@pytest.mark.parametrize('training', [False, True])
def test_dropout_in_training_only(training: bool) -> None:
    build(dataclasses.replace(SMALL, dropout=0.5), training)
    assert any('dropout' in op.name for op in operations('RandomUniform')) == training


def test_logits_begin_at_the_size_of_one() -> None:
    """However many channels the head has: logits of ten and more cost a training its first epochs."""
    tf.set_random_seed(0)
    config = dataclasses.replace(SMALL, head_channels=1280)
    images = tf.constant(np.random.RandomState(0).randn(32, 16, 16, 1), tf.float32)
    logits = mobilenet_v2(images, config, training=True)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert 0.1 < np.std(session.run(logits)) < 2
