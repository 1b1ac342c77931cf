"""Where ids come from: variables, and constants that hold weights."""

from typing import List

from ...graph.shapes import declared_shape
from ...tf1 import tf
from ..layout import EMPTY, Block, Layout
from .registry import Operation, rule


@rule('VariableV2', 'Variable', 'VarHandleOp', attributes='shape container shared_name allowed_devices debug_name')
def variable(op: Operation) -> List[Layout]:
    """Every axis of a variable gets ids of its own; what reads it decides which of them are channels."""
    shape = declared_shape(op.node)
    return [EMPTY if shape is None or None in shape else _parameter(op, tuple(size or 0 for size in shape))]


@rule('Const', attributes='value')
def constant(op: Operation) -> List[Layout]:
    """An array of floating-point numbers may be a weight; anything else spells shapes and axes."""
    proto = op.node.attr['value'].tensor
    shape = tuple(int(dim.size) for dim in proto.tensor_shape.dim)
    floating = tf.as_dtype(proto.dtype).is_floating
    return [_parameter(op, shape) if floating and any(size > 1 for size in shape) and 0 not in shape else EMPTY]


@rule('Fill', attributes='index_type')
def fill(op: Operation) -> List[Layout]:
    """Numbers that are all alike, such as the ones that stand for γ: free to go with whatever they meet."""
    blocks = [Block((axis,), op.fresh(size)) for axis, size in enumerate(op.out_shape()) if size > 1]
    for block in blocks:
        op.literal(0, block.axes[0], block, block.axes[0])
    return [Layout(tuple(blocks))]


def _parameter(op: Operation, shape: 'tuple') -> Layout:
    if not shape:
        return Layout((), (op.node.name,))
    axes = tuple(op.fresh(size) for size in shape)
    op.facts.axes[op.node.name] = axes
    return Layout(tuple(Block((axis,), ids) for axis, ids in enumerate(axes)), (op.node.name,))
