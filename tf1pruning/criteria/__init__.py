"""How redundant the channels of a group are: one score for each, 0 (needed) … 1 (redundant)."""

from typing import Dict

import numpy as np

from ..channels import Channels, Group
from ..errors import OptionError
from .batch_norm_scale import batch_norm_scale
from .combine import COMBINE, Scores, combine
from .geometric_median import geometric_median
from .l1 import l1
from .l2 import l2
from .random import random
from .redundancy import redundancy

CRITERIA: Dict[str, Scores] = {
    'redundancy': redundancy, 'l1': l1, 'l2': l2, 'geometric_median': geometric_median,
    'batch_norm_scale': batch_norm_scale, 'random': random,
}


def score(channels: Channels, group: Group, criterion: str, how: str = 'mean') -> np.ndarray:
    """Scores the channels of a group.

    Args:
        channels: the analysis.
        group: one of its groups.
        criterion: a name in `CRITERIA`.
        how: a name in `COMBINE`: what is made of the scores of several kernels.

    Returns:
        Scores, shape `[channels]`, 0 … 1.

    Raises:
        OptionError: there is no such criterion.
    """
    if criterion not in CRITERIA:
        raise OptionError('no criterion %r; there are %s' % (criterion, ', '.join(sorted(CRITERIA))))
    return combine(CRITERIA[criterion](channels, group), how)


__all__ = ['COMBINE', 'CRITERIA', 'score']
