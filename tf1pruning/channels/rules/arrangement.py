"""Operations that move elements around: the ids move along."""

from typing import List, Sequence, Tuple

import numpy as np

from ...graph.attributes import attribute
from ...graph.sizes import counted_axes
from ...graph.view import TensorName
from ..layout import EMPTY, Block, Layout, drop_constant_axes
from .facts import Divided, Part
from .registry import Operation, RefusedError, rule


@rule('Reshape')
def reshape(op: Operation) -> List[Layout]:
    """Reshapes the id array, so that a flatten is a tile and a channel shuffle is a transpose.

    Given x `[N, 7, 7, 8]` with ids over axis 3, reshaped to `[N, 392]`. Result: ids over axis 1, each 49 times.
    """
    _require_places(op, op.shape(0), op.out_shape())
    layout = reshaped(op, op.inputs[0], op.shape(0), op.out_shape())
    for block in layout.blocks:
        for axis in block.axes:
            op.literal(1, axis, block, axis)
            if len(block.axes) > 1 and op.is_computed(1, axis):  # as C // groups: it counts if the groups stay
                op.narrowed(block, (axis,))
    return [layout]


def _require_places(op: Operation, old: Tuple[int, ...], new: Tuple[int, ...]) -> None:
    """Checks that channels stay where they are though sizes are unknown: all those before them, or after, are known.

    Given `[?, 8, ?]` → `[?, 8, ?]`. Result: refused, for the first and the last size may have changed places.
    """
    for before, after in factors(old, new):
        if any(axis in block.axes for block in op.inputs[0].blocks for axis in before) and after:
            ahead = old[:before[0]] + new[:after[0]]
            behind = old[before[-1] + 1:] + new[after[-1] + 1:]
            if op.unknown_size in ahead and op.unknown_size in behind:
                raise RefusedError('where these channels go depends on sizes that are not known')


def reshaped(op: Operation, layout: Layout, old: Tuple[int, ...], new: Tuple[int, ...]) -> Layout:
    """Carries a layout through a change of shape.

    Given the sub-pixel shuffle `[N, 16, 2, 16, 2, 8]` → `[N, 32, 32, 8]` with ids over axes 2, 4 and 5, of which the
    first two join rows and columns. Result: ids over axis 3; what stands at one place of axis 5 is one channel.
    """
    blocks: List[Block] = []
    runs = factors(old, new)
    own = [_within_one_run(op, block, old, [before for before, _ in runs]) for block in layout.blocks]
    for before, after in runs:
        inside = [block for block in own if set(block.axes) & set(before)]
        if not inside:
            continue
        if op.unknown_size in [old[axis] for axis in before] + [new[axis] for axis in after]:
            raise RefusedError('reshapes these channels together with an axis whose size is not known')
        if len(inside) == 1 and set(inside[0].axes) <= set(before) and after:
            blocks.append(_through(inside[0], before, after, old, new))
        elif [old[axis] for axis in before] == [new[axis] for axis in after]:
            blocks.extend(Layout(tuple(inside)).moved(
                dict(zip(before, after)).get(axis, axis) for axis in range(len(old))).blocks)
        else:
            for block in inside:
                op.pin(block.ids, 'a reshape mixes these channels with other axes')
    return Layout(tuple(block for block in blocks if block.axes), layout.parameters)


def _within_one_run(op: Operation, block: Block, old: Sequence[int], runs: Sequence[Sequence[int]]) -> Block:
    """Narrows a block over axes that part company: to those that stay among themselves, if possible, else the most."""
    best: Tuple[bool, int, List[int]] = (False, 0, [])
    for run in runs:
        axes = [axis for axis in block.axes if axis in run]
        alone = bool(axes) and all(axis in axes or old[axis] == 1 for axis in run)
        best = max(best, (alone, int(np.prod([old[axis] for axis in axes])), axes))
    return block if len(best[2]) == len(block.axes) else op.narrowed(block, best[2])


def _through(block: Block, before: Sequence[int], after: Sequence[int], old: Sequence[int],
             new: Sequence[int]) -> Block:
    sizes = [old[axis] if axis in block.axes else 1 for axis in before]
    spread = np.broadcast_to(block.ids.reshape(sizes), [old[axis] for axis in before])
    return drop_constant_axes(Block(tuple(after), spread.reshape([new[axis] for axis in after])))


def factors(old: Sequence[int], new: Sequence[int]) -> List[Tuple[List[int], List[int]]]:
    """Splits two shapes of equal size into the shortest runs of axes with equal products.

    Given `(2, 7, 7, 8)` and `(2, 392)`. Result: `[([0], [0]), ([1, 2, 3], [1])]`. Axes of size 1 join the run before
    them, or stand in a run of their own.
    """
    pairs: List[Tuple[List[int], List[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        before, after = [], []
        left = right = 1
        if i < len(old):
            left, before, i = old[i], [i], i + 1
        if j < len(new):
            right, after, j = new[j], [j], j + 1
        while left != right:
            if left < right and i < len(old):
                left, i = left * old[i], i + 1
                before.append(i - 1)
            elif j < len(new):
                right, j = right * new[j], j + 1
                after.append(j - 1)
            else:
                raise RefusedError('where these channels go depends on sizes that are not known')
        pairs.append((before, after))
    return _without_ones(pairs, old, new)


def _without_ones(pairs: List[Tuple[List[int], List[int]]], old: Sequence[int],
                  new: Sequence[int]) -> List[Tuple[List[int], List[int]]]:
    """Leaves axes of size 1 out of runs that have others."""
    cleaned = []
    for before, after in pairs:
        if len(before) > 1 or len(after) > 1:
            before = [axis for axis in before if old[axis] != 1] or before[:1]
            after = [axis for axis in after if new[axis] != 1] or after[:1]
        cleaned.append((before, after))
    return cleaned


@rule('Squeeze', attributes='squeeze_dims')
def squeeze(op: Operation) -> List[Layout]:
    """Axes of size 1 go."""
    return [reshaped(op, op.inputs[0], op.shape(0), op.out_shape())]


@rule('ExpandDims')
def expand_dims(op: Operation) -> List[Layout]:
    """An axis of size 1 comes in."""
    rank = len(op.shape(0))
    axis = int(op.constant(1).ravel()[0]) % (rank + 1)
    return [op.inputs[0].moved(old + (old >= axis) for old in range(rank))]


@rule('Transpose')
def transpose(op: Operation) -> List[Layout]:
    """Permutes the axes."""
    order = [int(axis) for axis in op.constant(1)]
    return [op.inputs[0].moved(order.index(axis) for axis in range(len(order)))]


@rule('ConcatV2', 'Concat')
def concat(op: Operation) -> List[Layout]:
    """Along its axis ids are strung together; along the others they are the same channels."""
    parts = list(range(len(op.inputs) - 1)) if op.node.op == 'ConcatV2' else list(range(1, len(op.inputs)))
    out = op.out_shape()
    axis = int(op.constant(len(op.inputs) - 1 if op.node.op == 'ConcatV2' else 0).ravel()[0]) % len(out)
    parameters = tuple(name for part in parts for name in op.inputs[part].parameters)
    if not all(op.inputs[part].parameters for part in parts):
        parameters = ()
    op.facts.parts.update({name: Part(parameters[0], axis) for name in parameters})
    strung = [op.ids(part, axis) for part in parts]
    if parameters:  # a part that is left with nothing could not be saved
        op.facts.divided.append(Divided('', axis, tuple(ids for ids in strung if ids is not None)))
    blocks = []
    if any(ids is not None for ids in strung):
        filled = []
        for part, ids in zip(parts, strung):
            if ids is None:
                ids = op.fresh(_size(op, part, axis))
                op.pin(ids, '')
            filled.append(ids)
        blocks.append(Block((axis,), np.concatenate(filled)))
    for other in range(len(out)):
        along = [op.ids(part, other) for part in parts] if other != axis else [None]
        present = [ids for ids in along if ids is not None]
        if present:
            for ids in along:
                op.meet(present[0], ids, 'concatenated with an axis that cannot be pruned')
            blocks.append(Block((other,), present[0]))
    return [Layout(tuple(blocks), parameters)]


def _size(op: Operation, part: int, axis: int) -> int:
    size = op.shape(part)[axis]
    if size == op.unknown_size:
        raise RefusedError('concatenated with something whose size is not known')
    return size


@rule('Pad', 'PadV2', 'MirrorPad', attributes='mode')
def pad(op: Operation) -> List[Layout]:
    """New channels at the ends are free to go with whatever they are tied to later."""
    amounts = op.constant(1)
    if op.node.op == 'PadV2' and float(np.ravel(op.constant(2))[0]) != 0.0:
        raise RefusedError('padding with another value than zero')
    blocks = []
    for block in op.inputs[0].blocks:
        padded = [axis for axis in block.axes if amounts[axis].any()]
        if not padded:
            blocks.append(block)
            continue
        if len(block.axes) > 1 or op.node.op == 'MirrorPad':
            raise RefusedError('padding of channels in this arrangement')
        axis = padded[0]
        ends = [op.fresh(int(amount)) for amount in amounts[axis]]
        for place, ids in enumerate(ends):
            if ids.size:
                op.literal(1, 2 * axis + place, Block((axis,), ids), axis)
        blocks.append(Block((axis,), np.concatenate([ends[0], block.ids, ends[1]])))
    return [Layout(tuple(blocks))]


@rule('SpaceToBatchND', 'BatchToSpaceND', attributes='Tblock_shape Tcrops')
def space_to_batch(op: Operation) -> List[Layout]:
    """Dilation written out: only the axes after the block's move."""
    spatial = op.constant(1).size
    op.pin_layout(op.inputs[0], 'moved between space and batch', axes=range(spatial + 1))
    return [op.others(0, *range(spatial + 1))]


@rule('Pack', attributes='axis')
def pack(op: Operation) -> List[Layout]:
    """Stacks tensors along a new axis, which cannot be pruned."""
    out = op.out_shape()
    axis = attribute(op.node, 'axis').i % len(out)
    layout = unify_stacked(op)
    return [layout.moved(old + (old >= axis) for old in range(len(out) - 1))]


def unify_stacked(op: Operation) -> Layout:
    """Ties the channels of tensors of one shape."""
    first = op.inputs[0]
    for position in range(1, len(op.inputs)):
        for axis in range(len(op.shape(0))):
            op.meet(op.ids(0, axis), op.ids(position, axis), 'stacked with an axis that cannot be pruned')
    return Layout(first.blocks)


@rule('Shape', 'ShapeN', 'Size', 'Rank')
def live_shape(op: Operation) -> List[Layout]:
    """Reads how large a tensor is, not what is in it; sizes follow by themselves, numbers computed from them do not."""
    for position, layout in enumerate(op.inputs):
        output = position if op.node.op == 'ShapeN' else 0
        axes = {axis for block in layout.blocks for axis in block.axes} if op.node.op != 'Rank' else set()
        if axes:
            counted = counted_axes(op.view, TensorName(op.node.name, output), len(op.shape(position)),
                                   picks=op.node.op != 'Size')
            op.pin_layout(layout, 'how many channels there are is calculated with', axes=counted)
    return [EMPTY] * max(1, len(op.out_shapes))
