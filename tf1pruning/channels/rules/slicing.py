"""Operations that take some channels out of many: splits, slices, gathers."""

from typing import List, NamedTuple, Optional, Tuple

import numpy as np

from ...graph.attributes import attribute
from ..layout import Block, Layout
from .facts import Divided, Picked
from .registry import Operation, RefusedError, rule


@rule('Split', attributes='num_split')
def split(op: Operation) -> List[Layout]:
    """Equal pieces; after strip they may be unequal, then the Split becomes a SplitV.

    Pieces of a kernel are kernels: so TensorFlow 1 writes grouped convolutions with one variable for all groups.
    """
    count = int(op.node.attr['num_split'].i)
    axis = int(np.ravel(op.constant(0))[0]) % len(op.shape(1))
    return _pieces(op, 1, axis, [op.shape(1)[axis] // count] * count)


@rule('SplitV', attributes='num_split')
def split_by_sizes(op: Operation) -> List[Layout]:
    """Pieces of given sizes; the sizes are rewritten."""
    axis = int(np.ravel(op.constant(2))[0]) % len(op.shape(0))
    sizes = [shape[axis] for shape in op.out_shapes if shape is not None]
    if len(sizes) != len(op.out_shapes) or None in sizes:
        raise RefusedError('the sizes of its pieces are not known')
    return _pieces(op, 0, axis, [size or 0 for size in sizes])


def _pieces(op: Operation, position: int, axis: int, sizes: List[int]) -> List[Layout]:
    ids = op.ids(position, axis)
    rest, parameters = op.others(position, axis).blocks, op.inputs[position].parameters
    if ids is None:
        return [Layout(rest, parameters)] * len(sizes)
    pieces = tuple(np.split(ids, np.cumsum(sizes)[:-1]))
    op.facts.divided.append(Divided(op.node.name, axis, pieces))
    return [Layout((*rest, Block((axis,), piece)), parameters) for piece in pieces]


@rule('Unpack', attributes='num axis')
def unpack(op: Operation) -> List[Layout]:
    """Takes a tensor apart along an axis, which cannot be pruned then."""
    rank = len(op.shape(0))
    axis = attribute(op.node, 'axis').i % rank
    op.pin_layout(op.inputs[0], 'taken apart along this axis', axes=[axis])
    moved = op.others(0, axis).moved(old - (old > axis) for old in range(rank))
    return [Layout(moved.blocks)] * len(op.out_shapes)


class _Range(NamedTuple):
    """What a slice takes of one axis: `start:end`, and where the numbers are spelled (None: nowhere)."""

    start: int
    end: int
    element: Optional[int]
    stride: int = 1


@rule('Slice')
def slice_(op: Operation) -> List[Layout]:
    """`size` channels from `begin` on."""
    shape = op.shape(0)
    begin, size = (np.ravel(op.constant(position)) for position in (1, 2))
    blocks = []
    for block in op.inputs[0].blocks:
        changed = [axis for axis in block.axes if not (begin[axis] == 0 and size[axis] in (-1, shape[axis]))]
        if len(block.axes) > 1 and changed:
            raise RefusedError('slices channels in this arrangement')
        axis = block.axes[0]
        for each in block.axes:
            if size[each] == shape[each]:
                op.literal(2, each, block, each)
        if changed:
            end = shape[axis] if size[axis] == -1 else int(begin[axis] + size[axis])
            taken = Block((axis,), block.ids[int(begin[axis]):end])
            op.literal(1, axis, Block((axis,), block.ids[:int(begin[axis])]), axis)
            op.literal(2, axis, taken, axis)
            op.facts.divided.append(Divided('', axis, (taken.ids,)))
            block = taken
        blocks.append(block)
    return [Layout(tuple(blocks))]


@rule('StridedSlice', attributes='begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask')
def strided_slice(op: Operation) -> List[Layout]:
    """Python's slices. Numbers along the channels are rewritten; strides over them are refused."""
    ranges, axes = _ranges(op)
    blocks: List[Block] = []
    for block in op.inputs[0].blocks:
        taken = _take(op, block, ranges)
        moved = [axes[axis] for axis in taken.axes]
        if None in moved:
            op.pin(block.ids, 'one channel is picked out')
        else:
            blocks.append(Block(tuple(axis for axis in moved if axis is not None), taken.ids))
    return [Layout(tuple(blocks))]


def _take(op: Operation, block: Block, ranges: List[_Range]) -> Block:
    shape = op.shape(0)
    for axis in block.axes:
        own = ranges[axis]
        whole = (own.start, own.end, own.stride) == (0, shape[axis], 1)
        if whole and own.element is not None:
            _spell(op, own, Block((axis,), block.ids) if len(block.axes) == 1 else block, axis)
        elif not whole and (len(block.axes) > 1 or own.stride != 1):
            raise RefusedError('slices channels with a stride or in this arrangement')
        elif not whole:
            _spell(op, own, block, axis)
            taken = block.ids[own.start:own.end]
            op.facts.divided.append(Divided('', axis, (taken,)))
            return Block((axis,), taken)
    return block


def _spell(op: Operation, own: _Range, block: Block, axis: int) -> None:
    """Notes the numbers that spell where a slice begins and ends; masked ones are not read."""
    if own.element is None:
        return
    begin, end = (int(np.ravel(op.constant(position))[own.element]) for position in (1, 2))
    masks = [attribute(op.node, name).i >> own.element & 1 for name in ('begin_mask', 'end_mask')]
    size = block.ids.shape[block.axes.index(axis)]
    for position, number, masked in ((1, begin, masks[0]), (2, end, masks[1])):
        if masked or number == 0:
            continue
        if len(block.axes) > 1:
            if number != size:
                raise RefusedError('slices channels in this arrangement')
            op.literal(position, own.element, block, axis)
        elif number < 0:
            op.literal(position, own.element, Block((axis,), block.ids[number:]), axis, sign=-1)
        else:
            op.literal(position, own.element, Block((axis,), block.ids[:number]), axis)


def _ranges(op: Operation) -> Tuple[List[_Range], List[Optional[int]]]:
    """Works out what is taken of every input axis, and which output axis it becomes (None: it goes)."""
    shape = op.shape(0)
    begin, end, strides = (np.ravel(op.constant(position)) for position in (1, 2, 3))
    masks = {name: int(attribute(op.node, name).i) for name in (
        'begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask')}
    ranges: List[_Range] = []
    axes: List[Optional[int]] = []
    out = 0
    given = sum(not (masks['new_axis_mask'] | masks['ellipsis_mask']) >> k & 1 for k in range(len(begin)))
    for k in range(len(begin)):
        if masks['ellipsis_mask'] >> k & 1:
            for _ in range(len(shape) - given):
                ranges.append(_Range(0, shape[len(ranges)], None))
                axes.append(out)
                out += 1
        elif masks['new_axis_mask'] >> k & 1:
            out += 1
        else:
            size = shape[len(ranges)]
            shrink = masks['shrink_axis_mask'] >> k & 1
            start = None if masks['begin_mask'] >> k & 1 and not shrink else int(begin[k])
            stop = None if masks['end_mask'] >> k & 1 else int(end[k])
            if shrink:
                first = int(begin[k]) % size
                ranges.append(_Range(first, first + 1, k))
            else:
                ranges.append(_Range(*slice(start, stop, int(strides[k])).indices(size)[:2], element=k,
                                     stride=int(strides[k])))
            axes.append(None if shrink else out)
            out += not shrink
    while len(ranges) < len(shape):
        ranges.append(_Range(0, shape[len(ranges)], None))
        axes.append(out)
        out += 1
    return ranges, axes


@rule('Gather', 'GatherV2', 'ResourceGather', attributes='batch_dims validate_indices')
def gather(op: Operation) -> List[Layout]:
    """Constant indices permute or repeat channels; live ones pin the axis that they pick from."""
    if attribute(op.node, 'batch_dims').i:
        raise RefusedError('gathers within batches')
    rank = len(op.shape(0))
    axis = int(np.ravel(op.constant(2))[0]) % rank if op.node.op == 'GatherV2' else 0
    ids = op.ids(0, axis)
    inserted = len(op.shape(1))
    moved = [old if old < axis else old + inserted - 1 for old in range(rank)]
    rest = op.others(0, axis).moved(moved).blocks
    if ids is None:
        return [Layout(rest)]
    try:
        indices = op.constant(1)
    except RefusedError:
        op.pin(ids, 'picked from by computed indices')
        return [Layout(rest)]
    if indices.ndim != 1:
        raise RefusedError('picks channels into %d axes' % indices.ndim)
    taken = ids[indices]
    op.facts.picked.append(Picked(op.node.name, 1, ids, indices))
    op.facts.divided.append(Divided('', axis, (taken,)))
    return [Layout((*rest, Block((axis,), taken)))]


@rule('ReverseV2')
def reverse(op: Operation) -> List[Layout]:
    """Turns axes around."""
    axes = {int(axis) % len(op.shape(0)) for axis in np.ravel(op.constant(1))}
    return [Layout(tuple(Block(block.axes, np.flip(block.ids, [k for k, axis in enumerate(block.axes) if axis in axes])
                               if axes & set(block.axes) else block.ids) for block in op.inputs[0].blocks))]


