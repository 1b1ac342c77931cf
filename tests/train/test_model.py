"""MobileNetV2 with SE: names, shapes and options; the model_fn around it trains."""

import dataclasses
from typing import List

import numpy as np
import pytest

from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf
from train.config import BlockConfig, ModelConfig, TrainConfig
from train.model_fn import classifier_model_fn
from train.models import mobilenet_v2_se
from train.models.mobilenet_v2_se import round_channels

SMALL = ModelConfig((BlockConfig(8, expansion=1), BlockConfig(8, se=True), BlockConfig(16, stride=2, repeats=2)),
                    image_size=16, stem_channels=8)


def build(config: ModelConfig, training: bool = False) -> tf.Tensor:
    images = tf.placeholder(tf.float32, [None, config.image_size, config.image_size, config.image_channels], 'input')
    return mobilenet_v2_se(images, config, training)


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


def test_rounding_to_multiples() -> None:
    assert [round_channels(count, SMALL) for count in (1, 5, 6, 7.9, 9.9, 10)] == [4, 4, 8, 8, 8, 12]


def test_head() -> None:
    build(dataclasses.replace(SMALL, head_channels=40))
    assert shapes()['MobilenetV2/Conv_1/weights'] == [1, 1, 16, 40]
    assert shapes()['MobilenetV2/Logits/weights'] == [1, 1, 40, 10]


@pytest.mark.parametrize('training', [False, True])
def test_dropout_in_training_only(training: bool) -> None:
    build(dataclasses.replace(SMALL, dropout=0.5), training)
    assert any('dropout' in op.name for op in operations('RandomUniform')) == training


@pytest.mark.parametrize('optimizer', ['adam', 'momentum', 'rmsprop', 'adagrad'])
def test_model_fn_learns(optimizer: str) -> None:
    """Ten steps on one batch lower the loss, whatever the optimizer; statistics move with them."""
    train = TrainConfig(40, optimizer=optimizer, learning_rate=0.01, warmup_steps=2, weight_decay=1e-4,
                        label_smoothing=0.1)
    images = np.random.RandomState(0).normal(size=[20, 16, 16, 1]).astype(np.float32)
    tf.set_random_seed(0)
    spec = classifier_model_fn(tf.constant(images), tf.constant(np.arange(20) % 10), tf.estimator.ModeKeys.TRAIN,
                               {'model': SMALL, 'train': train})
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        losses = [session.run([spec.loss, spec.train_op])[0] for _ in range(10)]
        step, mean = session.run([tf.train.get_global_step(), 'MobilenetV2/Conv/BatchNorm/moving_mean:0'])
    assert losses[-1] < 0.8 * losses[0]
    assert step == 10
    assert np.any(mean)


def test_schedules() -> None:
    from train.model_fn import _learning_rate
    step = tf.placeholder(tf.int64, [])
    cosine = _learning_rate(step, TrainConfig(100, learning_rate=1.0, warmup_steps=10))
    constant = _learning_rate(step, TrainConfig(100, learning_rate=1.0, schedule='constant'))
    with tf.Session() as session:
        rates = [session.run([cosine, constant], {step: number}) for number in (0, 50, 100)]
    np.testing.assert_allclose(rates, [[0.1, 1], [0.5, 1], [0, 1]], atol=1e-6)


@pytest.mark.parametrize(('model', 'train', 'message'), [
    ({'name': 'resnet'}, {}, "no model named 'resnet'; there are mobilenet_v2_se"),
    ({}, {'optimizer': 'lion'}, "no optimizer named 'lion'; there are adagrad, adam"),
    ({}, {'schedule': 'step'}, "no schedule named 'step'; there are constant, cosine"),
])
def test_unknown_names(model: dict, train: dict, message: str) -> None:
    params = {'model': dataclasses.replace(SMALL, **model), 'train': TrainConfig(5, **train)}
    with pytest.raises(OptionError, match=message):
        classifier_model_fn(tf.zeros([2, 16, 16, 1]), tf.zeros([2], tf.int32), tf.estimator.ModeKeys.TRAIN, params)
