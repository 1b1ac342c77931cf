"""A network without its source: trained, evaluated and trained on again from what that has left."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tests import plain
from tf1pruning.errors import ModelError, NameNotFoundError, OptionError
from tf1pruning.tf1 import tf
from train.classifier import Classifier
from train.config import DigitsConfig, Experiment, ImportedConfig, TrainConfig, VGGConfig
from train.model_fn import classifier_model_fn

TRAIN = TrainConfig(3, batch_size=16, learning_rate=0.01)
SOURCE = Experiment(VGGConfig(image_size=8, image_channels=1, stages=((8,), (8,))), TRAIN,
                    DigitsConfig(validation_fraction=0.1))


@pytest.fixture(name='checkpoint', scope='module')
def make_checkpoint(tmp_path_factory: Any) -> str:
    """Trains a network of which the source is forgotten then."""
    return Classifier(SOURCE).train(str(tmp_path_factory.mktemp('source')))


def imported(path: str, **changes: Any) -> Experiment:
    given = dict({'image_size': 8, 'image_channels': 1, 'checkpoint': path, 'input': 'IteratorGetNext'}, **changes)
    return dataclasses.replace(SOURCE, model=ImportedConfig(**given))


def test_it_measures_what_the_source_does(checkpoint: str) -> None:
    first, second = (Classifier(each).evaluate(checkpoint) for each in (SOURCE, imported(checkpoint)))
    assert first == pytest.approx(second)


def test_it_goes_on_from_the_checkpoint(checkpoint: str, tmp_path: Any) -> None:
    """One small step from where it was; batch norm learns; and the same once more from what came out."""
    train = TrainConfig(1, batch_size=16, optimizer='sgd', learning_rate=1e-3)
    start = checkpoint
    for name in ('once', 'twice'):
        experiment = dataclasses.replace(imported(start), train=train)
        end = Classifier(experiment).train(str(tmp_path / name))
        before, after = plain.values_of(start), plain.values_of(end)
        kernels = [each for each in after if each.endswith('weights')]
        assert kernels
        for each in kernels:
            assert 0 < np.abs(after[each] - before[each]).max() < 0.01, each
        means = [each for each in after if each.endswith('moving_mean')]
        assert means
        assert all(np.abs(after[each] - before[each]).max() > 0 for each in means)
        assert Classifier(experiment).evaluate(end)['accuracy'] > 0
        start = end


def test_evaluation_normalises_by_moving_statistics(checkpoint: str) -> None:
    """What an image gives does not depend on the batch it is in."""
    experiment = imported(checkpoint)
    images = np.random.RandomState(0).rand(4, 8, 8, 1).astype(np.float32)
    tensor = tf.placeholder(tf.float32, [None, 8, 8, 1])
    params = {'model': experiment.model, 'train': TRAIN}
    spec = classifier_model_fn(tensor, tf.zeros([tf.shape(tensor)[0]], tf.int32), tf.estimator.ModeKeys.PREDICT, params)
    with plain.new_session() as session:
        tf.train.Saver().restore(session, checkpoint)
        together = session.run(spec.predictions['logits'], {tensor: images})
        alone = session.run(spec.predictions['logits'], {tensor: images[:1]})
    np.testing.assert_allclose(together[:1], alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(('changes', 'error', 'message'), [
    ({'checkpoint': ''}, OptionError, 'Give --model CHECKPOINT'),
    ({'checkpoint': 'nowhere'}, ModelError, 'no checkpoint nowhere'),
    ({'output': 'logit'}, NameNotFoundError, 'logits'),
    ({'output': 'vgg/conv1/conv1_1/BatchNorm/FusedBatchNormV3'}, OptionError, 'not that of the logits of 10 classes'),
    ({'classes': 7}, OptionError, 'not that of the logits of 7 classes'),
])
def test_what_does_not_fit(checkpoint: str, changes: Any, error: type, message: str) -> None:
    model = imported(checkpoint, **changes).model
    with pytest.raises(error, match=message):
        classifier_model_fn(tf.zeros([2, 8, 8, 1]), tf.zeros([2], tf.int32), tf.estimator.ModeKeys.EVAL,
                            {'model': model, 'train': TRAIN})
