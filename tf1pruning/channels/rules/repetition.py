"""Operations that repeat or rearrange whole runs of channels."""

from typing import List

import numpy as np

from ...graph.attributes import attribute
from ..layout import Block, Layout
from .registry import Operation, RefusedError, rule


@rule('Tile')
def tile(op: Operation) -> List[Layout]:
    """Channels that are repeated live and die together with their copies."""
    multiples = [int(number) for number in np.ravel(op.constant(1))]
    blocks = []
    for block in op.inputs[0].blocks:
        times = [multiples[axis] for axis in block.axes]
        blocks.append(Block(block.axes, np.tile(block.ids, times)))
    return [Layout(tuple(blocks))]


@rule('BroadcastTo')
def broadcast_to(op: Operation) -> List[Layout]:
    """Axes of size 1 grow; channels stay."""
    old, new = op.shape(0), op.out_shape()
    offset = len(new) - len(old)
    layout = op.inputs[0].moved(range(offset, len(new)))
    for block in layout.blocks:
        if any(old[axis - offset] != new[axis] for axis in block.axes):
            op.pin(block.ids, 'is broadcast')
        for axis in block.axes:
            op.literal(1, axis, block, axis)
    return [Layout(tuple(block for block in layout.blocks
                         if all(old[axis - offset] == new[axis] for axis in block.axes)))]


@rule('DepthToSpace', attributes='block_size data_format')
def depth_to_space(op: Operation) -> List[Layout]:
    """Input channel (i·b + j)·C + c becomes channel c at offset (i, j): all b² of them are one channel."""
    axis = _channel_axis(op)
    ids = op.ids(0, axis)
    op.pin_layout(op.others(0, axis), 'moved between space and depth')
    if ids is None:
        return [Layout()]
    copies = ids.reshape(op.node.attr['block_size'].i ** 2, -1)
    for row in copies[1:]:
        op.tie(copies[0], row)
    return [Layout((Block((axis,), copies[0]),))]


@rule('SpaceToDepth', attributes='block_size data_format')
def space_to_depth(op: Operation) -> List[Layout]:
    """Every channel becomes b² of them."""
    axis = _channel_axis(op)
    ids = op.ids(0, axis)
    op.pin_layout(op.others(0, axis), 'moved between space and depth')
    return [Layout() if ids is None else Layout((Block((axis,), np.tile(ids, op.node.attr['block_size'].i ** 2)),))]


def _channel_axis(op: Operation) -> int:
    if attribute(op.node, 'data_format').s == b'NCHW_VECT_C':
        raise RefusedError('data format NCHW_VECT_C')
    return op.channel_axis(4)
