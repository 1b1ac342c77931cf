"""Intervals of numbers, as arrays that broadcast to the tensor that they are about."""

from typing import Callable, NamedTuple, Tuple

import numpy as np


class Interval(NamedTuple):
    """What a tensor's values lie between; both bounds are float64 of the tensor's rank.

    An axis of size 1 stands for one of any size: `[1, 1, 1, C]` says the same of all examples and positions.

    Attributes:
        low: the lower bounds, −∞ where nothing is known.
        high: the upper bounds.
    """

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def unknown(cls, rank: int) -> 'Interval':
        """Any number."""
        shape = (1,) * rank
        return cls(np.full(shape, -np.inf), np.full(shape, np.inf))

    @classmethod
    def exactly(cls, value: np.ndarray) -> 'Interval':
        """One value."""
        exact = np.asarray(value, np.float64)
        return cls(exact, exact)

    @property
    def is_known(self) -> bool:
        """Whether any bound is finite."""
        return bool(np.isfinite(self.low).any() or np.isfinite(self.high).any())

    def each(self, function: Callable[[np.ndarray], np.ndarray]) -> 'Interval':
        """Applies a function to both bounds: one that does not fall, or moves axes."""
        return Interval(function(self.low), function(self.high))

    def hull_with_zero(self) -> 'Interval':
        """Where zeros are put among the values."""
        return Interval(np.minimum(self.low, 0), np.maximum(self.high, 0))

    def over(self, axes: Tuple[int, ...]) -> 'Interval':
        """Whatever stands along some axes, these left at size 1."""
        return Interval(self.low.min(axis=axes, keepdims=True), self.high.max(axis=axes, keepdims=True))

    def plus(self, other: 'Interval') -> 'Interval':
        """The sum."""
        return Interval(self.low + other.low, self.high + other.high)

    def negative(self) -> 'Interval':
        """With the other sign."""
        return Interval(-self.high, -self.low)

    def times(self, other: 'Interval') -> 'Interval':
        """The product; zero times whatever a finite number may be is zero."""
        products = [_product(first, second) for first in self for second in other]
        return Interval(np.minimum.reduce(products), np.maximum.reduce(products))

    def contracted(self, kernel: np.ndarray) -> 'Interval':
        """Returns `[O]` from `[I]` through a kernel `[taps, I, O]`: each tap takes a value from the interval."""
        up, down = np.maximum(kernel, 0).sum(axis=0), np.minimum(kernel, 0).sum(axis=0)
        low = _contract(self.low, up) + _contract(self.high, down)
        high = _contract(self.high, up) + _contract(self.low, down)
        return Interval(low, high)


def _product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    with np.errstate(invalid='ignore'):
        return np.where((first == 0) | (second == 0), 0.0, first * second)


def _contract(bounds: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Sums bounds times weights of one sign, where a weight of zero makes nothing of an infinite bound."""
    total = np.where(np.isfinite(bounds), bounds, 0.0) @ weights
    for sign in (-1, 1):
        reached = (bounds == sign * np.inf).astype(float) @ weights
        total = np.where(reached == 0, total, np.where(sign * reached > 0, np.inf, -np.inf))
    return total
