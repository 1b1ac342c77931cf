"""Every number by itself, or with the one that meets it."""

import functools
from typing import Callable, Dict, Optional

import numpy as np

from ..graph.attributes import attribute
from .interval import Interval
from .registry import Step, rule

_RISING: Dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'Relu': lambda x: np.maximum(x, 0),
    'Relu6': lambda x: np.clip(x, 0, 6),
    'Elu': lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
    'Selu': lambda x: 1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(np.minimum(x, 0)), x),
    'Sigmoid': lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    'Tanh': np.tanh,
    'Softplus': lambda x: np.logaddexp(x, 0),
    'Exp': np.exp,
}
"""Functions that do not fall."""
_SLACK = 1e-5
"""What float32 may have rounded on the way, as a part of a number, or of 1."""
_LARGEST = 1e300


@rule(*_RISING)
def rising(step: Step) -> Optional[Interval]:
    """The bounds of the result are those of the argument, put through."""
    with np.errstate(over='ignore'):
        return step.inputs[0].each(_RISING[step.node.op])


@rule('Floor', 'Ceil')
def stepping(step: Step) -> Optional[Interval]:
    """Bounds that are a little wider: what TensorFlow rounds in float32 may fall on the other side of a step."""
    function = np.floor if step.node.op == 'Floor' else np.ceil
    low, high = step.inputs[0]
    return Interval(function(low - _SLACK * np.clip(np.abs(low), 1, _LARGEST)),
                    function(high + _SLACK * np.clip(np.abs(high), 1, _LARGEST)))


@rule('LeakyRelu')
def leaky(step: Step) -> Optional[Interval]:
    """Rises, unless alpha is negative."""
    alpha = attribute(step.node, 'alpha').f
    return step.inputs[0].each(lambda x: np.where(x < 0, alpha * x, x)) if alpha > 0 else None


@rule('Abs', 'Square')
def even(step: Step) -> Optional[Interval]:
    """Smallest at zero."""
    function = np.abs if step.node.op == 'Abs' else np.square
    low, high = step.inputs[0]
    ends = function(low), function(high)
    return Interval(np.where((low <= 0) & (high >= 0), 0.0, np.minimum(*ends)), np.maximum(*ends))


@rule('Neg')
def negated(step: Step) -> Optional[Interval]:
    """Bounds change places."""
    return step.inputs[0].negative()


@rule('Add', 'AddV2', 'AddN')
def added(step: Step) -> Optional[Interval]:
    """Sums of the bounds."""
    return functools.reduce(Interval.plus, step.inputs)


@rule('Sub')
def subtracted(step: Step) -> Optional[Interval]:
    """The largest minus the smallest is the largest."""
    return step.inputs[0].plus(step.inputs[1].negative())


@rule('Mul')
def multiplied(step: Step) -> Optional[Interval]:
    """The extremes are among the products of bounds."""
    return step.inputs[0].times(step.inputs[1])


@rule('RealDiv', 'Div')
def divided(step: Step) -> Optional[Interval]:
    """By numbers that are known and not zero."""
    divisor = step.values[1]
    if divisor is None or not divisor.all():
        return None
    return step.inputs[0].times(Interval.exactly(1 / divisor.astype(np.float64)))


@rule('Maximum', 'Minimum')
def extreme(step: Step) -> Optional[Interval]:
    """Of the bounds."""
    function = np.maximum if step.node.op == 'Maximum' else np.minimum
    return Interval(function(step.inputs[0].low, step.inputs[1].low),
                    function(step.inputs[0].high, step.inputs[1].high))
