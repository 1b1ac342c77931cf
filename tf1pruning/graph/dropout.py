"""Dropout in its written-out forms, taken out of a forward graph."""

from typing import Dict, Iterable, List, Optional

from .rewiring import Rewiring
from .view import TensorName

RANDOM_OPS = ('RandomUniform', 'RandomStandardNormal', 'TruncatedNormal', 'RandomUniformInt', 'Multinomial',
              'StatelessRandomUniform', 'StatelessRandomNormal', 'StatelessRandomUniformV2', 'RandomShuffle',
              'ParameterizedTruncatedNormal', 'RandomGamma', 'StatelessTruncatedNormal')
_MASK_PATH = ('Floor', 'Cast', 'GreaterEqual', 'Greater', 'Less', 'LessEqual', 'Add', 'AddV2', 'Sub', 'Mul',
              'Identity') + RANDOM_OPS


def bypass_dropout(rewiring: Rewiring, targets: Iterable[TensorName]) -> None:
    """Lets the readers of every dropout read its input.

    Given `Mul(Mul(x, 1/keep), Cast(GreaterEqual(RandomUniform, rate)))`, the older
    `Mul(RealDiv(x, keep), Floor(keep + RandomUniform))`, or `SelectV2(mask, Mul(x, 1/keep), 0)`. Result: `x`.
    """
    needed = rewiring.needed(targets)
    if not any(_op(rewiring, name) in RANDOM_OPS for name in needed):
        return
    masks: Dict[str, bool] = {}
    for name, inputs in needed.items():
        op = _op(rewiring, name)
        kept: Optional[TensorName] = None
        if op == 'Mul' and len(inputs) == 2:
            random = [_is_mask(rewiring, tensor, masks) for tensor in inputs]
            if random[0] != random[1]:
                kept = inputs[0] if random[1] else inputs[1]
        elif op in ('SelectV2', 'Select') and _is_mask(rewiring, inputs[0], masks):
            kept = inputs[1]
        if kept is not None:
            rewiring.replace(TensorName(name), _without_scale(rewiring, kept))


def _op(rewiring: Rewiring, name: str) -> str:
    node = rewiring.node(name)
    return node.op if node is not None else ''


def _is_mask(rewiring: Rewiring, tensor: TensorName, known: Dict[str, bool]) -> bool:
    """Whether a tensor is random numbers compared or rounded, with scalars at most."""
    if tensor.node not in known:
        known[tensor.node] = False
        op = _op(rewiring, tensor.node)
        if op in RANDOM_OPS:
            known[tensor.node] = True
        elif op in _MASK_PATH:
            known[tensor.node] = any(_is_mask(rewiring, each, known) for each in rewiring.inputs(tensor.node))
    return known[tensor.node]


def _without_scale(rewiring: Rewiring, tensor: TensorName) -> TensorName:
    """Steps over the division by the keep probability, if it is there."""
    inputs: List[TensorName] = rewiring.inputs(tensor.node)
    op = _op(rewiring, tensor.node)
    if op in ('RealDiv', 'Div') and _is_scalar(rewiring, inputs[1]):
        return inputs[0]
    if op == 'Mul':
        for position in (0, 1):
            if _is_scalar(rewiring, inputs[position]):
                return inputs[1 - position]
    return tensor


def _is_scalar(rewiring: Rewiring, tensor: TensorName) -> bool:
    node = rewiring.node(tensor.node)
    if node is None:
        return False
    if node.op == 'Const':
        return not node.attr['value'].tensor.tensor_shape.dim
    if node.op in ('Placeholder', 'PlaceholderWithDefault'):
        return 'keep' in node.name or not node.attr['shape'].shape.dim
    return node.op in ('RealDiv', 'Sub', 'Identity', 'Div', 'Reciprocal') and bool(node.input) and all(
        _is_scalar(rewiring, each) for each in rewiring.inputs(tensor.node))
