"""Sizes of tensors that a graph calculates with, instead of only shaping tensors by them."""

from typing import List, Set, Tuple

import numpy as np

from ..tf1 import tf
from .attributes import attribute
from .constants import constant_value
from .view import GraphView, TensorName, Use

_ARITHMETIC = ('Identity', 'Mul', 'Add', 'AddV2', 'Sub', 'FloorDiv', 'FloorMod', 'Maximum', 'Minimum', 'Pack',
               'ConcatV2', 'Squeeze', 'Range')
_DATA_FIRST = ('Reshape', 'Slice', 'Tile', 'Prod', 'Sum', 'Max', 'Min', 'ExpandDims')
"""Operations of which only the first input is a value; the others are shapes, sizes and axes."""


def counted_axes(view: GraphView, shape: TensorName, rank: int, picks: bool = True) -> Set[int]:
    """Returns the axes whose sizes become floating-point numbers, which change with the number of channels.

    Given `x / sqrt(cast(strided_slice(Shape(x), 3), float32))`. Result: `{3}`. Of `Reshape(y, Shape(x))`: none.

    Args:
        view: the graph.
        shape: the output of a Shape, or of a Size.
        rank: of the tensor whose shape that is.
        picks: whether it is a vector with a number for each axis, else one number for all.
    """
    every = list(range(rank))
    found: Set[int] = set()
    seen: Set[Tuple[TensorName, Tuple[int, ...], bool]] = set()
    stack: List[Tuple[TensorName, List[int], bool, bool]] = [(shape, every, picks, False)]
    while stack:
        tensor, axes, vector, number = stack.pop()
        state = (tensor, tuple(axes), number)
        if state in seen:
            continue
        seen.add(state)
        for use in view.readers(tensor):
            op = view.op(use.node)
            if op in ('StridedSlice', 'GatherV2', 'Gather') and use.position == 0:
                stack.append((TensorName(use.node), _picked(view, use, axes) if vector else axes, vector, number))
            elif op == 'Cast':
                real = tf.as_dtype(view.nodes[use.node].attr['DstT'].type).is_floating
                stack.append((TensorName(use.node), axes, vector, number or real))
            elif number:
                found.update(axes)
            elif op in _ARITHMETIC or (op in _DATA_FIRST and use.position == 0):
                stack.append((TensorName(use.node), axes, vector and op == 'Identity', number))
    return found


def _picked(view: GraphView, use: Use, axes: List[int]) -> List[int]:
    """Returns what a slice or gather takes of a vector; all of it where that is not known."""
    node = view.nodes[use.node]
    values = [constant_value(view, each) for each in view.inputs[use.node][1:]]
    if node.op != 'StridedSlice':
        return axes if values[0] is None else [axes[index] for index in np.ravel(values[0])]
    masks = [attribute(node, name).i for name in ('ellipsis_mask', 'new_axis_mask')]
    known = [int(np.ravel(value)[0]) for value in values if value is not None and np.size(value) == 1]
    if len(known) != 3 or any(masks):
        return axes
    begin, end, stride = known
    if attribute(node, 'shrink_axis_mask').i:
        return [axes[begin]]
    first, last = (None if attribute(node, mask).i else number
                   for mask, number in (('begin_mask', begin), ('end_mask', end)))
    return axes[first:last:stride]
