"""What a pruning loop is told, and what it returns."""

import numbers
from typing import Any, Mapping, NamedTuple, Optional, Tuple, Union

from ..criteria import COMBINE, CRITERIA
from ..errors import OptionError
from ..plan import PruningPlan
from ..ranking import Amount
from .journal import Record
from .steps import Step

Kinds = Union[type, Tuple[type, ...]]


def require_kind(name: str, value: Any, kinds: Kinds, wanted: str) -> None:
    """Checks of what kind something is.

    Raises:
        OptionError: it is something else than what is wanted.
    """
    if not isinstance(value, kinds):
        raise OptionError('%s must be %s, not %r' % (name, wanted, value))


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
            OptionError: there are no steps, one does not prune more than the one before, or something is of another
                kind or out of its range.
        """
        self._check_steps()
        for name in ('scopes', 'exclude'):
            value = getattr(self, name)
            if not isinstance(value, (tuple, list)) or not all(isinstance(each, str) for each in value):
                raise OptionError('%s must be a list of names, not %s%r' % (
                    name, 'the text ' if isinstance(value, str) else '', value))
        for name in ('least_accuracy', 'largest_loss', 'max_failed_rate'):
            value = getattr(self, name)
            if value is None and name != 'max_failed_rate':
                continue
            require_kind(name, value, numbers.Real, 'a number from 0 to 1')
            if not 0 <= value <= 1:
                raise OptionError('%s must be from 0 to 1, not %s' % (name, value))
        for name in ('max_retries', 'max_halvings'):
            require_kind(name, getattr(self, name), numbers.Integral, 'a whole number')
            if getattr(self, name) < 0:
                raise OptionError('%s must not be negative: %s' % (name, getattr(self, name)))
        for what, name, known in (('criterion', self.criterion, tuple(CRITERIA)),
                                  ('combine', self.combine, tuple(COMBINE))):
            if name not in known:
                raise OptionError('no %s %r; there are %s' % (what, name, ', '.join(sorted(known))))

    def _check_steps(self) -> None:
        require_kind('limits', self.limits, Amount, 'an Amount, such as Amount(align=8)')
        if not isinstance(self.steps, (tuple, list)) or not all(isinstance(each, Step) for each in self.steps):
            raise OptionError("steps must be a list of them, such as [parse_step('macs', 0.5)], not %r"
                              % (self.steps,))
        if not self.steps:
            raise OptionError('the loop has no steps: give thresholds, ratios or targets')
        for step in self.steps:
            require_kind('the value of a step', step.value, numbers.Real, 'a number')
            step.amount(self.limits).check()
        for before, step in zip(self.steps, self.steps[1:]):
            if not step.goes_further(before):
                raise OptionError('%s does not prune more than the step before, %s: put the steps in order'
                                  % (step, before))

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
        stripped: the report of the strip; None if nothing was accepted, or if with a finish neither the stripped
            network nor what became of it reaches the floor.
        final: what is shipped: measured, with `checkpoint` and `pb`; None without a finish, or if `stripped` is None.
    """

    baseline: Record
    attempts: Tuple[Record, ...]
    checkpoint: str
    plan: Optional[PruningPlan]
    stripped: Optional[Record]
    final: Optional[Record] = None
