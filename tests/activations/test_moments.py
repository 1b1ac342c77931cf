"""Streaming moments against those of all numbers at once."""

from functools import reduce

import numpy as np
import pytest

from tf1pruning.activations import Moments


def numbers(offset: float) -> np.ndarray:
    """Five channels of float32 around an offset, some exactly zero."""
    values = np.random.RandomState(0).normal(0, 1, (24, 7, 6, 5)).astype(np.float32)
    values[np.abs(values) < 0.1] = 0
    return (values * np.array([1, 2, 3, 1e-3, 0], np.float32) + np.float32(offset)).astype(np.float32)


@pytest.mark.parametrize('offset', [0.0, 1000.0])
@pytest.mark.parametrize('sizes', [(24,), (1, 23), (5, 7, 12), (1,) * 24])
def test_batches_together_are_everything_at_once(offset: float, sizes: 'tuple') -> None:
    """Also far from zero, where the sum of squares in float32 would have lost every digit of the deviation."""
    values = numbers(offset)
    batches = np.split(values, np.cumsum(sizes)[:-1])
    found = reduce(Moments.merged, [Moments.of(batch, 3) for batch in batches])
    rows = values.reshape(-1, 5).astype(np.float64)
    assert found.numbers == 24 * 7 * 6
    assert np.allclose(found.mean, rows.mean(0), rtol=1e-12, atol=1e-12)
    assert np.allclose(found.deviation, rows.std(0), rtol=1e-5, atol=1e-9)
    assert found.deviation[4] == 0
    assert np.array_equal(found.lowest, rows.min(0))
    assert np.array_equal(found.highest, rows.max(0))
    assert np.allclose(found.zero_fraction, (rows == 0).mean(0))
    assert np.allclose(found.magnitude, np.abs(rows).mean(0))


def test_channels_first() -> None:
    values = numbers(0.0)
    for first, last in zip(Moments.of(values.transpose(0, 3, 1, 2), 1), Moments.of(values, 3)):
        assert np.allclose(first, last, rtol=1e-9, atol=1e-12)


def test_rows() -> None:
    """Fully connected layers have no positions."""
    assert Moments.of(np.ones((4, 3), np.float32), 1).numbers == 4
