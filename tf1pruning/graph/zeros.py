"""Whether a value can become zero where the weights of its channel do: what divides by it makes NaN then."""

import numpy as np

from .constants import constant_value
from .view import PASSING_OPS, VARIABLE_OPS, GraphView, TensorName

_KEEPS_SIGN = (*PASSING_OPS, 'Cast', 'Sqrt', 'Square', 'Abs', 'Sum', 'Mean', 'Max', 'Reshape', 'Squeeze', 'ExpandDims',
               'Pow', 'Tile', 'BroadcastTo', 'Transpose')
_POSITIVE = ('Exp', 'Sigmoid', 'Softplus', 'Shape', 'Size')
_STEPS = 32


def stays_away_from_zero(view: GraphView, tensor: TensorName, steps: int = _STEPS) -> bool:
    """Whether a value is surely not zero, as one is that something is added to for this purpose.

    Given `sqrt(x + 1e-5)`, `maximum(x, 1e-12)`, `exp(x)` or a variable of statistics: true. Given `max(abs(x))`:
    false, since x is zero in a pruned channel.
    """
    value = constant_value(view, tensor)
    if value is not None:
        return bool(np.all(value != 0))
    op, inputs = view.op(tensor.node), view.inputs.get(tensor.node, [])
    if not steps or op in VARIABLE_OPS or op in _POSITIVE or op == 'Placeholder':
        return bool(steps)
    if op in ('Add', 'AddV2', 'Maximum'):
        constants = [constant_value(view, each) for each in inputs]
        return any(each is not None and bool(np.all(each > 0)) for each in constants) or all(
            stays_away_from_zero(view, each, steps - 1) for each in inputs)
    if op in ('Mul', 'RealDiv'):
        return all(stays_away_from_zero(view, each, steps - 1) for each in inputs)
    return op in _KEEPS_SIGN and bool(inputs) and stays_away_from_zero(view, inputs[0], steps - 1)
