"""What a pruning loop is told, and what it returns."""

import math
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..criteria import COMBINE, CRITERIA
from ..errors import OptionError
from ..plan import PruningPlan
from ..ranking import Amount
from .journal import Record
from .steps import Step

Evaluate = Callable[[str], Mapping[str, float]]
"""Measures a checkpoint on validation images: `accuracy`, and whatever else is to be in the history."""


def measured(evaluate: Evaluate, checkpoint: str) -> Dict[str, float]:
    """Returns what a checkpoint measures, as plain numbers; what is none (arrays, summaries) is left out.

    Raises:
        OptionError: there is no accuracy among it, or it is no number from 0 to 1.
    """
    found = {name: float(value) for name, value in (evaluate(checkpoint) or {}).items()
             if np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype, np.number)}
    if not 0 <= found.get('accuracy', math.nan) <= 1:
        raise OptionError('evaluate must return an accuracy, from 0 to 1; it returned %s' % (found or 'nothing'))
    return found


class LoopSettings(NamedTuple):
    """How the loop goes.

    Attributes:
        steps: one after the other, each pruning more than the one before.
        scopes: what may be pruned; see `channels.blocks.select_groups`.
        exclude: what may not.
        criterion: scores the channels.
        combine: what is made of a channel's scores in several kernels.
        limits: alignment, least channels, largest part of a group, together or each for itself, and how near to a
            target a step must come.
        least_accuracy: the floor, as an accuracy from 0 to 1; None for none.
        largest_loss: the floor, as what may be lost of the baseline's accuracy, from 0 to 1; None for none.
        max_failed_rate: above this part of chosen filters that are not zero, a step is retrained again.
        max_retries: how often at most a step is retrained again, for failed filters or below the floor.
        max_halvings: how often at most a step that stays below the floor is tried half as large.
        training: what else the result depends on, such as how the program trains, as JSON knows it; like the others,
            it must be the same when a loop goes on.
    """

    steps: Tuple[Step, ...]
    scopes: Tuple[str, ...] = ('blocks',)
    exclude: Tuple[str, ...] = ()
    criterion: str = 'redundancy'
    combine: str = 'mean'
    limits: Amount = Amount(tolerance=0.05)
    least_accuracy: Optional[float] = None
    largest_loss: Optional[float] = None
    max_failed_rate: float = 0.1
    max_retries: int = 2
    max_halvings: int = 1
    training: Optional[Mapping[str, Any]] = None

    def check(self) -> None:
        """Checks what can be known before anything is trained.

        Raises:
            OptionError: there are no steps, one does not prune more than the one before, or something is out of its
                range.
        """
        if not self.steps:
            raise OptionError('the loop has no steps: give thresholds, ratios or targets')
        for step in self.steps:
            step.amount(self.limits).check()
        for name in ('least_accuracy', 'largest_loss', 'max_failed_rate'):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise OptionError('%s must be from 0 to 1, not %s' % (name, value))
        for name in ('scopes', 'exclude'):
            if isinstance(getattr(self, name), str):
                raise OptionError('%s must be a list of names, not the text %r' % (name, getattr(self, name)))
        for name in ('max_retries', 'max_halvings'):
            if getattr(self, name) < 0:
                raise OptionError('%s must not be negative: %s' % (name, getattr(self, name)))
        for before, step in zip(self.steps, self.steps[1:]):
            if not step.goes_further(before):
                raise OptionError('%s does not prune more than the step before, %s: put the steps in order'
                                  % (step, before))
        for what, name, known in (('criterion', self.criterion, tuple(CRITERIA)),
                                  ('combine', self.combine, tuple(COMBINE))):
            if name not in known:
                raise OptionError('no %s %r; there are %s' % (what, name, ', '.join(sorted(known))))

    def floor(self, baseline: float) -> float:
        """Returns the accuracy below which a step is not accepted."""
        floors = [each for each in (self.least_accuracy, None if self.largest_loss is None
                                    else baseline - self.largest_loss) if each is not None]
        return max(floors, default=0.0)


class LoopResult(NamedTuple):
    """What came out.

    Attributes:
        baseline: accuracy, MACs and parameters of the network as it was.
        attempts: one record for every retraining, in order; `accepted` tells which count.
        checkpoint: the soft-pruned, retrained checkpoint accepted last; the one given, if none was.
        plan: what is zero in it; None if nothing was accepted.
        stripped: the report of the strip; None if nothing was accepted.
        final: what is shipped: measured, with `checkpoint` and `pb`; None without a finish, or if nothing was accepted.
    """

    baseline: Record
    attempts: Tuple[Record, ...]
    checkpoint: str
    plan: Optional[PruningPlan]
    stripped: Optional[Record]
    final: Optional[Record] = None
