"""Divisors: which can become zero with their channel."""

from typing import Callable

import pytest

from tests.channels.analysed import Analysed, features
from tf1pruning.graph.view import GraphView, parse_tensor
from tf1pruning.graph.zeros import stays_away_from_zero
from tf1pruning.tf1 import tf

SAFE = {
    'epsilon': lambda x: tf.sqrt(tf.reduce_mean(tf.square(x), [1, 2], keepdims=True) + 1e-5),
    'maximum': lambda x: tf.maximum(tf.abs(x), 1e-12), 'exp': tf.exp, 'constant': lambda x: tf.constant(6.0),
    'sum of exp': lambda x: tf.reduce_sum(tf.exp(x), [1, 2], keepdims=True),
    'variable': lambda x: tf.get_variable('divisor', [4])}
UNSAFE = {
    'itself': lambda x: x, 'maximum over space': lambda x: tf.reduce_max(tf.abs(x), [1, 2], keepdims=True),
    'plus another': lambda x: tf.abs(x) + x, 'plus zero': lambda x: tf.abs(x) + 0.0}


@pytest.mark.parametrize('name', sorted(SAFE) + sorted(UNSAFE))
def test_divisors(name: str) -> None:
    """Only what something is added to, or what is never zero, is safe."""
    make: Callable[[tf.Tensor], tf.Tensor] = SAFE.get(name) or UNSAFE[name]
    divisor = make(features())
    view = GraphView(tf.get_default_graph().as_graph_def())
    assert stays_away_from_zero(view, parse_tensor(divisor.name)) == (name in SAFE)


@pytest.mark.parametrize('name', sorted(UNSAFE))
def test_channels_that_are_divided_by_stay(name: str) -> None:
    """Pinned with the reason; with an epsilon they are free."""
    x = features()
    kernel = tf.get_variable('next', [1, 1, 4, 2])
    out = tf.nn.conv2d(x / UNSAFE[name](x), kernel, 1, 'SAME')
    analysed = Analysed(out)
    assert not analysed.channels.groups
    assert any('infinite' in pin.reason for pin in analysed.channels.pins)


@pytest.mark.parametrize('name', ['epsilon', 'maximum', 'exp'])
def test_safe_divisions_leave_channels_free(name: str) -> None:
    """One group."""
    x = features()
    kernel = tf.get_variable('next', [1, 1, 4, 2])
    assert len(Analysed(tf.nn.conv2d(x / SAFE[name](x), kernel, 1, 'SAME')).channels.groups) == 1


@pytest.mark.parametrize('function', [tf.log, tf.rsqrt, tf.reciprocal])
def test_functions_that_are_infinite_at_zero(function: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """Pinned by themselves, free behind an epsilon."""
    x = features()
    kernel = tf.get_variable('next', [1, 1, 4, 2])
    assert not Analysed(tf.nn.conv2d(function(x), kernel, 1, 'SAME')).channels.groups
    assert len(Analysed(tf.nn.conv2d(function(tf.square(x) + 1.0), kernel, 1, 'SAME')).channels.groups) == 1
