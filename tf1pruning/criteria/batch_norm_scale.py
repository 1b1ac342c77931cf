"""Batch-norm scale: a channel with a small γ matters little (Liu et al., Network Slimming, arXiv 1708.06519)."""

from typing import List

import numpy as np

from ..channels import Channels, Group
from ..errors import OptionError
from .combine import weakness
from .filters import channel_numbers, mean_by_channel


def batch_norm_scale(channels: Channels, group: Group) -> List[np.ndarray]:
    """Scores channels by 1 − |γ| / (largest |γ| in the layer), for every scale that the channels have.

    Raises:
        OptionError: the group has no scale.
    """
    scores = []
    for name, axis in group.slices:
        if channels.roles.get(name) == 'scale':
            scale = np.abs(channels.model.value(name))
            others = tuple(other for other in range(scale.ndim) if other != axis)
            numbers = channel_numbers(group, channels.classes(name, axis))
            scores.append(mean_by_channel(group, numbers, weakness(scale.mean(axis=others) if others else scale)))
    if not scores:
        raise OptionError('group %s has no batch-norm scale: choose another criterion, or leave the group out with '
                          '--exclude' % group.name)
    return scores
