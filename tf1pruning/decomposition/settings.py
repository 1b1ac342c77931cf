"""Ranks and densities from the report of another decomposition."""

import math
from typing import Any, Optional, Tuple

from ..errors import ModelError, NameNotFoundError, OptionError
from ..lowrank import Ranks
from ..lowrank.allocation import Choice
from ..lowrank.curves import Point
from ..lowrank.solver import check
from ..plain_json import load_json
from ..search.decomposition import Kernels


def settings_of(path: str, kernels: Kernels) -> Choice:
    """Reads ranks and densities from a report.

    Raises:
        OptionError: a rank is above a kernel's, or what it costs in time was not measured as a gain.
        NameNotFoundError: the model has no such layer.
        ModelError: the file is no such report.
    """
    try:
        wanted = {name: _setting(each) for name, each in load_json(path)['layers'].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ModelError('%s is no report of decompose: {"layers": {NAME: {"ranks": [R, R], "density": D}}} is '
                         'expected (%s)' % (path, error)) from error
    chosen: Choice = dict.fromkeys(kernels.layers)
    for name, setting in wanted.items():
        if name not in kernels.layers:
            raise NameNotFoundError.closest('layer', name, kernels.layers)
        if setting is not None:
            ranks, density = setting
            try:
                check(kernels.layers[name].shape, ranks, density)
            except OptionError as error:
                raise OptionError('%s: %s: %s' % (path, name, error)) from error
            cost = kernels.costs.kept(name, ranks, density)
            if not math.isfinite(cost):
                raise OptionError('%s: ranks %d and %d with a density of %s do not make it faster: leave it as it is, '
                                  'or choose another --cost' % (name, *ranks, density))
            chosen[name] = Point(ranks, density, cost, 0.0)
    return chosen


def _setting(layer: Any) -> Optional[Tuple[Ranks, float]]:
    """Returns ranks and density as a report has them; None for a layer that stays as it is."""
    ranks = layer['ranks']
    if ranks is None:
        return None
    if not isinstance(ranks, list) or [type(rank) for rank in ranks] != [int, int]:
        raise ValueError('ranks are two whole numbers or null')
    if type(layer['density']) not in (int, float):
        raise ValueError('a density is a number')
    return (ranks[0], ranks[1]), float(layer['density'])
