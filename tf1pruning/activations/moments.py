"""Moments of channels, batch after batch: Welford's method, merged as Chan, Golub and LeVeque (1983) do it."""

from typing import NamedTuple

import numpy as np


class Moments(NamedTuple):
    """What is known of the numbers of every channel of a tensor; float64, one number for each channel.

    Attributes:
        numbers: how many of each channel were seen: examples × positions.
        mean: their mean.
        squares: sum of (x − mean)².
        lowest: the smallest one.
        highest: the largest one.
        zeros: how many are exactly zero.
        magnitude: mean |x|.
    """

    numbers: int
    mean: np.ndarray
    squares: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    zeros: np.ndarray
    magnitude: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, axis: int) -> 'Moments':
        """Returns the moments of one batch.

        Args:
            values: a tensor.
            axis: where its channels lie; all other axes are positions.
        """
        rows = np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
        count, lowest, highest = len(rows), rows.min(axis=0), rows.max(axis=0)
        mean = np.where(lowest == highest, lowest, rows.mean(axis=0, dtype=np.float64))  # a constant has no deviation
        apart = rows - mean
        squares = np.einsum('ij,ij->j', apart, apart)
        return cls(count, mean, squares, lowest.astype(np.float64), highest.astype(np.float64),
                   (rows == 0).sum(axis=0).astype(np.float64), np.abs(rows).mean(axis=0, dtype=np.float64))

    def merged(self, other: 'Moments') -> 'Moments':
        """Returns the moments of both together."""
        count = self.numbers + other.numbers
        share, apart = other.numbers / count, other.mean - self.mean
        return Moments(count, self.mean + share * apart,
                       self.squares + other.squares + np.square(apart) * self.numbers * share,
                       np.minimum(self.lowest, other.lowest), np.maximum(self.highest, other.highest),
                       self.zeros + other.zeros, self.magnitude + share * (other.magnitude - self.magnitude))

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation."""
        return np.sqrt(self.squares / self.numbers)

    @property
    def zero_fraction(self) -> np.ndarray:
        """Part of the numbers that is zero."""
        return self.zeros / self.numbers
