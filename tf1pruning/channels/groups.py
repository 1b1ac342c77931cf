"""Groups: the classes of channels that have the same slices in the same parameters."""

import os
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from .rules import Part, Seen


class Group(NamedTuple):
    """Channels that have the same slices in the same parameters.

    Attributes:
        name: the common path of the operations that make and use them.
        classes: label of every channel, in the order of `anchor`.
        anchor: the parameter and axis that number the channels: the first kernel that makes them.
        slices: every parameter and axis in which they have slices.
        producers: nodes that make the channels.
        consumers: nodes that contract over them.
        depthwise: depthwise nodes that they pass.
    """

    name: str
    classes: np.ndarray
    anchor: Tuple[str, int]
    slices: Tuple[Tuple[str, int], ...]
    producers: Tuple[str, ...]
    consumers: Tuple[str, ...]
    depthwise: Tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of channels."""
        return int(self.classes.size)


class _Footprint(NamedTuple):
    """An array of labels that some axes of parameters have in common.

    Attributes:
        labels: the labels along these axes.
        slices: numbers of the parameters and axes.
    """

    labels: np.ndarray
    slices: List[int]


def find_groups(axes: Mapping[str, Tuple[np.ndarray, ...]], labels: np.ndarray, pinned: np.ndarray,
                produced: Sequence[Seen], contracted: Sequence[Seen], depthwise: Sequence[Seen],
                parts: Mapping[str, Part]) -> List[Group]:
    """Collects the classes that can go.

    A class can go if nothing pins it, a kernel makes it and a kernel contracts over it.

    Args:
        axes: ids of every parameter, axis by axis.
        labels: class of every id.
        pinned: whether a class must stay.
        produced: ids that kernels make.
        contracted: ids that kernels contract over.
        depthwise: ids that depthwise kernels filter.
        parts: parameters that are joined into one, which counts as one parameter.
    """
    slices = [(name, axis) for name, own in axes.items() for axis in range(len(own))]
    footprints = _footprints(slices, axes, labels, parts)
    sets = _same_footprints(footprints, pinned)
    first = np.full(pinned.size, -1)
    first[[members[0] for members in sets]] = np.arange(len(sets))
    held = _holders(first, [footprint.labels for footprint in footprints], len(sets))
    made, used, passed = (_holders(first, [labels[seen.ids] for seen in kind], len(sets))
                          for kind in (produced, contracted, depthwise))
    groups: List[Group] = []
    for number, members in enumerate(sets):
        anchors = ((k, _own_axis(produced[k], axes)) for k in made[number])
        maker, anchor = next((found for found in anchors if found[1] is not None), (0, None))
        if anchor is None or not used[number]:
            continue
        producers, consumers, filters = (tuple(kind[k].node for k in where[number]) for kind, where in (
            (produced, made), (contracted, used), (depthwise, passed)))
        groups.append(Group(common_scope(producers + filters + consumers),
                            _in_order(labels[produced[maker].ids], members), anchor,
                            tuple(slices[k] for k in sorted(k for f in held[number] for k in footprints[f].slices)),
                            producers, consumers, filters))
    order = {name: place for place, name in enumerate(axes)}
    return _named(sorted(groups, key=lambda group: (order[group.anchor[0]], group.classes[0])))


def _footprints(slices: Sequence[Tuple[str, int]], axes: Mapping[str, Tuple[np.ndarray, ...]], labels: np.ndarray,
                parts: Mapping[str, Part]) -> List[_Footprint]:
    """Collects the axes with equal labels; an axis of the parts of one parameter has the labels of all of them."""
    wholes: Dict[Tuple[str, int], List[int]] = {}
    for number, (name, axis) in enumerate(slices):
        wholes.setdefault((parts[name].whole if name in parts else name, axis), []).append(number)
    found: Dict[bytes, _Footprint] = {}
    for numbers in wholes.values():
        own = [labels[axes[name][axis]] for name, axis in (slices[number] for number in numbers)]
        along = own[0] if len(own) == 1 else np.concatenate(own)
        found.setdefault(along.tobytes(), _Footprint(along, [])).slices.extend(numbers)
    return list(found.values())


def _same_footprints(footprints: Sequence[_Footprint], pinned: np.ndarray) -> List[np.ndarray]:
    """Splits the labels that can go by the set of footprints that they are in; ascending within each set."""
    marks = np.random.RandomState(0).randint(1, 2 ** 62, len(footprints), dtype=np.int64)
    signature = np.zeros(pinned.size, np.int64)
    for footprint, mark in zip(footprints, marks):
        signature[footprint.labels] += mark  # once, however often a label is repeated
    candidates = np.flatnonzero((signature != 0) & ~pinned)
    order = np.argsort(signature[candidates], kind='stable')
    values = signature[candidates][order]
    return np.split(candidates[order], np.flatnonzero(np.diff(values)) + 1) if candidates.size else []


def _holders(first: np.ndarray, arrays: Sequence[np.ndarray], count: int) -> List[List[int]]:
    """Returns for every set of labels the numbers of the arrays that hold its first one.

    Args:
        first: for every label, the number of the set whose first one it is, else -1.
        arrays: labels.
        count: number of sets.
    """
    found: List[List[int]] = [[] for _ in range(count)]
    for number, array in enumerate(arrays):
        hits = first[array]
        for place in set(hits[hits >= 0].tolist()):
            found[place].append(number)
    return found


def _own_axis(seen: Seen, axes: Mapping[str, Tuple[np.ndarray, ...]]) -> Optional[Tuple[str, int]]:
    """Returns the parameter and axis whose ids a kernel makes; of a partitioned kernel, the first that has some."""
    for name in seen.parameters:
        for axis, own in reversed(list(enumerate(axes.get(name, ())))):
            if own.size == seen.ids.size and np.array_equal(own, seen.ids):
                return name, axis
    for name in seen.parameters:
        for axis, own in reversed(list(enumerate(axes.get(name, ())))):
            if np.isin(own, seen.ids).any():
                return name, axis
    return None


def _in_order(along: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Sorts ascending labels by where they first stand along an axis; those that do not stand there come last."""
    if np.array_equal(along, members):
        return members
    place = np.minimum(np.searchsorted(members, along), members.size - 1)
    present = np.flatnonzero(members[place] == along)[::-1]
    position = np.full(members.size, along.size)
    position[place[present]] = present  # of several, the last one set stays: the first along the axis
    return members[np.argsort(position, kind='stable')]


def common_scope(names: Tuple[str, ...]) -> str:
    """Returns the longest common path of some node names; without one, the first node's own path."""
    return os.path.commonprefix(names).rpartition('/')[0] or names[0].rpartition('/')[0] or names[0]


def _named(groups: List[Group]) -> List[Group]:
    """Makes names unique: of groups with one path, all but the first take the name of the kernel that makes them."""
    taken: Set[str] = set()
    named: List[Group] = []
    for group in groups:
        name, number = group.name, 1
        while name in taken:
            name = group.anchor[0] if number == 1 else '%s_%d' % (group.anchor[0], number)
            number += 1
        taken.add(name)
        named.append(group._replace(name=name))
    return named


