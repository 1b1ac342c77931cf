"""Channels that are alike, or multiples of each other: one takes over from the others in every consumer."""

import hashlib
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..channels import Channels, Group
from ..plan import plan_from_channels
from .fold_constants import Decision, Refused
from .substitute import Consumer, Substitute

_BLOCK = 512
"""Rows of a matrix of correlations that are made at once."""


class Merge(NamedTuple):
    """A channel that goes and the one that takes over.

    Attributes:
        group: the name of their group.
        gone: number of the one that goes.
        kept: number of the one that stays.
        error: what cannot be explained of the one that goes, as a part of its deviation; 0 for duplicates.
        measured: whether it was seen in activations; else it holds whatever the input is.
    """

    group: str
    gone: int
    kept: int
    error: float = 0.0
    measured: bool = False


def exact_duplicates(channels: Channels) -> List[Merge]:
    """Finds channels that are made by the same filters, biases and batch norms, by hashing these."""
    found: List[Merge] = []
    for group in channels.groups:
        first: Dict[bytes, int] = {}
        for number, mark in enumerate(_signatures(channels, group)):
            kept = first.setdefault(mark, number)
            if kept != number:
                found.append(Merge(group.name, number, kept))
    return found


def _signatures(channels: Channels, group: Group) -> List[bytes]:
    """Returns for every channel a hash of all that makes it: equal ones make equal channels."""
    read = channels.used.axes(group.consumers) - channels.made.axes(group.producers)
    marks = [hashlib.sha256() for _ in range(group.size)]
    numbers = np.full(channels.pinned.size, -1)
    numbers[group.classes] = np.arange(group.size)
    for name, axis in group.slices:
        if (name, axis) in read:
            continue
        rows = np.ascontiguousarray(np.moveaxis(channels.model.value(name), axis, 0))
        for place, number in enumerate(numbers[channels.classes(name, axis)].tolist()):
            if number >= 0:
                marks[number].update(rows[place].tobytes())
    _mark_paths(channels, numbers, marks)
    return [mark.digest() for mark in marks]


def _mark_paths(channels: Channels, numbers: np.ndarray, marks: Sequence[Any]) -> None:
    """Adds the tensors that a channel is in: behind a split, equal filters may go different ways."""
    for tensor, layout in channels.layouts.items():
        for block in () if layout.parameters else layout.blocks:
            for number in np.unique(numbers[channels.labels[block.ids]]).tolist():
                if number >= 0:
                    marks[number].update(str(tensor).encode())


def near_duplicates(channels: Channels, consumers: Sequence[Consumer], samples: Mapping[str, np.ndarray],
                    tolerance: float) -> List[Merge]:
    """Finds channels that are about multiples of another one, plus a number where that can be folded.

    Args:
        channels: the analysis.
        consumers: all of its consumers.
        samples: what some of them read, `[positions, channels]`, by their node.
        tolerance: what may remain unexplained, as a part of a channel's deviation.
    """
    found: List[Merge] = []
    for group in channels.groups:
        readers = [consumer for consumer in consumers if consumer.name in group.consumers]
        if not all(consumer.name in samples for consumer in readers):
            continue
        errors = np.zeros((group.size, group.size), np.float32)
        for consumer in readers:
            np.maximum(errors, _errors(_by_channel(consumer, group, samples[consumer.name]), bool(consumer.obstacle)),
                       out=errors)
        found.extend(Merge(group.name, gone, kept, float(errors[gone, kept]), True)
                     for gone, kept in _matched(errors, tolerance))
    return found


def _by_channel(consumer: Consumer, group: Group, rows: np.ndarray) -> np.ndarray:
    """Returns `[numbers, channels]` of a group; a channel behind a flatten has several places, all of them count."""
    labels = consumer.place.labels
    places = [np.flatnonzero(labels == label) for label in group.classes]
    count = min((len(each) for each in places), default=0)
    return np.concatenate([rows[:, [each[k] for each in places]] for k in range(count)]) if count else np.zeros(
        (1, group.size), np.float32)


def _errors(rows: np.ndarray, through_zero: bool) -> np.ndarray:
    """Returns `[channels, channels]`: what the column's channel leaves unexplained of the row's."""
    centred = rows if through_zero else rows - rows.mean(axis=0)
    length = np.sqrt(np.einsum('ij,ij->j', centred, centred))
    unit = np.asarray(centred / np.where(length > 0, length, 1), np.float32)
    errors = np.ones((rows.shape[1],) * 2, np.float32)
    for start in range(0, len(errors), _BLOCK):
        agreement = np.square(unit[:, start:start + _BLOCK].T @ unit)
        errors[start:start + _BLOCK] = np.sqrt(np.maximum(1 - agreement, 0))
    errors[(length == 0)[:, np.newaxis] | (length == 0)] = np.inf
    return errors


def _matched(errors: np.ndarray, tolerance: float) -> Iterator[Tuple[int, int]]:
    """Yields pairs of a channel that goes and one that stays; those that explain most others stay first."""
    near = errors <= tolerance
    taken = np.zeros(len(errors), bool)
    for kept in np.argsort(-near.sum(axis=0), kind='stable').tolist():
        if taken[kept]:
            continue
        taken[kept] = True
        for gone in np.flatnonzero(near[:, kept] & ~taken).tolist():
            taken[gone] = True
            yield gone, kept


def with_merges(channels: Channels, consumers: Sequence[Consumer], decision: Decision, merges: Sequence[Merge],
                samples: Mapping[str, np.ndarray]) -> Decision:
    """Returns a decision in which channels take over from others, too, where neither goes already.

    The slope is that of the regression of one channel on the other, as each consumer reads them; its intercept goes
    into the bias.

    Args:
        channels: the analysis.
        consumers: all of its consumers.
        decision: what was decided before.
        merges: which channel takes over from which.
        samples: see `near_duplicates`; exact duplicates need none.
    """
    groups = {group.name: group for group in channels.groups}
    gone = np.zeros(channels.pinned.size, bool)
    for each in decision.plan.groups:
        gone[groups[each.name].classes[list(each.pruned)]] = True
    needed = _needed(consumers, decision)
    refused: List[Refused] = []
    substitutes, provable = dict(decision.substitutes), decision.provable
    for merge in merges:
        group = groups[merge.group]
        own, kept = int(group.classes[merge.gone]), int(group.classes[merge.kept])
        if gone[own] or gone[kept] or needed[own] or _is_last(channels, own, gone):
            continue
        readers = [consumer for consumer in consumers if consumer.name in group.consumers]
        obstacle = next((consumer.name for consumer in readers if not _can_take_over(consumer, own, kept)), '')
        if obstacle:
            refused.append(Refused(group.name, 1, '%s: the kernel is no parameter of its own' % obstacle))
            continue
        for consumer in readers:
            _take_over(consumer, substitutes[consumer.name], own, kept,
                       samples[consumer.name] if merge.measured else None)
        gone[own], needed[kept] = True, True
        provable = provable and not merge.measured
    numbers = {group.name: np.flatnonzero(gone[group.classes]).tolist() for group in channels.groups}
    plan = plan_from_channels(channels, {name: each for name, each in numbers.items() if each}, 'restructured')
    return Decision(plan, {consumer.name: substitutes[consumer.name]._replace(gone=gone[consumer.place.labels])
                           for consumer in consumers}, decision.refused + tuple(refused), provable)


def _needed(consumers: Sequence[Consumer], decision: Decision) -> np.ndarray:
    """Returns for every class whether it takes over from another one already."""
    needed = np.zeros(1 + max((int(each.place.labels.max()) for each in consumers), default=0), bool)
    for consumer in consumers:
        given = decision.substitutes[consumer.name]
        needed[consumer.place.labels[given.target[given.gone & (given.target >= 0)]]] = True
    return needed


def _is_last(channels: Channels, label: int, gone: np.ndarray) -> bool:
    """Whether a piece of a split would have nothing left without a class."""
    pieces = [channels.labels[piece] for divided in channels.divided for piece in divided.pieces]
    return any((labels == label).any() and (gone[labels] | (labels == label)).all() for labels in pieces)


def _can_take_over(consumer: Consumer, own: int, kept: int) -> bool:
    labels = consumer.place.labels
    places = labels == own
    if consumer.kernel is None or consumer.kernel.shape[1] != labels.size:
        return False
    return not consumer.reads[places].any() or (
        bool(consumer.parameter) and int(places.sum()) == int((labels == kept).sum()))


def _take_over(consumer: Consumer, given: Substitute, own: int, kept: int, rows: Optional[np.ndarray]) -> None:
    """Notes how one class takes over from another one at a consumer."""
    places, others = (np.flatnonzero(consumer.place.labels == label) for label in (own, kept))
    if not consumer.reads[places].any():
        given.constant[places] = 0.0
        return
    slope, intercept = (1.0, 0.0) if rows is None else _line(rows[:, others], rows[:, places], bool(consumer.obstacle))
    given.target[places], given.slope[places], given.constant[places] = others, slope, intercept


def _line(x: np.ndarray, y: np.ndarray, through_zero: bool) -> Tuple[float, float]:
    """Returns slope and intercept of the regression of y on x."""
    first, second = x.astype(np.float64).ravel(), y.astype(np.float64).ravel()
    middle = (0.0, 0.0) if through_zero else (first.mean(), second.mean())
    apart = first - middle[0]
    slope = float(apart @ (second - middle[1]) / (apart @ apart))
    return slope, float(middle[1] - slope * middle[0])
