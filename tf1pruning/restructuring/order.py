"""What is asked of a restructuring."""

from typing import NamedTuple, Optional

from ..errors import OptionError


class FoldOrder(NamedTuple):
    """How far from constant, or from each other, channels may be; at most one of the first three is given.

    Attributes:
        tolerance: channels whose standard deviation is at most this part of the largest one in their layer.
        percentile: this part of every group, 0 to 100: the channels that change least.
        search: for every group as many as the accuracy lets go.
        max_accuracy_loss: what a search may lose in all, as a part of the examples.
        duplicates: channels of which another one leaves at most this part unexplained; None takes exact ones only.
        folding: whether constants are folded.
        merging: whether duplicates are merged.
    """

    tolerance: Optional[float] = None
    percentile: Optional[float] = None
    search: bool = False
    max_accuracy_loss: float = 0.001
    duplicates: Optional[float] = None
    folding: bool = True
    merging: bool = True

    @property
    def looks_at_examples(self) -> bool:
        """Whether activations are to be measured."""
        return self.search or any(each is not None for each in (self.tolerance, self.percentile, self.duplicates))

    def check(self) -> None:
        """Checks the ranges.

        Raises:
            OptionError: too much is given, or something out of its range.
        """
        if sum((self.tolerance is not None, self.percentile is not None, self.search)) > 1:
            raise OptionError('give one of --tolerance, --percentile, --search')
        for name, value, most in (('tolerance', self.tolerance, 1), ('percentile', self.percentile, 100),
                                  ('duplicates', self.duplicates, 1), ('max-acc-loss', self.max_accuracy_loss, 1)):
            if value is not None and not 0 <= value <= most:
                raise OptionError('--%s %g is outside [0, %d]' % (name, value, most))
