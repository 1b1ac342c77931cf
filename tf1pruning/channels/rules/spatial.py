"""Pools, resizes and reductions: every channel by itself, unless the channel axis is what is reduced."""

from typing import List

import numpy as np

from ...graph.attributes import attribute
from ..layout import Layout
from .registry import Operation, rule


@rule('AvgPool', 'MaxPool', 'AvgPool3D', 'MaxPool3D',
      attributes='ksize strides padding data_format explicit_paddings')
def pool(op: Operation) -> List[Layout]:
    """Windows over space, or over a volume; a window over channels mixes them."""
    axis = op.channel_axis(len(op.shape(0)))
    if op.node.attr['ksize'].list.i[axis] != 1 or op.node.attr['strides'].list.i[axis] != 1:
        op.pin_layout(op.inputs[0], 'a pool over channels')
    op.pin_layout(op.others(0, axis), 'a pool slides over this axis')
    return [Layout(tuple(block for block in op.inputs[0].blocks if block.axes == (axis,)))]


@rule('ResizeBilinear', 'ResizeNearestNeighbor', 'ResizeBicubic', 'ResizeArea',
      attributes='align_corners half_pixel_centers')
def resize(op: Operation) -> List[Layout]:
    """Changes axes 1 and 2."""
    op.pin_layout(op.inputs[0], 'a resize mixes positions along this axis', axes=(1, 2))
    return [op.others(0, 1, 2)]


@rule('CropAndResize', attributes='method extrapolation_value')
def crop_and_resize(op: Operation) -> List[Layout]:
    """Pieces of feature maps, as many as there are boxes."""
    op.pin_layout(op.inputs[0], 'a crop mixes positions along this axis', axes=(0, 1, 2))
    for layout in op.inputs[1:]:
        op.pin_layout(layout, 'says where to crop')
    return [op.others(0, 0, 1, 2)]


@rule('Mean', 'Sum', 'Max', 'Min', 'Prod', 'All', 'Any', attributes='keep_dims')
def reduction(op: Operation) -> List[Layout]:
    """Reduces some axes; channels among them would be mixed.

    Where channels stand over several axes and some of these are reduced, what is reduced together lives and dies
    together: the parts of a maxout unit, the channels of one group of a group norm.
    """
    rank = len(op.shape(0))
    reduced = {int(axis) % rank for axis in np.ravel(op.constant(1))} if rank else set()
    keep = attribute(op.node, 'keep_dims').b
    blocks = []
    for block in op.inputs[0].blocks:
        kept = [axis for axis in block.axes if axis not in reduced]
        if kept:
            blocks.append(op.narrowed(block, kept) if len(kept) < len(block.axes) else block)
        else:
            op.pin(block.ids, '%s over channels' % op.node.op)
    moved = [axis if keep else axis - sum(other < axis for other in reduced) for axis in range(rank)]
    return [Layout(tuple(blocks)).moved(moved)]
