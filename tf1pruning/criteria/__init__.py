"""How redundant the channels of a group are: one score for each, 0 (needed) … 1 (redundant)."""

from typing import Dict, Optional

import numpy as np

from ..activations import Activations
from ..channels import Channels, Group
from ..errors import OptionError
from .apoz import apoz
from .batch_norm_scale import batch_norm_scale
from .combine import COMBINE, Scores, combine
from .geometric_median import geometric_median
from .l1 import l1
from .l2 import l2
from .mean_activation import mean_activation
from .measured import MeasuredScores
from .random import random
from .redundancy import redundancy
from .taylor import taylor

CRITERIA: Dict[str, Scores] = {
    'redundancy': redundancy, 'l1': l1, 'l2': l2, 'geometric_median': geometric_median,
    'batch_norm_scale': batch_norm_scale, 'random': random,
}
"""Those that look at weights only."""
MEASURED: Dict[str, MeasuredScores] = {'apoz': apoz, 'mean_activation': mean_activation, 'taylor': taylor}
"""Those that look at activations."""


def score(channels: Channels, group: Group, criterion: str, how: str = 'mean',
          activations: Optional[Activations] = None) -> np.ndarray:
    """Scores the channels of a group.

    Args:
        channels: the analysis.
        group: one of its groups.
        criterion: a name in `CRITERIA` or `MEASURED`.
        how: a name in `COMBINE`: what is made of the scores of several kernels or tensors.
        activations: what a calibration run measured of the group.

    Returns:
        Scores, shape `[channels]`, 0 … 1.

    Raises:
        OptionError: there is no such criterion, or it needs activations.
    """
    if criterion in CRITERIA:
        return combine(CRITERIA[criterion](channels, group), how)
    if criterion not in MEASURED:
        raise OptionError('no criterion %r; there are %s' % (criterion, ', '.join(sorted({**CRITERIA, **MEASURED}))))
    if activations is None:
        raise OptionError('criterion %s looks at activations: give examples (--data)' % criterion)
    return combine(MEASURED[criterion](channels, group, activations), how)


__all__ = ['COMBINE', 'CRITERIA', 'MEASURED', 'score']
