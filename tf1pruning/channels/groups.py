"""Groups: the classes of channels that have the same slices in the same parameters."""

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


class _Owners:
    """For a label: the numbers of the arrays that hold it."""

    def __init__(self, arrays: Sequence[np.ndarray]) -> None:
        labels = np.concatenate(arrays) if arrays else np.zeros(0, np.int64)
        owners = np.repeat(np.arange(len(arrays)), [array.size for array in arrays])
        pairs = np.unique(labels.astype(np.int64) * max(1, len(arrays)) + owners)  # one sort for all of them
        self.labels, self.owners = np.divmod(pairs, max(1, len(arrays)))

    def __call__(self, label: int) -> List[int]:
        start, end = np.searchsorted(self.labels, [label, label + 1])
        return [int(owner) for owner in self.owners[start:end]]


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
    wholes = _wholes(slices, parts)
    holders = _Owners([labels[axes[name][axis]] for name, axis in slices])
    makers, users, filters = (_Owners([labels[seen.ids] for seen in kind])
                              for kind in (produced, contracted, depthwise))
    anchors = [_own_axis(seen, axes) for seen in produced]
    candidates = np.unique(holders.labels)
    candidates = candidates[~pinned[candidates]]
    groups: List[Group] = []
    for members in _same_holders(holders, candidates, wholes):
        label = int(members[0])
        made, used = makers(label), users(label)
        first = next((k for k in made if anchors[k] is not None), None)
        anchor = anchors[first] if first is not None else None
        if first is None or anchor is None or not used:
            continue
        producers = tuple(produced[k].node for k in made)
        consumers = tuple(contracted[k].node for k in used)
        passed = tuple(depthwise[k].node for k in filters(label))
        held = np.flatnonzero(np.isin(wholes, wholes[holders(label)]))
        groups.append(Group(common_scope(producers + passed + consumers),
                            _in_order(labels[produced[first].ids], members), anchor,
                            tuple(slices[k] for k in held), producers, consumers, passed))
    order = {name: place for place, name in enumerate(axes)}
    return _named(sorted(groups, key=lambda group: (order[group.anchor[0]], group.classes[0])))


def _wholes(slices: Sequence[Tuple[str, int]], parts: Mapping[str, Part]) -> np.ndarray:
    """Numbers parameters and axes so that the parts of one parameter have the same number."""
    numbers: Dict[Tuple[str, int], int] = {}
    return np.array([numbers.setdefault((parts[name].whole if name in parts else name, axis), len(numbers))
                     for name, axis in slices], int)


def _same_holders(holders: _Owners, candidates: np.ndarray, wholes: np.ndarray) -> List[np.ndarray]:
    """Splits labels by the set of parameters and axes that hold them."""
    if not candidates.size:
        return []
    marks = np.random.RandomState(0).randint(1, 2 ** 62, wholes.size, dtype=np.int64)
    signature = np.zeros(int(holders.labels.max()) + 1, np.int64)
    held, where = np.divmod(np.unique(holders.labels * wholes.size + wholes[holders.owners]), wholes.size)
    np.add.at(signature, held, marks[where])
    order = np.argsort(signature[candidates], kind='stable')
    values = signature[candidates][order]
    return np.split(candidates[order], np.flatnonzero(np.diff(values)) + 1)


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
    """Sorts labels by where they first stand along an axis."""
    values, positions = np.unique(along, return_index=True)
    present = np.isin(values, members)
    ordered = values[present][np.argsort(positions[present])]
    return np.concatenate([ordered, np.setdiff1d(members, ordered)])


def common_scope(names: Tuple[str, ...]) -> str:
    """Returns the longest common path of some node names; without one, the first node's own path."""
    paths = [name.split('/') for name in names]
    common: List[str] = []
    for parts in zip(*[path[:-1] for path in paths]):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return '/'.join(common) or '/'.join(paths[0][:-1]) or names[0]


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


