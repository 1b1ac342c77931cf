"""Constant channels: what they add to their consumers goes into the biases there, and the channels go."""

from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..channels import Channels, Group, analyse
from ..model.model import Model
from ..plan import PruningPlan, plan_from_channels
from ..ranges import Ranges
from .soft_prune import soft_prune
from .strip import strip
from .substitute import Consumer, Substitute, consumers_of, substitute

_ROUNDING = 1e-9
"""Bounds that are this near to each other, relative to their size, are one number."""


class Known(NamedTuple):
    """What is known of the `K` channels that come into a consumer.

    Attributes:
        value: the number that a channel always is; NaN where it is none.
        exact: whether it is that for every input; else about that, on the examples that there were.
        deviation: by how much it differs from that on them; 0 where it is exact.
    """

    value: np.ndarray
    exact: np.ndarray
    deviation: np.ndarray


class Refused(NamedTuple):
    """Constant channels that stay.

    Attributes:
        group: the name of their group; empty where they are in none.
        channels: how many.
        reason: why.
    """

    group: str
    channels: int
    reason: str


class Decision(NamedTuple):
    """What goes, what consumers get instead, and what stays although it is constant.

    Attributes:
        plan: the channels that go.
        substitutes: by consumer.
        refused: what stays.
        provable: whether the result computes the same for every input, but for rounding.
    """

    plan: PruningPlan
    substitutes: Dict[str, Substitute]
    refused: Tuple[Refused, ...]
    provable: bool


def known_constants(channels: Channels, consumers: Sequence[Consumer]) -> Dict[str, Known]:
    """Returns, by consumer, which channels are constant whatever the input is: by interval arithmetic.

    Such are channels behind filters of zeros or γ = 0, those that a ReLU lets nothing of through, and what is made of
    constants only.
    """
    ranges = Ranges(channels.model, [consumer.place.tensor for consumer in consumers])
    found = {}
    for consumer in consumers:
        place = consumer.place
        interval = ranges.of(place.tensor)
        low, high = (np.moveaxis(bound, place.axis, -1) for bound in interval)
        others = tuple(range(low.ndim - 1))
        least, most = low.min(axis=others), high.max(axis=others)
        with np.errstate(invalid='ignore'):
            same = np.isfinite(most) & (most - least <= _ROUNDING * np.maximum(1.0, np.abs(most)))
        value = np.broadcast_to(np.where(same, most, np.nan), place.labels.shape)
        found[consumer.name] = Known(value, np.isfinite(value), np.zeros(value.shape))
    return found


def nothing_known(known: Known) -> Known:
    """Returns what is known where constants are not asked for."""
    return known._replace(value=np.full(known.value.shape, np.nan), exact=np.zeros(known.exact.shape, bool))


def decide(channels: Channels, consumers: Sequence[Consumer], known: Mapping[str, Known]) -> Decision:
    """Decides which constant channels go.

    A channel goes if every consumer either takes nothing of it or can have it in its bias. Where a consumer cannot,
    since it puts zeros beside the image, constants of one group are all multiples of one of them: that one takes over
    from the others, and stays. Of channels that are about constant, it is the steadiest.

    Args:
        channels: the analysis.
        consumers: all of its consumers.
        known: which of their channels are constant.
    """
    substitutes = {consumer.name: _constants(known[consumer.name]) for consumer in consumers}
    marks = _Marks(channels, consumers, known)
    gone = np.zeros(channels.pinned.size, bool)
    refused: List[Refused] = []
    for group in channels.groups:
        why = 'a group cannot lose its last channel'
        for label in group.classes[marks.is_constant(group.classes)]:
            gone[label] = marks.is_free(label)
        for label, obstacle in _merged(group, marks, consumers, known, substitutes, gone):
            why = obstacle or why
            gone[label] = not obstacle
        _keep_one(group.classes, gone)
        staying = int((marks.is_constant(group.classes) & ~gone[group.classes]).sum())
        refused.extend([Refused(group.name, staying, why)] if staying else [])
    for divided in channels.divided:
        for piece in divided.pieces:
            _keep_one(channels.labels[piece], gone)
    refused.extend(_pinned(channels, consumers, known))
    provable = not (gone & marks.approximate).any()
    numbers = {group.name: np.flatnonzero(gone[group.classes]).tolist() for group in channels.groups}
    plan = plan_from_channels(channels, {name: each for name, each in numbers.items() if each}, 'constant')
    return Decision(plan, {consumer.name: substitutes[consumer.name]._replace(gone=gone[consumer.place.labels])
                           for consumer in consumers}, tuple(refused), provable)


class _Marks:
    """What holds of the channels, class by class, at all of their consumers.

    Attributes:
        unknown: some consumer takes something of a channel that is not constant there.
        approximate: some consumer takes something that is constant on the examples only.
        obstacles: why a class cannot be folded everywhere, where it cannot.
    """

    def __init__(self, channels: Channels, consumers: Sequence[Consumer], known: Mapping[str, Known]) -> None:
        self.unknown = np.zeros(channels.pinned.size, bool)
        self.approximate = np.zeros(channels.pinned.size, bool)
        self.obstacles: Dict[int, str] = {}
        for consumer in consumers:
            value, exact, _ = known[consumer.name]
            labels, reads = consumer.place.labels, _reads(consumer)
            self.unknown[labels[reads & np.isnan(value)]] = True
            self.approximate[labels[reads & ~np.isnan(value) & ~exact]] = True
            if consumer.obstacle:
                for label in labels[reads & ~np.isnan(value) & (value != 0)].tolist():
                    self.obstacles.setdefault(label, '%s: %s' % (consumer.name, consumer.obstacle))

    def is_constant(self, labels: np.ndarray) -> np.ndarray:
        """Whether consumers see the same number always, or nothing."""
        return ~self.unknown[labels]

    def is_free(self, label: int) -> bool:
        """Whether a constant class can go by itself."""
        return int(label) not in self.obstacles


def _reads(consumer: Consumer) -> np.ndarray:
    """For every incoming channel, whether a consumer takes anything of it; runs of a group convolution as often."""
    return np.resize(consumer.reads, consumer.place.labels.size)


def _constants(known: Known) -> Substitute:
    nothing = Substitute.nothing(known.value.size)
    return nothing._replace(constant=np.nan_to_num(known.value))


def _merged(group: Group, marks: _Marks, consumers: Sequence[Consumer], known: Mapping[str, Known],
            substitutes: Mapping[str, Substitute], gone: np.ndarray) -> Iterator[Tuple[int, str]]:
    """Lets one constant channel take over from the others of its group where these cannot be folded.

    Yields:
        Classes that cannot go by themselves, with the reason why they stay, or none.
    """
    waiting = [int(label) for label in group.classes[marks.is_constant(group.classes)]
               if not gone[label] and int(label) in marks.obstacles]
    readers = [consumer for consumer in consumers if consumer.name in group.consumers]
    keeper = min(waiting, key=lambda label: _unsteadiness(readers, known, label), default=-1)
    for label in waiting:
        takers = [] if label == keeper else [_takes_over(each, known[each.name], label, keeper) for each in readers]
        if not takers or None in takers:
            yield label, marks.obstacles[label]
            continue
        for consumer, taken in zip(readers, takers):
            own = substitutes[consumer.name]
            for index, target, slope in taken or ():
                own.target[index], own.slope[index], own.constant[index] = target, slope, 0.0
        marks.approximate[label] |= marks.approximate[keeper]
        yield label, ''


def _unsteadiness(consumers: Sequence[Consumer], known: Mapping[str, Known], label: int) -> float:
    """Returns by how much a class changes where its constant cannot be folded, as a part of that; infinite for 0."""
    worst = 0.0
    for consumer in consumers:
        value, deviation = (each[consumer.place.labels == label] for each in (
            known[consumer.name].value, known[consumer.name].deviation))
        if consumer.obstacle and value.size:
            worst = max(worst, np.inf if not value.all() else float((deviation / np.abs(value)).max()))
    return worst


def _takes_over(consumer: Consumer, known: Known, label: int, keeper: int) -> Optional[List[Tuple[int, int, float]]]:
    """Returns which positions of a consumer take over from which, and how much; None where that cannot be.

    The slope through zero that is nearest to the constant v, from a channel of mean m and deviation d: v·m / (m² + d²).
    """
    labels = consumer.place.labels
    own, others = np.flatnonzero(labels == label), np.flatnonzero(labels == keeper)
    value = known.value
    if not consumer.obstacle or not (_reads(consumer)[own] & (value[own] != 0)).any():
        return []
    whole = consumer.kernel is not None and consumer.kernel.shape[1] == labels.size
    if not whole or not consumer.parameter or own.size != others.size:
        return None
    if np.isnan(value[others]).any() or not value[others].all():
        return None
    slopes = value[own] * value[others] / (value[others] ** 2 + known.deviation[others] ** 2)
    return list(zip(own.tolist(), others.tolist(), slopes.tolist()))


def _keep_one(labels: np.ndarray, gone: np.ndarray) -> None:
    """Takes back the first of some channels that would all go."""
    if labels.size and gone[labels].all():
        gone[labels[0]] = False


def _pinned(channels: Channels, consumers: Sequence[Consumer], known: Mapping[str, Known]) -> List[Refused]:
    """Lists the constants that are in no group since something needs them as they are."""
    constant = np.zeros(channels.pinned.size, bool)
    for consumer in consumers:
        value, exact, _ = known[consumer.name]
        constant[consumer.place.labels[exact & ~np.isnan(value)]] = True
    counts: Dict[str, int] = {}
    left = constant & channels.pinned
    for pin in channels.pins:
        labels = np.unique(channels.labels[pin.ids])
        found = labels[left[labels]]
        if found.size and pin.reason:
            counts['%s: %s' % (pin.node, pin.reason)] = counts.get('%s: %s' % (pin.node, pin.reason), 0) + found.size
            left[found] = False
    return [Refused('', count, reason) for reason, count in counts.items()]


class Folded(NamedTuple):
    """A model without its constant channels.

    Attributes:
        soft: these are zero, and what they were is in the biases.
        model: they are gone.
        decision: what was done.
    """

    soft: Model
    model: Model
    decision: Decision


def apply(channels: Channels, consumers: Sequence[Consumer], decision: Decision) -> Folded:
    """Moves what goes into biases and other channels, sets it to zero, and strips it."""
    moved = substitute(channels.model, list(consumers), decision.substitutes)
    again = channels.of(moved) if set(moved.view.nodes) == set(channels.model.view.nodes) else analyse(moved)
    soft = soft_prune(moved, again, decision.plan)
    return Folded(soft, strip(soft, again.of(soft), decision.plan), decision)


def fold_constants(model: Model) -> Folded:
    """Returns the model without the channels that are constant whatever the input is.

    Given `Relu(BatchNorm(Conv2D(x, w), γ, β))` with γ₃ = 0 and β₃ = 0.5, read by a 1×1 convolution v. Result: w, γ, β
    and the statistics have one channel fewer, v has one slice fewer, and v's bias (the mean of a batch norm behind it,
    or a new `BiasAdd`) has 0.5 · v₃ more.

    Args:
        model: in inference form.
    """
    channels = analyse(model)
    consumers = consumers_of(channels)
    return apply(channels, consumers, decide(channels, consumers, known_constants(channels, consumers)))
