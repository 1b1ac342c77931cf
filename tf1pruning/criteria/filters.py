"""The filters of a group's channels, kernel by kernel."""

from typing import Dict, Iterator, List, Sequence, Set, Tuple

import numpy as np

from ..channels import Channels, Group


def filters(channels: Channels, group: Group) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yields, for every kernel that makes or filters the channels, its weights as rows.

    The parts of a partitioned kernel count as the one kernel that they are.

    Yields:
        Weights `[slices, weights per slice]` and, for each row, the number of its channel in the group (-1: of
        another group).
    """
    made = _made(channels, group)
    kernels: Dict[Tuple[str, int], List[str]] = {}
    for name, axis in group.slices:
        if (name, axis) in made:
            whole = channels.parts[name].whole if name in channels.parts else name
            kernels.setdefault((whole, axis), []).append(name)
    for (_, axis), names in kernels.items():
        weights = joined(channels, names, [channels.model.value(name) for name in names])
        classes = [channels.classes(name, axis) for name in names]
        along = np.concatenate(classes) if weights.shape[axis] != classes[0].size else classes[0]
        yield np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1), channel_numbers(group, along)


def joined(channels: Channels, names: Sequence[str], values: Sequence[np.ndarray]) -> np.ndarray:
    """Returns the kernel whose parts have these names and values; a kernel that is not in parts is its own part."""
    return values[0] if len(values) == 1 else np.concatenate(values, channels.parts[names[0]].axis)


def _made(channels: Channels, group: Group) -> Set[Tuple[str, int]]:
    """Kernel axes that make the channels: of producers the filters, of depthwise kernels the channels themselves."""
    producers = {name for seen in channels.made.of(group.producers) for name in seen.parameters}
    made = channels.made.axes(group.producers)
    contracted = channels.used.axes(group.consumers) - made  # tied weights are both
    return {(name, axis) for name, axis in group.slices
            if channels.roles.get(name) == 'depthwise' or (name in producers and (name, axis) not in contracted)}


def channel_numbers(group: Group, classes: np.ndarray) -> np.ndarray:
    """Returns for every class its number in a group, -1 where it is not in it."""
    order = np.argsort(group.classes)
    place = np.minimum(np.searchsorted(group.classes[order], classes), group.size - 1)
    numbers = order[place]
    return np.where(group.classes[numbers] == classes, numbers, -1)


def mean_by_channel(group: Group, numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Averages values over the slices of each channel."""
    inside = numbers >= 0
    total = np.bincount(numbers[inside], values[inside], minlength=group.size)
    count = np.bincount(numbers[inside], minlength=group.size)
    return total / np.maximum(count, 1)
