"""Criteria that look at activations, against values by hand."""

from typing import Any

import numpy as np
import pytest

from tests.criteria.test_criteria import group_of, two_layers, with_values
from tf1pruning.activations import activations_of
from tf1pruning.channels import Channels
from tf1pruning.choice import choose
from tf1pruning.criteria import score
from tf1pruning.errors import OptionError
from tf1pruning.ranking import Amount

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
