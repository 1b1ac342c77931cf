"""Ranks and densities from the report of another decomposition."""

from ..errors import ModelError, NameNotFoundError, OptionError
from ..lowrank.allocation import Choice
from ..lowrank.curves import Point
from ..lowrank.solver import check
from ..plain_json import load_json
from ..search.decomposition import Kernels


def settings_of(path: str, kernels: Kernels) -> Choice:
    """Reads ranks and densities from a report.

    Raises:
        OptionError: a rank is above a kernel's.
        NameNotFoundError: the model has no such layer.
        ModelError: the file is no such report.
    """
    try:
        wanted = {name: (tuple(each['ranks']), float(each['density'])) if each['ranks'] is not None else None
                  for name, each in load_json(path)['layers'].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError('%s is no report of decompose: {"layers": {NAME: {"ranks": [R, R], "density": D}}} is '
                         'expected (%s)' % (path, error)) from error
    chosen: Choice = dict.fromkeys(kernels.layers)
    for name, setting in wanted.items():
        if name not in kernels.layers:
            raise NameNotFoundError.closest('layer', name, kernels.layers)
        if setting is not None:
            ranks, density = setting
            try:
                check(kernels.layers[name].shape, ranks, density)  # type: ignore[arg-type]
            except OptionError as error:
                raise OptionError('%s: %s' % (name, error)) from error
            chosen[name] = Point(ranks, density, kernels.costs.kept(name, ranks, density), 0.0)  # type: ignore[arg-type]
    return chosen
