"""How redundant the channels of a group are: one score for each, 0 (needed) … 1 (redundant)."""

from typing import Callable, Dict

import numpy as np

from ..channels import Channels, Group
from ..errors import OptionError
from .l1 import l1
from .redundancy import redundancy

Criterion = Callable[[Channels, Group], np.ndarray]
CRITERIA: Dict[str, Criterion] = {'redundancy': redundancy, 'l1': l1}


def get_criterion(name: str) -> Criterion:
    """Looks a criterion up.

    Raises:
        OptionError: there is none of this name.
    """
    if name not in CRITERIA:
        raise OptionError('no criterion %r; there are %s' % (name, ', '.join(sorted(CRITERIA))))
    return CRITERIA[name]


__all__ = ['CRITERIA', 'Criterion', 'get_criterion', 'l1', 'redundancy']
