"""A classifier trains, goes on where it was interrupted, and evaluates every part of its images."""

import dataclasses
import logging
import os
from typing import Any, Dict

import numpy as np
import pytest

from tests.train.data.test_tfrecord import bad_ones
from tests.train.data.written import write_records
from tf1pruning.errors import ModelError, OptionError, OutputError
from tf1pruning.tf1 import tf
from train.classifier import Classifier
from train.config import (
    AugmentConfig,
    DigitsConfig,
    Experiment,
    LeNet300Config,
    SparsifyConfig,
    TFRecordConfig,
    TrainConfig,
)
from train.data import DataError
from train.resuming import RECORD, record

IMAGES = DigitsConfig(validation_fraction=0.2, augment=AugmentConfig(crop=1, flip=True))
EXPERIMENT = Experiment(LeNet300Config(image_size=8, hidden=(16,)),
                        TrainConfig(6, batch_size=8, learning_rate=0.01, average=0.9, checkpoint_steps=2), IMAGES)
QUICK = dataclasses.replace(EXPERIMENT, train=TrainConfig(60, batch_size=32, learning_rate=0.02),
                            images=DigitsConfig(validation_fraction=0.2, augment=AugmentConfig()))


def with_train(experiment: Experiment, **changes: Any) -> Experiment:
    return dataclasses.replace(experiment, train=dataclasses.replace(experiment.train, **changes))


def values(checkpoint: str) -> Dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(checkpoint)
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


class Interruption(tf.train.SessionRunHook):
    """Presses Ctrl-C in a step."""

    def __init__(self, step: int) -> None:
        self._left = step

    def before_run(self, run_context: Any) -> None:
        self._left -= 1
        if not self._left:
            raise KeyboardInterrupt


def test_an_interrupted_training_comes_to_the_same_end(tmp_path: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    classifier = Classifier(EXPERIMENT)
    whole = values(classifier.train(str(tmp_path / 'whole')))
    with pytest.raises(KeyboardInterrupt):
        classifier.train(str(tmp_path / 'parts'), hooks=[Interruption(4)])
    assert os.path.basename(tf.train.latest_checkpoint(str(tmp_path / 'parts'))) == 'model.ckpt-2'
    parts = values(classifier.train(str(tmp_path / 'parts')))
    assert 'parts: going on after step 2 of 6' in caplog.text
    assert parts['global_step'] == 6
    assert sorted(whole) == sorted(parts)
    for name, value in whole.items():
        np.testing.assert_array_equal(value, parts[name], name)


def test_a_finished_training_says_so(tmp_path: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    classifier = Classifier(with_train(EXPERIMENT, steps=2))
    first = classifier.train(str(tmp_path))
    assert 'finished already' not in caplog.text
    assert classifier.train(str(tmp_path)) == first
    assert '%s: finished already, with 2 steps' % tmp_path in caplog.text
    longer = Classifier(with_train(EXPERIMENT, steps=3))
    assert longer.train(str(tmp_path)).endswith('model.ckpt-3')


@pytest.mark.parametrize(('model', 'train', 'message'), [
    ({}, {'learning_rate': 0.02}, 'holds a training with train.learning_rate 0.01, not 0.02: choose another folder'),
    ({'hidden': (8,)}, {}, r'with model.hidden \[16\], not \[8\]'),
])
def test_another_training_in_the_same_folder_is_refused(tmp_path: Any, model: dict, train: dict, message: str) -> None:
    short = with_train(EXPERIMENT, steps=1)
    Classifier(short).train(str(tmp_path))
    other = dataclasses.replace(with_train(short, **train), model=dataclasses.replace(short.model, **model))
    with pytest.raises(OutputError, match=message):
        Classifier(other).train(str(tmp_path))


@pytest.mark.parametrize(('damage', 'message'), [
    ('model.ckpt-1.index', r'the latest checkpoint of .* cannot be gone on with \(.*\): remove it'),
    ('training.json', r'training\.json cannot be read \(.*\), by which .*: choose another folder'),
])
def test_what_is_damaged_is_one_line(tmp_path: Any, damage: str, message: str) -> None:
    classifier = Classifier(with_train(EXPERIMENT, steps=1))
    classifier.train(str(tmp_path))
    (tmp_path / damage).write_text('{')
    with pytest.raises(OutputError, match=message) as error:
        classifier.train(str(tmp_path))
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('model', [{'hidden': (8,)}, {'hidden': (16, 8)}])
def test_a_checkpoint_of_another_network_is_one_line(tmp_path: Any, model: dict) -> None:
    """Other shapes, or variables that it lacks; where it is evaluated, and where a training would go on from it."""
    checkpoint = Classifier(with_train(EXPERIMENT, steps=1)).train(str(tmp_path))
    other = dataclasses.replace(EXPERIMENT, model=dataclasses.replace(EXPERIMENT.model, **model))
    record(str(tmp_path / 'other'), other)
    os.replace(str(tmp_path / 'other' / RECORD), str(tmp_path / RECORD))
    for use in (lambda: Classifier(other).evaluate(checkpoint), lambda: Classifier(other).train(str(tmp_path))):
        with pytest.raises(ModelError, match=r'ckpt-1 is not a checkpoint of the network in the configuration, '
                                             r'lenet_300_100 \(.*(shape|not found in checkpoint).*\): give') as error:
            use()
        assert '\n' not in str(error.value)


def test_validation_accuracy_at_checkpoints_on_the_way(tmp_path: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    classifier = Classifier(EXPERIMENT)
    classifier.train(str(tmp_path))
    lines = [each.message for each in caplog.records if each.message.endswith('on the validation images')]
    assert [line.split(': ')[1].split(',')[0] for line in lines] == ['step 2', 'step 4']


def test_every_part_is_evaluated(tmp_path: Any) -> None:
    classifier = Classifier(QUICK)
    checkpoint = classifier.train(str(tmp_path))
    found = [classifier.evaluate(checkpoint, part)['accuracy'] for part in ('train', 'validation', 'test')]
    assert all(0.5 < accuracy < 1 for accuracy in found)
    with pytest.raises(ModelError, match='no checkpoint nowhere; train first'):
        classifier.evaluate('nowhere')
    without = Classifier(dataclasses.replace(EXPERIMENT, images=DigitsConfig()))
    with pytest.raises(OptionError, match='no validation images: set validation_fraction'):
        without.evaluate(checkpoint, 'validation')


def test_the_averages_are_what_is_evaluated(tmp_path: Any) -> None:
    """Averages of zero are as good as chance, whatever the weights are."""
    without = Classifier(QUICK)
    checkpoint = without.train(str(tmp_path))
    plain = without.evaluate(checkpoint)
    assert plain['accuracy'] > 0.5
    swapped = values(checkpoint)
    with tf.Graph().as_default(), tf.Session() as session:
        for name, value in swapped.items():
            tf.get_variable(name, initializer=value)
            if name.startswith('LeNet') and 'Adam' not in name:
                tf.get_variable(name + '/ExponentialMovingAverage', initializer=np.zeros_like(value))
        session.run(tf.global_variables_initializer())
        prefix = tf.train.Saver().save(session, str(tmp_path / 'swapped.ckpt'))
    averaged = Classifier(with_train(QUICK, average=0.9))
    assert averaged.evaluate(checkpoint) == plain
    for classifier in (averaged, without):
        assert classifier.evaluate(prefix)['accuracy'] < 0.2


def test_a_loss_that_is_no_number_is_one_line(tmp_path: Any) -> None:
    wild = Classifier(with_train(EXPERIMENT, learning_rate=1e30, optimizer='sgd'))
    with pytest.raises(OptionError, match='the loss is no number any more: lower learning_rate'):
        wild.train(str(tmp_path))


class _Full(tf.train.SessionRunHook):
    """Says what TensorFlow says where a tensor does not fit into memory."""

    def before_run(self, run_context: Any) -> None:
        raise tf.errors.ResourceExhaustedError(None, None, 'OOM: allocating tensor with shape[9]\n\t [[{{node x}}]]')


def test_too_little_memory_is_one_line(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match=r'not enough memory .*shape\[9\].*: lower batch_size') as error:
        Classifier(EXPERIMENT).train(str(tmp_path), hooks=[_Full()])
    assert '\n' not in str(error.value)


def test_bad_records_stop_it_with_one_line(tmp_path: Any) -> None:
    """Before the training where they come first, else when they are met."""
    model = LeNet300Config(image_size=6, image_channels=3, classes=5, hidden=(4,))
    images = TFRecordConfig(folder=str(tmp_path), max_bad_records=2)
    experiment = Experiment(model, TrainConfig(40, batch_size=4), images)
    said = '3 bad records, where max_bad_records allows 2; the last .*train-0'
    for name in ('train-0', 'test-0'):
        write_records(tmp_path / name, bad_ones())
    with pytest.raises(DataError, match=said) as error:
        Classifier(experiment)
    assert '\n' not in str(error.value)

    good = [record for number, record in enumerate(bad_ones()) if number not in (2, 5, 8)]
    write_records(tmp_path / 'train-0', good * 20 + bad_ones())
    write_records(tmp_path / 'test-0', good)
    classifier = Classifier(experiment)
    with pytest.raises(DataError, match=said) as error:
        classifier.train(str(tmp_path / 'out'))
    assert '\n' not in str(error.value)


@pytest.mark.slow
def test_weights_become_zero_as_the_experiment_says(tmp_path: Any) -> None:
    """By the last step exactly, interrupted or not, in the averages too."""
    sparse = dataclasses.replace(with_train(EXPERIMENT, checkpoint_steps=3), images=DigitsConfig(),
                                 sparsify=SparsifyConfig(begin=1, end=5, frequency=2, final=0.75))
    classifier = Classifier(sparse)
    whole = values(classifier.train(str(tmp_path / 'whole')))
    with pytest.raises(KeyboardInterrupt):
        classifier.train(str(tmp_path / 'parts'), hooks=[Interruption(5)])
    parts = values(classifier.train(str(tmp_path / 'parts')))
    assert sorted(whole) == sorted(parts)
    assert all(np.array_equal(value, parts[name]) for name, value in whole.items())
    kernels = [name[:-len('/magnitude_mask')] for name in whole if name.endswith('/magnitude_mask')]
    assert len(kernels) == 2
    for name in kernels:
        for each in (name, name + '/ExponentialMovingAverage', name + '/Adam', name + '/Adam_1'):
            assert ((whole[each] == 0) >= ~whole[name + '/magnitude_mask']).all()
        assert (whole[name] == 0).sum() == whole[name].size - round(whole[name].size * 0.25)


def test_only_the_training_of_the_experiment_makes_zeros(tmp_path: Any) -> None:
    """Others, as those of a pruning loop, do not; and what was begun without zeros does not go on with them."""
    classifier = Classifier(dataclasses.replace(EXPERIMENT, images=DigitsConfig(),
                                                sparsify=SparsifyConfig(end=5, final=0.75)))
    other = values(classifier.train(str(tmp_path), dataclasses.replace(EXPERIMENT.train, steps=1)))
    assert not [name for name in other if 'magnitude' in name]
    with pytest.raises(OutputError, match='holds a training with sparsify None'):
        classifier.train(str(tmp_path))
