"""From what was measured of activations to one score for every channel."""

from typing import Callable, List

import numpy as np

from ..activations import Activations
from ..channels import Channels, Group
from ..errors import OptionError
from ..graph.view import TensorName
from .filters import channel_numbers, mean_by_channel

MeasuredScores = Callable[[Channels, Group, Activations], List[np.ndarray]]
"""Gives, for every tensor of a group that was measured, the scores of its channels: `[channels]`, 0 … 1."""


def per_tensor(score_channels: Callable[[Activations, TensorName], np.ndarray],
               normalise: Callable[[np.ndarray], np.ndarray]) -> MeasuredScores:
    """Makes a criterion of a function from one tensor to a number for each of its channels.

    Args:
        score_channels: of a group's channel that lies in several places, behind a flatten for example, the mean counts.
        normalise: what makes scores of a group's numbers.
    """
    def scores(channels: Channels, group: Group, activations: Activations) -> List[np.ndarray]:
        found = [normalise(mean_by_channel(group, channel_numbers(group, labels), score_channels(activations, tensor)))
                 for tensor, labels in activations.of(channels, group)]
        if not found:
            raise OptionError('no activations of group %s can be measured: choose another criterion, or leave it out '
                              'with --exclude' % group.name)
        return found
    return scores
