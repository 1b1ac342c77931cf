"""Which ranks and densities the layers of a network get: from the kernels alone."""

from typing import Dict, Iterable, Mapping

import numpy as np

from ..errors import ModelError, OptionError
from ..lowrank import Branches, Ranks, Structure, decompose
from ..lowrank.allocation import (
    TOLERANCE,
    Choice,
    least_error,
    require_possible,
    spend,
    spread_shares,
    topped_up,
    total,
    within_shares,
)
from ..lowrank.costs import Costs
from ..lowrank.curves import Curves, Point, Spectrum, points_of
from ..model.model import Model
from ..weights.linear_layers import LinearLayer


class Kernels:
    """The kernels that are to be decomposed, what is known of them, and how.

    What was computed once is not computed again; only errors are kept of what the solver found.

    Attributes:
        layers: by name.
        costs: of the layers.
        kind: one of `costs.KINDS`.
        structure: of the sparse branches.

    Args:
        model: in inference form.
        layers: which of its layers take part, by name.
        costs: of the layers.
        kind: one of `costs.KINDS`.
        structure: of the sparse branches.
    """

    def __init__(self, model: Model, layers: Mapping[str, LinearLayer], costs: Costs, kind: str,
                 structure: Structure) -> None:
        self.layers = dict(layers)
        self.costs = costs
        self.kind = kind
        self.structure = structure
        self._model = model
        self._spectra: Dict[str, Spectrum] = {}
        self._curves: Curves = {}
        self._errors: Dict[str, Dict[object, float]] = {name: {} for name in layers}

    def kernel(self, name: str) -> np.ndarray:
        """Returns the kernel of a layer, `[kh, kw, Cin, Cout]`.

        Raises:
            ModelError: some of it is not finite.
        """
        found = self.layers[name].kernel(self._model)
        if not np.isfinite(found).all():
            raise ModelError('%s has weights that are not finite; leave it out with --exclude' % name)
        return found

    def spectrum(self, name: str) -> Spectrum:
        """Returns what estimates the errors of a layer."""
        if name not in self._spectra:
            self._spectra[name] = Spectrum(self.kernel(name), self.structure)
        return self._spectra[name]

    def curve(self, name: str) -> Iterable[Point]:
        """Returns the ways to write a layer that are cheaper than it is."""
        if name not in self._curves:
            self._curves[name] = points_of(name, self.spectrum(name), self.costs, self.kind)
        return self._curves[name]

    def estimate(self, name: str, ranks: Ranks, density: float) -> float:
        """Returns about what the error of a layer will be."""
        return self.spectrum(name).error(ranks, density)

    def is_known(self, name: str) -> bool:
        """Whether the curve of a layer has been asked for before."""
        return name in self._curves

    def curves(self) -> Curves:
        """Returns those of all layers."""
        return {name: list(self.curve(name)) for name in self.layers}

    def branches(self, name: str, ranks: Ranks, density: float) -> Branches:
        """Decomposes a layer."""
        found = decompose(self.kernel(name), ranks, density, self.structure)
        self._errors[name][ranks, density] = found.error(self.kernel(name))
        return found

    def solved(self, name: str, point: Point) -> Point:
        """Returns a point with the error that the solver reaches."""
        if (point.ranks, point.density) not in self._errors[name]:
            self.branches(name, point.ranks, point.density)
        return point._replace(error=self._errors[name][point.ranks, point.density])

    def values(self, name: str, branches: Branches) -> Dict[str, np.ndarray]:
        """Returns what the parameters of a layer hold when its kernel is what branches amount to."""
        return self.layers[name].values(self._model, branches.kernel(self.layers[name].shape))


def data_free(kernels: Kernels, factor: float, allocation: str) -> Choice:
    """Shares a part of the whole cost out among the layers, without any data.

    Args:
        kernels: the layers.
        factor: the part of the cost that is kept, above 0 and below 1.
        allocation: one of `allocation.ALLOCATIONS`.

    Raises:
        OptionError: the factor is out of its range, or cannot be met; the message says what can.
    """
    if not 0 < factor < 1:
        raise OptionError('a compression factor of %s: it must be above 0 and below 1, the part of the cost that is '
                          'kept' % factor)
    curves, costs = kernels.curves(), kernels.costs
    require_possible(curves, costs, factor)
    whole = sum(costs.dense(name) for name in curves)
    if allocation == 'error':
        chosen = least_error(curves, costs, factor * whole)
    else:
        deviations = {name: float(kernels.kernel(name).std()) for name in curves}
        shares = spread_shares(deviations, costs, factor)
        chosen = within_shares(shares, curves, costs, kernels.kind, kernels.estimate, kernels.solved)
    chosen = spend(chosen, curves, costs, factor * whole)
    return chosen if kernels.kind == 'tucker' else topped_up(chosen, costs, factor * whole)


def require_near(chosen: Choice, costs: Costs, factor: float) -> None:
    """Checks that what is kept is within 1 % of what was asked for.

    Raises:
        OptionError: the steps between the ranks are too large; the message says what is kept.
    """
    kept = total(chosen, costs) / sum(costs.dense(name) for name in chosen)
    if abs(kept - factor) > TOLERANCE * factor:
        raise OptionError('a compression factor of %s cannot be met: with ranks and densities of these layers, the '
                          'nearest below it is %.4f; ask for that, or for sparse branches too (--compression_type '
                          'hybrid), whose steps are smaller' % (factor, kept))


def as_solved(kernels: Kernels, chosen: Choice, branches: Mapping[str, Branches]) -> Choice:
    """Returns a choice with the densities, costs and errors that came out: units are counted in whole numbers."""
    found: Choice = dict(chosen)
    for name, each in branches.items():
        found[name] = Point(each.ranks, each.density, kernels.costs.kept(name, each.ranks, each.density),
                            each.error(kernels.kernel(name)))
    return found


def solved(kernels: Kernels, chosen: Choice) -> Dict[str, Branches]:
    """Decomposes all layers that are not left as they are."""
    return {name: kernels.branches(name, point.ranks, point.density) for name, point in chosen.items()
            if point is not None}
