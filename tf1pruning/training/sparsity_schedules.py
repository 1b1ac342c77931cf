"""How sparse weights are after how many updates, and when their masks are made again."""

from typing import Any, NamedTuple, Optional, Union

from ..errors import OptionError
from ..sparsity import check_sparsity
from ..tf1 import tf


class ConstantSparsity(NamedTuple):
    """The same sparsity from the first masks on.

    Attributes:
        begin: the masks are made after so many updates; 0 is before the first.
        end: the last update after which they are made again; None goes on as long as the training.
        frequency: updates between two masks.
        sparsity: fraction of zeros in [0, 1).
    """

    begin: int = 0
    end: Optional[int] = None
    frequency: int = 100
    sparsity: float = 0.5

    def check(self) -> None:
        """Checks the ranges.

        Raises:
            OptionError: one is out of its range.
        """
        _check_steps(self.begin, self.end, self.frequency)
        check_sparsity(self.sparsity)

    def after(self, updates: tf.Tensor) -> tf.Tensor:
        """Returns the sparsity after so many updates, float64."""
        return tf.constant(self.sparsity, tf.float64)


class PolynomialDecay(NamedTuple):
    """Gradual pruning: s_f + (s_i − s_f) (1 − p)³, p from 0 at `begin` to 1 at `end` (Zhu & Gupta, arXiv 1710.01878).

    Fast where weights are redundant, slow towards the end; at `end` the sparsity is exactly the final one.

    Attributes:
        begin: the first masks are made after so many updates; 0 is before the first.
        end: the last ones, whether `frequency` divides it or not.
        frequency: updates between two masks.
        initial: s_i, fraction of zeros of the first masks.
        final: s_f, of the last.
    """

    begin: int
    end: int
    frequency: int = 100
    initial: float = 0.0
    final: float = 0.5

    def check(self) -> None:
        """Checks the ranges.

        Raises:
            OptionError: one is out of its range.
        """
        _check_steps(self.begin, self.end, self.frequency)
        if self.end == self.begin:
            raise OptionError('end %d is not after begin %d' % (self.end, self.begin))
        check_sparsity(self.initial, 'initial ')
        check_sparsity(self.final, 'final ')

    def after(self, updates: tf.Tensor) -> tf.Tensor:
        """Returns the sparsity after so many updates, float64."""
        passed = tf.cast(updates - self.begin, tf.float64) / float(self.end - self.begin)
        left = 1 - tf.clip_by_value(passed, tf.constant(0, tf.float64), tf.constant(1, tf.float64))
        return self.final + (self.initial - self.final) * left * left * left


Schedule = Union[ConstantSparsity, PolynomialDecay]


def is_due(schedule: Schedule, updates: Any) -> Any:
    """Returns whether masks are made after so many updates: a truth value, or a tensor of one."""
    begin, end, frequency = schedule[:3]
    if isinstance(updates, int):
        late = end is not None and updates > end
        return updates >= begin and not late and ((updates - begin) % frequency == 0 or updates == end)
    due = tf.equal(tf.math.floormod(updates - begin, frequency), 0)
    if end is not None:
        due = tf.logical_and(tf.logical_or(due, tf.equal(updates, end)), updates <= end)
    return tf.logical_and(due, updates >= begin)


def _check_steps(begin: int, end: Optional[int], frequency: int) -> None:
    if begin < 0:
        raise OptionError('begin %d is negative' % begin)
    if end is not None and end < begin:
        raise OptionError('end %d is before begin %d' % (end, begin))
    if frequency < 1:
        raise OptionError('frequency %d is not a positive number' % frequency)
