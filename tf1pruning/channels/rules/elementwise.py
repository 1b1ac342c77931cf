"""Element-wise operations: channels that meet are the same channel."""

from typing import List, Optional, Sequence, Set, Tuple

import numpy as np

from ...graph.view import VARIABLE_OPS
from ...graph.zeros import stays_away_from_zero
from ..layout import Block, Layout
from .registry import Operation, rule

_UNARY = ('Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'Exp', 'Log',
          'Log1p', 'Expm1', 'Sqrt', 'Rsqrt', 'Square', 'Abs', 'Neg', 'Sign', 'Floor', 'Ceil', 'Round', 'Rint',
          'Reciprocal', 'Inv', 'Erf', 'Sin', 'Cos', 'IsNan', 'IsFinite', 'IsInf', 'LogicalNot', 'ZerosLike',
          'OnesLike', 'Cast')
_BINARY = ('Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Div', 'DivNoNan', 'FloorDiv', 'FloorMod', 'Mod', 'Maximum',
           'Minimum', 'Pow', 'SquaredDifference', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'Equal', 'NotEqual',
           'LogicalAnd', 'LogicalOr', 'MulNoNan', 'Xdivy', 'Xlogy', 'Atan2', 'AddN', 'SelectV2', 'ClipByValue')
_ROLES = {'Add': ('bias', 'bias'), 'AddV2': ('bias', 'bias'), 'Mul': ('scale', 'scale'), 'Sub': ('offset', 'other')}


@rule('Identity', 'ReadVariableOp', 'StopGradient', 'PreventGradient', 'CheckNumerics', 'Snapshot', 'EnsureShape',
      'PlaceholderWithDefault', attributes='message shape')
def identity(op: Operation) -> List[Layout]:
    """The same tensor; a parameter stays one."""
    return [op.inputs[0]]


@rule('IdentityN')
def identities(op: Operation) -> List[Layout]:
    """Several tensors at once, such as the value of a function with a gradient of its own."""
    return list(op.inputs)


@rule(*_UNARY, attributes='alpha')
def unary(op: Operation) -> List[Layout]:
    """Every element by itself."""
    if op.node.op in ('Log', 'Rsqrt', 'Reciprocal', 'Inv'):
        _refuse_zero(op, 0)
    return [op.inputs[0]] if op.node.op == 'Cast' else op.same()


@rule(*_BINARY, attributes='incompatible_shape_error')
def broadcasting(op: Operation) -> List[Layout]:
    """Operands are aligned at their last axes; one of size 1 meets nothing there."""
    if op.node.op in ('RealDiv', 'Div', 'FloorDiv', 'FloorMod', 'Mod'):
        _refuse_zero(op, 1)
    kernels = _kernels(op)
    for position, role in enumerate(_ROLES.get(op.node.op, ())):
        if not op.inputs[1 - position].parameters and position not in kernels:
            op.role(position, role)
    parameters = tuple(name for position in kernels for name in op.inputs[position].parameters)
    return [Layout(unify(op, range(len(op.inputs))).blocks, parameters)]


def _refuse_zero(op: Operation, position: int) -> None:
    """Pins channels whose zeros would be divided by: NaN is seen through the zero weights of every consumer."""
    if not stays_away_from_zero(op.view, op.view.inputs[op.node.name][position]):
        op.pin_layout(op.inputs[position], 'zeros would make it infinite')


def _kernels(op: Operation) -> List[int]:
    """Returns which operands are kernels that stay kernels under arithmetic with stored numbers.

    Times a number (equalised learning rates, folded batch norms, masks), a kernel is zero where it was. Shifted, as a
    standardised one is by its mean, it is not: its filters may go, but what it contracts over has to stay. Anything
    that depends on the input makes an activation of it.
    """
    positions = {'Mul': (0, 1), 'RealDiv': (0,), 'Sub': (0, 1), 'Add': (0, 1), 'AddV2': (0, 1)}.get(op.node.op, ())
    view, out = op.view, op.out_shapes[0] if op.out_shapes else None
    found = [position for position in positions if op.inputs[position].parameters and out is not None
             and len(out) > 1 and op.in_shapes[position] == out]
    if not found or not all(view.inputs[name] or view.op(name) in (*VARIABLE_OPS, 'Const')
                            for name in view.ancestors([op.node.name])):
        return []
    if op.node.op not in ('Mul', 'RealDiv'):
        op.facts.shifted.update(name for position in found for name in op.inputs[position].parameters)
    return found


@rule('Select')
def select(op: Operation) -> List[Layout]:
    """The old Select: a condition of rank 1 chooses whole rows."""
    if len(op.shape(0)) == len(op.shape(1)):
        return [unify(op, (0, 1, 2))]
    op.pin_layout(op.inputs[0], 'a condition of lower rank chooses rows')
    return [unify(op, (1, 2))]


def unify(op: Operation, positions: Sequence[int]) -> Layout:
    """Ties the channels of operands that meet under broadcasting; returns the layout of the result."""
    out = op.out_shape()
    aligned: List[Layout] = []
    sizes: List[Tuple[int, ...]] = []
    for position in positions:
        shape = op.shape(position)
        offset = len(out) - len(shape)
        aligned.append(op.inputs[position].moved(range(offset, len(out))))
        sizes.append((1,) * offset + tuple(shape))
    blocks: List[Block] = []
    done: Set[int] = set()
    for axis in range(len(out)):
        if axis in done or out[axis] == 1:
            continue
        found = [layout.block(axis) if size[axis] != 1 else None for layout, size in zip(aligned, sizes)]
        widest = max((block for block in found if block is not None), key=lambda block: len(block.axes), default=None)
        if widest is None:
            continue
        merged = _merge(op, widest, aligned, sizes)
        done.update(merged.axes)
        blocks.append(merged)
    return Layout(tuple(blocks))


def _merge(op: Operation, widest: Block, aligned: List[Layout], sizes: List[Tuple[int, ...]]) -> Block:
    """Ties one block with whatever the other operands have over its axes."""
    for layout, size in zip(aligned, sizes):
        spread = [axis for axis in widest.axes if size[axis] != 1]
        if not spread:
            continue
        ids = _over(layout, widest.axes, size)
        if ids is None:
            op.pin(widest.ids, 'meets an axis that cannot be pruned')
            for axis in spread:
                op.pin_layout(layout, 'meets channels in another arrangement', axes=[axis])
        else:
            op.tie(np.array(np.broadcast_to(ids, widest.ids.shape)), np.array(widest.ids))
    return widest


def _over(layout: Layout, axes: Tuple[int, ...], size: Tuple[int, ...]) -> Optional[np.ndarray]:
    """Returns a layout's ids over some axes, in a shape that broadcasts to theirs; None where they do not fit."""
    inside = [block for block in layout.blocks if set(block.axes) & set(axes) and any(
        size[axis] != 1 for axis in block.axes)]
    if len(inside) != 1 or not set(inside[0].axes) <= set(axes):
        return None
    block = inside[0]
    return block.ids.reshape([block.ids.shape[block.axes.index(axis)] if axis in block.axes else 1 for axis in axes])
