"""The dictionaries and text files that `Pruning` writes between its steps."""

from typing import Dict, List, Sequence, Tuple

import numpy as np

from .channels import Channels, Group
from .channels.blocks import contraction_axes, kernel_of
from .criteria.filters import joined
from .filters_file import filters_of
from .model.model import Model
from .passes.soft_prune import nonzero_slices
from .plan import PruningPlan, pruned_slices

_BIASES = ('bias', 'scale', 'offset', 'mean', 'variance')


def group_convolutions(channels: Channels, groups: Sequence[Group]) -> Dict[str, Dict[str, int]]:
    """Returns group → convolution → axis of its kernel along which the group's channels lie."""
    return {group.name: contraction_axes(channels, group) for group in groups}


def convolution_variables(channels: Channels, groups: Sequence[Group]) -> Dict[str, List[str]]:
    """Returns convolution → its kernel's variables (several where it is partitioned)."""
    return {node: list(kernel_of(channels, node).parameters)
            for group in groups for node in contraction_axes(channels, group)}


def bias_variables(channels: Channels, groups: Sequence[Group]) -> Dict[str, List[str]]:
    """Returns group → biases and batch-norm variables that have its channels."""
    return {group.name: [name for name, _ in group.slices if channels.roles.get(name) in _BIASES] for group in groups}


def strip_nodes(channels: Channels, plan: PruningPlan) -> Dict[str, Dict[str, List[int]]]:
    """Returns, for every group that loses channels, the convolutions with the indices cut."""
    return {group: nodes for group, nodes in filters_of(channels, plan).items() if any(nodes.values())}


def strip_variables(channels: Channels, plan: PruningPlan) -> Dict[str, Dict[int, List[int]]]:
    """Returns variable → axis → indices cut."""
    return {name: {axis: [int(index) for index in indices] for axis, indices in axes.items()}
            for name, axes in pruned_slices(channels, plan).items()}


def filter_lines(channels: Channels, plan: PruningPlan) -> str:
    """Writes what was set to zero, a line per convolution."""
    lines = []
    convolutions = filters_of(channels, plan)
    for group in plan.groups:
        lines.append('%s (%s): %d of %d channels' % (group.name, group.kind, len(group.pruned), group.size))
        lines.extend('  %s: %s' % (node, ' '.join(str(index) for index in indices) or '-')
                     for node, indices in convolutions[group.name].items())
    return '\n'.join(lines) + '\n'


def unconverged_filters(channels: Channels, model: Model, plan: PruningPlan,
                        tolerance: float) -> List[Tuple[str, Tuple[int, ...], int]]:
    """Returns, for every convolution of every group, the filters chosen that are not zero, and how many were chosen.

    Args:
        channels: the analysis.
        model: the retrained model.
        plan: the filters chosen.
        tolerance: Σ|w| from which a filter counts as not zero.
    """
    found: List[Tuple[str, Tuple[int, ...], int]] = []
    groups = {group.name: group for group in channels.groups}
    for name, convolutions in filters_of(channels, plan).items():
        axes = contraction_axes(channels, groups[name])
        for node, indices in convolutions.items():
            names = kernel_of(channels, node).parameters
            kernel = joined(channels, names, [model.value(each) for each in names])
            rest = nonzero_slices(kernel, axes[node], indices, np.nextafter(tolerance, 0)) if indices else ()
            found.append((node, rest, len(indices)))
    return found


def summary_lines(channels: Channels, model: Model, plan: PruningPlan, tolerance: float) -> Tuple[str, float]:
    """Counts the chosen filters that are not zero.

    Args:
        channels: the analysis.
        model: the retrained model.
        plan: the filters chosen.
        tolerance: Σ|w| from which a filter counts as not zero.

    Returns:
        The text of `Pruning_Summary.txt` and failed_rate (0.0 where nothing was chosen).
    """
    found = unconverged_filters(channels, model, plan, tolerance)
    lines = ['%s: %d of %d filters are not zero%s' % (node, len(rest), count, ': ' + ' '.join(map(str, rest)) if rest
                                                      else '') for node, rest, count in found]
    failed, chosen = sum(len(rest) for _, rest, _ in found), sum(count for _, _, count in found)
    rate = failed / chosen if chosen else 0.0
    lines.append('failed_rate: %g (%d of %d)' % (rate, failed, chosen))
    return '\n'.join(lines) + '\n', rate
