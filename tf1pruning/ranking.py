"""Scores of groups, and how many channels of each go for an amount."""

from typing import Dict, List, NamedTuple, Optional, Sequence

import numpy as np

from .activations import Activations
from .channels import Channels, Group
from .channels.blocks import block_kinds
from .criteria import score
from .errors import OptionError
from .plan import GroupPlan, PruningPlan

TARGETS = ('macs', 'parameters', 'bytes')


class Amount(NamedTuple):
    """How much goes; exactly one of the first three is given.

    Attributes:
        threshold: channels with a score above it.
        ratio: this part of every group, or with `together` of all channels.
        target: what remains of the model, by what it counts: `{'macs': 0.5}`.
        align: what remains of a group is a multiple of this, and at least one multiple.
        min_channels: at least so many stay in every group.
        max_ratio: at most this part of a group goes.
        together: channels of all groups compete, each group's scores normalised; else every group gives its part.
        tolerance: how far from the target a choice may be, as a part of the original.
    """

    threshold: Optional[float] = None
    ratio: Optional[float] = None
    target: Optional[Dict[str, float]] = None
    align: int = 4
    min_channels: int = 1
    max_ratio: float = 1.0
    together: bool = False
    tolerance: float = 0.01

    def check(self) -> None:
        """Checks the ranges.

        Raises:
            OptionError: nothing, too much or something out of its range is given.
        """
        given = [each for each in (self.threshold, self.ratio, self.target) if each is not None]
        if len(given) != 1 or (self.target is not None and len(self.target) != 1):
            raise OptionError('give one of: a threshold, a ratio, a target for %s' % ', '.join(TARGETS))
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise OptionError('threshold %g is outside (0, 1]' % self.threshold)
        if self.ratio is not None and not 0 <= self.ratio <= 1:
            raise OptionError('ratio %g is outside [0, 1]' % self.ratio)
        if self.together and self.threshold is not None:
            raise OptionError('together (--together) needs a ratio or a target: a threshold is the same for all groups')
        for name, value in (self.target or {}).items():
            if name not in TARGETS:
                raise OptionError('no target %r; there are %s' % (name, ', '.join(TARGETS)))
            if not 0 < value <= 1:
                raise OptionError('target %g for %s is outside (0, 1]' % (value, name))
        for name in ('align', 'min_channels'):
            if getattr(self, name) < 1:
                raise OptionError('%s %d is not a positive number' % (name.replace('_', '-'), getattr(self, name)))
        if not 0 <= self.max_ratio <= 1:
            raise OptionError('max_ratio %g is outside [0, 1]' % self.max_ratio)


class Ranking:
    """Scores of some groups, and plans made of them.

    Args:
        channels: the analysis.
        groups: which groups may lose channels.
        criterion: a name in `criteria.CRITERIA` or `criteria.MEASURED`.
        combine: a name in `criteria.COMBINE`.
        amount: what limits every choice; how much goes is not looked at.
        activations: what the criteria in `MEASURED` look at.
        earlier: a plan that has been carried out already: its channels go in any case, and before all others.

    Attributes:
        fewest: how many channels of each group go at least.
    """

    def __init__(self, channels: Channels, groups: Sequence[Group], criterion: str, combine: str,
                 amount: Amount, activations: Optional[Activations] = None,
                 earlier: Optional[PruningPlan] = None) -> None:
        self.channels = channels
        self.groups = list(groups)
        self.criterion = criterion
        self.amount = amount
        self.scores = [score(channels, group, criterion, combine, activations) for group in self.groups]
        before = {group.name: list(group.pruned) for group in earlier.groups} if earlier else {}
        self.fewest = [len(before.get(group.name, ())) for group in self.groups]
        self._ranks = [scores.copy() for scores in self.scores]
        for group, ranks in zip(self.groups, self._ranks):
            ranks[before.get(group.name, [])] = np.inf
        self._order = [np.argsort(-each, kind='stable') for each in self._ranks]

    def above(self, threshold: float) -> List[int]:
        """Returns how many channels of each group go at a threshold: never one below it."""
        return self._counts([int((ranks > threshold).sum()) for ranks in self._ranks], round_up=True)

    def part(self, ratio: float) -> List[int]:
        """Returns how many channels of each group go for a ratio."""
        if not self.amount.together:
            return self._counts([int(round(group.size * ratio)) for group in self.groups], round_up=False)
        normal = [ranks / _mean_of_finite(ranks) for ranks in self._ranks]
        everything = np.sort(np.concatenate(normal))[::-1] if normal else np.zeros(0)
        wanted = int(round(everything.size * ratio))
        limit = everything[wanted - 1] if wanted else np.inf
        return self._counts([int((ranks >= limit).sum()) for ranks in normal], round_up=False)

    def _counts(self, wanted: Sequence[int], round_up: bool) -> List[int]:
        return [max(self._gone(group, each, round_up), fewest)
                for group, each, fewest in zip(self.groups, wanted, self.fewest)]

    def _gone(self, group: Group, wanted: int, round_up: bool) -> int:
        least = max(self.amount.min_channels, int(np.ceil(group.size * (1 - self.amount.max_ratio) - 1e-9)))
        remaining = max(group.size - wanted, min(least, group.size))
        kept = aligned(group.size, remaining, self.amount.align, round_up or remaining == least)
        return group.size - kept

    def labels(self, counts: Sequence[int]) -> np.ndarray:
        """Returns which classes go when the most redundant channels of each group do; pieces of splits keep one."""
        gone = np.zeros(self.channels.pinned.size, bool)
        for group, order, count in zip(self.groups, self._order, counts):
            gone[group.classes[order[:count]]] = True
        self._keep_pieces(gone)
        return gone

    def _keep_pieces(self, gone: np.ndarray) -> None:
        """Takes back one channel, the least redundant, of every piece of a split that would lose all."""
        if not self.channels.divided:
            return
        ranks = np.zeros(gone.size)
        for group, each in zip(self.groups, self._ranks):
            ranks[group.classes] = each
        for divided in self.channels.divided:
            for piece in divided.pieces:
                labels = self.channels.labels[piece]
                if labels.size and gone[labels].all():
                    gone[labels[np.argmin(ranks[labels])]] = False

    def plan(self, counts: Sequence[int]) -> PruningPlan:
        """Makes the plan in which so many channels of each group go."""
        kinds = block_kinds(self.channels)
        gone = self.labels(counts)
        return PruningPlan(tuple(
            GroupPlan(group.name, kinds[group.name], group.anchor, group.size,
                      tuple(int(number) for number in np.flatnonzero(gone[group.classes])), self.criterion,
                      self.amount.threshold, tuple(float(value) for value in scores))
            for group, scores in zip(self.groups, self.scores)))


def _mean_of_finite(ranks: np.ndarray) -> float:
    """Returns the mean of what has not gone earlier; 1 where that is nothing."""
    finite = ranks[np.isfinite(ranks)]
    return (float(finite.mean()) if finite.size else 0.0) or 1.0


def aligned(size: int, remaining: int, align: int, round_up: bool) -> int:
    """Returns how many of `size` channels stay when about `remaining` shall.

    A multiple of `align`, at least one of it, and never more than there are: a group that is smaller stays whole.

    Args:
        size: channels there are.
        remaining: channels that shall stay.
        align: the multiple.
        round_up: never prune more than asked; else the nearest multiple.
    """
    if remaining >= size:
        return size
    steps = -(-remaining // align) if round_up else int(remaining / align + 0.5)
    return min(size, max(1, steps) * align)
