"""The model_fn trains whatever the optimizer is, and evaluates with the averages of the weights."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf
from train.config import BlockConfig, LeNet300Config, MobileNetV2Config, TrainConfig
from train.model_fn import classifier_model_fn
from train.optimizers import OPTIMIZERS

SMALL = MobileNetV2Config(blocks=(BlockConfig(8, expansion=1), BlockConfig(8, se=True), BlockConfig(16, 6, 2, 2)),
                          image_size=16, image_channels=1, channel_multiple=4, stem_channels=8, head_channels=0)
TINY = LeNet300Config(image_size=4, hidden=(6,))


def spec_of(train: TrainConfig, model: Any = SMALL, mode: str = tf.estimator.ModeKeys.TRAIN,
            averaged: bool = False) -> tf.estimator.EstimatorSpec:
    shape = [20, model.image_size, model.image_size, 1]
    images = np.random.RandomState(0).normal(size=shape).astype(np.float32)
    tf.set_random_seed(0)
    return classifier_model_fn(tf.constant(images), tf.constant(np.arange(20) % 10), mode,
                               {'model': model, 'train': train, 'averaged': averaged})


@pytest.mark.parametrize('optimizer', sorted(OPTIMIZERS))
def test_learns(optimizer: str) -> None:
    """Ten steps on one batch lower the loss, whatever the optimizer; statistics move with them."""
    rate = 0.1 if optimizer == 'sgd' else 0.01
    spec = spec_of(TrainConfig(40, optimizer=optimizer, learning_rate=rate, warmup_steps=2, weight_decay=1e-4,
                               label_smoothing=0.1))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        losses = [session.run([spec.loss, spec.train_op])[0] for _ in range(10)]
        step, mean = session.run([tf.train.get_global_step(), 'MobilenetV2/Conv/BatchNorm/moving_mean:0'])
    assert losses[-1] < 0.8 * losses[0]
    assert step == 10
    assert np.any(mean)


def test_averages_lag_behind_and_take_the_place_of_the_weights(tmp_path: Any) -> None:
    train = TrainConfig(40, learning_rate=0.1, average=0.9)
    spec = spec_of(train, TINY)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        weights, averages = tf.trainable_variables()[0], tf.moving_average_variables()
        assert len(averages) == len(tf.trainable_variables())
        expected = session.run(weights)
        for step in range(1, 4):
            session.run(spec.train_op)
            decay = min(0.9, (1 + step) / (10 + step))
            expected = decay * expected + (1 - decay) * session.run(weights)
        prefix = tf.train.Saver().save(session, str(tmp_path / 'model.ckpt'))
        assert not np.allclose(expected, session.run(weights), atol=1e-3)
    for averaged in (False, True):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.train.get_or_create_global_step()
            spec = spec_of(train, TINY, tf.estimator.ModeKeys.EVAL, averaged)
            (spec.scaffold.saver if averaged else tf.train.Saver()).restore(session, prefix)
            found = session.run(tf.trainable_variables()[0])
            assert np.allclose(found, expected, atol=1e-6) == averaged


@pytest.mark.parametrize(('model', 'message'), [
    ({'name': 'resnet'}, "no model named 'resnet'; there are fashion_cnn, imported"),
    ({'activation': 'mish'}, "no activation named 'mish'; there are elu, hard_swish"),
])
def test_unknown_names(model: dict, message: str) -> None:
    def build() -> None:
        params = {'model': dataclasses.replace(SMALL, **model), 'train': TrainConfig(5)}
        classifier_model_fn(tf.zeros([2, 16, 16, 1]), tf.zeros([2], tf.int32), tf.estimator.ModeKeys.TRAIN, params)
    with pytest.raises(OptionError, match=message):
        build()
