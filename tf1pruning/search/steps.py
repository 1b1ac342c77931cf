"""The steps of a pruning loop: thresholds, parts of every group, or targets for what remains."""

from typing import NamedTuple, Optional

from ..errors import OptionError
from ..ranking import TARGETS, Amount

_NOTHING = {'threshold': 1.0, 'ratio': 0.0, **dict.fromkeys(TARGETS, 1.0)}
"""At these values nothing is pruned."""


class Step(NamedTuple):
    """How much is pruned after a step, in all.

    Attributes:
        kind: `threshold`, `ratio`, or what a target counts: `macs`, `parameters`, `bytes`.
        value: the threshold, the part of every group that goes, or the part of the original that remains.
    """

    kind: str
    value: float

    def __str__(self) -> str:
        return '%s %g' % self

    @property
    def folder(self) -> str:
        """What its folder is called."""
        return '%s_%g' % self

    def amount(self, limits: Amount) -> Amount:
        """Returns it as an amount, with the limits of another one."""
        if self.kind in TARGETS:
            return limits._replace(threshold=None, ratio=None, target={self.kind: self.value})
        return limits._replace(threshold=self.value if self.kind == 'threshold' else None,
                               ratio=self.value if self.kind == 'ratio' else None, target=None)

    def goes_further(self, before: 'Step') -> bool:
        """Whether it prunes more than another step, as far as the two can be compared."""
        more = self.value - before.value
        return self.kind != before.kind or more * (1 if self.kind == 'ratio' else -1) > 0

    def halfway(self, before: Optional['Step']) -> 'Step':
        """Returns the step that goes half as far from the one before, or from nothing pruned."""
        start = before.value if before is not None and before.kind == self.kind else _NOTHING[self.kind]
        return Step(self.kind, round((start + self.value) / 2, 6))


def parse_step(kind: str, value: float) -> Step:
    """Checks the kind and the value of a step.

    Raises:
        OptionError: there is no such kind, or the value is outside its range.
    """
    if kind not in _NOTHING:
        raise OptionError('no steps of kind %r; there are %s' % (kind, ', '.join(_NOTHING)))
    step = Step(kind, float(value))
    step.amount(Amount(ratio=0.0)).check()
    return step
