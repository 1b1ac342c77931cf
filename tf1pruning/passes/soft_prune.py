"""Soft-prune: the channels of a plan become zero, in every parameter and in the optimizer's slots."""

from typing import Dict, Iterable, Mapping, Tuple

import numpy as np

from ..channels import Channels
from ..model.model import Model
from ..model.values import Value, Zeroed
from ..plan import PruningPlan, pruned_slices
from ..weights import with_values

ZEROED_ROLES = ('kernel', 'depthwise', 'bias', 'scale', 'offset')
"""What becomes zero. Statistics stay: a variance of zero would be divided by, and nothing reads them any more."""

Slices = Mapping[str, Mapping[int, np.ndarray]]


def soft_prune(model: Model, channels: Channels, plan: PruningPlan) -> Model:
    """Returns the model with a plan's channels set to zero.

    Zero become filters, biases, γ, β, depthwise kernels and the slices of the consumers' kernels that read the
    channels: with the latter, the rest of the network cannot see them, whatever the activations make of a zero.

    Args:
        model: the model as it is (training graph or not).
        channels: the analysis of its inference form.
        plan: what goes.

    Raises:
        PlanError: the plan does not fit.
    """
    return zero_slices(model, zeros_of(channels, plan))


def zeros_of(channels: Channels, plan: PruningPlan) -> Dict[str, Dict[int, np.ndarray]]:
    """Returns what must be zero: parameter → axis → indices; for training hooks too."""
    return {name: axes for name, axes in pruned_slices(channels, plan).items()
            if channels.roles.get(name) in ZEROED_ROLES}


def zero_slices(model: Model, zeros: Slices) -> Model:
    """Returns the model with slices of parameters, and of their slots and moving averages, set to zero."""
    values: Dict[str, Value] = {}
    for name, axes in zeros.items():
        values[name] = Zeroed(model.lazy(name), axes)
        for companion in model.companions.get(name, ()):
            if companion.zeroed and companion.node in model.weights:
                values[companion.node] = Zeroed(model.lazy(companion.node), axes)
    return with_values(model, values)


def nonzero_slices(value: np.ndarray, axis: int, indices: Iterable[int], tolerance: float = 0.0) -> Tuple[int, ...]:
    """Returns those of some slices along an axis whose Σ|w| is above a tolerance."""
    wanted = np.fromiter(indices, int)
    others = tuple(other for other in range(value.ndim) if other != axis)
    wanted = wanted[(value != 0).any(axis=others)[wanted]]  # few, as a rule
    rows = np.moveaxis(value, axis, 0)[wanted].astype(np.float64)
    sums = np.abs(rows).sum(axis=tuple(range(1, rows.ndim)))
    with np.errstate(invalid='ignore'):  # what is not a number is not zero
        return tuple(int(index) for index in wanted[~(sums <= tolerance)])
