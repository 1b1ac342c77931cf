"""Dropout in its written-out forms, taken out of a forward graph."""

from typing import Iterable, List, Optional

from .attributes import attribute
from .constants import array_of
from .rewiring import Rewiring
from .view import TensorName

RANDOM_OPS = ('RandomUniform', 'RandomStandardNormal', 'TruncatedNormal', 'RandomUniformInt', 'Multinomial',
              'StatelessRandomUniform', 'StatelessRandomNormal', 'StatelessRandomUniformV2', 'RandomShuffle',
              'ParameterizedTruncatedNormal', 'RandomGamma', 'StatelessTruncatedNormal')
_THRESHOLDS = ('Floor', 'GreaterEqual', 'Greater', 'Less', 'LessEqual')
_RANDOM_PATH = ('Cast', 'Add', 'AddV2', 'Sub', 'Mul', 'Identity')


def bypass_dropout(rewiring: Rewiring, targets: Iterable[TensorName]) -> None:
    """Lets the readers of every dropout read its input.

    Given `Mul(Mul(x, 1/keep), Cast(GreaterEqual(RandomUniform, rate)))`, the older
    `Mul(RealDiv(x, keep), Floor(keep + RandomUniform))`, or `SelectV2(mask, Mul(x, 1/keep), 0)`. Result: `x`.
    """
    needed = rewiring.needed(targets)
    if not any(_op(rewiring, name) in RANDOM_OPS for name in needed):
        return
    for name, inputs in needed.items():
        op = _op(rewiring, name)
        candidates = {'Mul': [(0, 1), (1, 0)], 'Select': [(0, 1)], 'SelectV2': [(0, 1)]}.get(op, [])
        for mask, kept in candidates:
            threshold = _threshold(rewiring, inputs[mask])
            if threshold is not None:
                rewiring.replace(TensorName(name), _without_scale(rewiring, inputs[kept], threshold))
                break


def _op(rewiring: Rewiring, name: str) -> str:
    node = rewiring.node(name)
    return node.op if node is not None else ''


def _threshold(rewiring: Rewiring, tensor: TensorName) -> Optional[str]:
    """Returns the node that makes a mask by comparing or rounding random numbers; None where a tensor is no mask."""
    name = tensor.node
    while _op(rewiring, name) in ('Cast', 'Identity'):
        name = rewiring.inputs(name)[0].node
    if _op(rewiring, name) not in _THRESHOLDS:
        return None
    inputs = rewiring.inputs(name)
    return name if any(_is_random(rewiring, each) for each in inputs) else None


def _is_random(rewiring: Rewiring, tensor: TensorName) -> bool:
    """Whether a tensor is made of random numbers and scalars."""
    op = _op(rewiring, tensor.node)
    if op not in _RANDOM_PATH:
        return op in RANDOM_OPS
    others = [each for each in rewiring.inputs(tensor.node) if not _is_scalar(rewiring, each)]
    return len(others) == 1 and _is_random(rewiring, others[0])


def _without_scale(rewiring: Rewiring, tensor: TensorName, threshold: str) -> TensorName:
    """Steps over the division by the keep probability, if it is there; another factor stays."""
    inputs: List[TensorName] = rewiring.inputs(tensor.node)
    op = _op(rewiring, tensor.node)
    for position in {'RealDiv': [1], 'Div': [1], 'Mul': [0, 1]}.get(op, []):
        if _is_scalar(rewiring, inputs[position]):
            factor, keep = _scalar_value(rewiring, inputs[position]), _keep_probability(rewiring, threshold)
            if factor is None or (keep is not None and abs((factor if op == 'Mul' else 1 / factor) * keep - 1) < 1e-3):
                return inputs[1 - position]
    return tensor


def _keep_probability(rewiring: Rewiring, threshold: str) -> Optional[float]:
    """Returns the constant that random numbers are compared with, as a probability to keep; None where it is fed."""
    op, inputs = _op(rewiring, threshold), rewiring.inputs(threshold)
    if op == 'Floor':
        inputs = rewiring.inputs(inputs[0].node)
    values = [_scalar_value(rewiring, each) for each in inputs]
    constant = next((value for value in values if value is not None), None)
    if constant is None:
        return None
    return 1 - constant if op.startswith('Greater') == (values[1] is not None) and op != 'Floor' else constant


def _scalar_value(rewiring: Rewiring, tensor: TensorName) -> Optional[float]:
    node = rewiring.node(tensor.node)
    if node is None or node.op != 'Const' or node.attr['value'].tensor.tensor_shape.dim:
        return None
    return float(array_of(node))


def _is_scalar(rewiring: Rewiring, tensor: TensorName) -> bool:
    node = rewiring.node(tensor.node)
    if node is None:
        return False
    if node.op == 'Const':
        return not node.attr['value'].tensor.tensor_shape.dim
    if node.op in ('Placeholder', 'PlaceholderWithDefault'):
        return 'keep' in node.name or not attribute(node, 'shape').shape.dim
    return node.op in ('RealDiv', 'Sub', 'Identity', 'Div', 'Reciprocal') and bool(node.input) and all(
        _is_scalar(rewiring, each) for each in rewiring.inputs(tensor.node))
