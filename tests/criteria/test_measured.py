"""Criteria that look at activations, against values by hand."""

from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.criteria.test_criteria import group_of, two_layers, with_values
from tests.planted import model_of
from tf1pruning.activations import activations_of, taylor_of
from tf1pruning.channels import Channels, analyse
from tf1pruning.choice import choose
from tf1pruning.criteria import score
from tf1pruning.errors import DataError, ModelError, OptionError
from tf1pruning.evaluation import Labelled
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.verify import run

EXAMPLES = [{'image:0': np.broadcast_to(np.arange(value, value + 64, dtype=np.float32).reshape(1, 8, 8, 1) / 64,
                                        (1, 8, 8, 3))} for value in (-32, 0)]
"""Two images: half of the first one is negative, none of the second one; the channels are alike."""


def layers(tmp_path: Any) -> Channels:
    """Filters that take 1, −1, 2 and 0 times a pixel."""
    kernel = np.zeros((1, 1, 3, 4), np.float32)
    kernel[0, 0, 0] = [1, -1, 2, 0]
    return with_values(two_layers(tmp_path), first__kernel=kernel)


def test_apoz_by_hand(tmp_path: Any) -> None:
    """Of 128 pixels, 32 are negative and 2 are zero."""
    channels = layers(tmp_path)
    measured = activations_of(channels, channels.groups, EXAMPLES)
    assert score(channels, group_of(channels, 'first'), 'apoz', activations=measured).tolist() == [
        34 / 128, 96 / 128, 34 / 128, 1]


def test_mean_activation_by_hand(tmp_path: Any) -> None:
    """Behind ReLU6, positive pixels count; the largest mean is the second one of twice the pixel."""
    channels = layers(tmp_path)
    measured = activations_of(channels, channels.groups, EXAMPLES)
    positive = sum(range(32)) + sum(range(64))
    negative = sum(range(33))
    assert np.allclose(score(channels, group_of(channels, 'first'), 'mean_activation', activations=measured),
                       [1 / 2, 1 - negative / (2 * positive), 0, 1])


def test_the_channels_with_most_zeros_go(tmp_path: Any) -> None:
    channels = layers(tmp_path)
    groups = [group_of(channels, 'first')]
    measured = activations_of(channels, groups, EXAMPLES)
    plan = choose(channels, groups, Amount(ratio=0.5, align=1), 'apoz', activations=measured)
    assert plan.groups[0].pruned == (1, 3)


def test_without_examples(tmp_path: Any) -> None:
    channels = layers(tmp_path)
    with pytest.raises(OptionError, match='criterion apoz looks at activations: give examples'):
        choose(channels, channels.groups, Amount(ratio=0.5), 'apoz')


def test_taylor_by_hand(tmp_path: Any) -> None:
    """Against gradients that are taken one channel at a time, numerically, of TensorFlow's own loss."""
    channels = two_layers(tmp_path)
    kernel = channels.model.value('first/kernel').copy()
    kernel[..., 3] = 0
    channels = with_values(channels, first__kernel=kernel)
    images = np.random.RandomState(0).normal(0, 1, (6, 8, 8, 3)).astype(np.float32)
    labelled = Labelled({'image:0': images}, np.array([0, 1, 2, 3, 4, 0]))
    groups = [group_of(channels, 'first')]
    found = taylor_of(channels, groups, labelled, 4)  # two examples do not fill a batch
    (values,) = found.taylor.values()
    (tensor,) = found.taylor
    losses = {}
    activations = run(channels.model, labelled.inputs, [str(tensor)])[0][:4]
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.import_graph_def(frozen_graph(channels.model), name='')
        for channel in range(4):
            for step in (-1e-2, 1e-2):
                changed = activations.copy()
                changed[..., channel] *= 1 + step
                logits = session.run('output:0', {str(tensor) + ':0': changed}).astype(np.float64)
                own = logits[np.arange(4), labelled.labels[:4]]
                losses[channel, step] = np.log(np.exp(logits).sum(1)) - own
    expected = [np.abs(losses[channel, 1e-2] - losses[channel, -1e-2]).mean() / 2e-2 for channel in range(4)]
    assert np.allclose(values, expected, rtol=0.02, atol=1e-4)
    assert max(expected) > 1e-3
    scores = score(channels, groups[0], 'taylor', activations=found)
    assert scores.min() == 0
    assert scores[3] == 1  # its filter is zero


def test_taylor_of_what_is_no_score(tmp_path: Any) -> None:
    def build() -> None:
        tf.argmax(builders.dense(tf.reduce_mean(builders.conv(builders.image(), 4, 'first'), [1, 2]), 5, 'logits'), 1,
                  name='output')
    channels = analyse(model_of(build, tmp_path))
    labelled = Labelled({'image:0': np.zeros((4, 8, 8, 3), np.float32)}, np.arange(4))
    with pytest.raises(ModelError, match='the first output, output, is no score of classes: name the logits first'):
        taylor_of(channels, channels.groups, labelled, 4)


def test_taylor_of_a_class_that_is_none(tmp_path: Any) -> None:
    channels = two_layers(tmp_path)
    labelled = Labelled({'image:0': np.zeros((4, 8, 8, 3), np.float32)}, np.array([0, 1, 7, 2]))
    with pytest.raises(DataError, match='label 7 of example 2 is out of range: output output has 5 classes, 0 to 4'):
        taylor_of(channels, channels.groups, labelled, 4)
