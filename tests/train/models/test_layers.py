"""Rounding of channel counts, and activations against their formulas."""

from typing import Callable

import numpy as np
import pytest

from tf1pruning.tf1 import tf
from train.config import BuiltConfig
from train.models.activations import ACTIVATIONS, activation
from train.models.layers import round_channels, widened


def test_rounding_to_multiples() -> None:
    """To the nearest, but never to less than 90 %."""
    config = BuiltConfig(channel_multiple=4)
    assert [round_channels(count, config) for count in (1, 4.4, 5, 7.9, 8.8, 9.9, 40.1)] == [4, 4, 8, 8, 8, 12, 40]
    assert [round_channels(count, BuiltConfig(channel_multiple=8)) for count in (4, 18, 24, 88)] == [8, 24, 24, 88]
    assert widened(500, BuiltConfig(width=0.5)) == 250


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


FORMULAS = {
    'relu': lambda x: np.maximum(x, 0), 'relu6': lambda x: np.clip(x, 0, 6),
    'leaky_relu': lambda x: np.where(x > 0, x, 0.2 * x), 'elu': lambda x: np.where(x > 0, x, np.exp(x) - 1),
    'swish': lambda x: x * sigmoid(x), 'hard_swish': lambda x: x * np.clip(x + 3, 0, 6) / 6, 'tanh': np.tanh,
    'sigmoid': sigmoid}


@pytest.mark.parametrize('name', sorted(ACTIVATIONS))
def test_activations(name: str) -> None:
    formula: Callable[[np.ndarray], np.ndarray] = FORMULAS[name]
    x = np.linspace(-8, 8, 33).astype(np.float32)
    with tf.Session() as session:
        np.testing.assert_allclose(session.run(activation(name)(tf.constant(x))), formula(x), atol=1e-6)
