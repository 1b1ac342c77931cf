"""Layouts: for every tensor, which integer ids its channels have."""

from typing import Iterable, List, NamedTuple, Optional, Tuple

import numpy as np


class Block(NamedTuple):
    """Some axes of a tensor with the channel ids over exactly these axes.

    Attributes:
        axes: ascending axis numbers.
        ids: integer array, one dimension for each of `axes`.
    """

    axes: Tuple[int, ...]
    ids: np.ndarray


class Layout(NamedTuple):
    """The channel ids of one tensor.

    A feature map `[N, H, W, C]` has one block over axis 3 with `C` ids, a kernel HWIO one for each of its axes.
    An axis in no block cannot be pruned.

    Attributes:
        blocks: disjoint blocks.
        parameters: the parameter nodes of which this tensor is a copy or rearrangement, if it is.
    """

    blocks: Tuple[Block, ...] = ()
    parameters: Tuple[str, ...] = ()

    def block(self, axis: int) -> Optional[Block]:
        """Returns the block over an axis, None where the axis is not prunable."""
        for block in self.blocks:
            if axis in block.axes:
                return block
        return None

    def moved(self, axes: Iterable[int]) -> 'Layout':
        """Renames axes: old axis i becomes `axes[i]`; the order of a block's axes follows."""
        new = list(axes)
        blocks: List[Block] = []
        for block in self.blocks:
            renamed = [new[axis] for axis in block.axes]
            order = sorted(range(len(renamed)), key=lambda k: renamed[k])
            blocks.append(Block(tuple(renamed[k] for k in order), block.ids.transpose(order)))
        return Layout(tuple(blocks), self.parameters)


EMPTY = Layout()


def channel_layout(axis: int, ids: Optional[np.ndarray]) -> Layout:
    """Makes the layout of a feature map; without ids an empty one."""
    return EMPTY if ids is None else Layout((Block((axis,), ids),))


def drop_constant_axes(block: Block) -> Block:
    """Leaves out the axes along which the ids do not change: whatever is removed, these stay whole."""
    axes, ids = list(block.axes), block.ids
    for axis in list(axes):
        position = axes.index(axis)
        first = ids.take([0], position)
        if len(axes) > 1 and np.array_equal(ids, np.broadcast_to(first, ids.shape)):
            ids = first.squeeze(position)
            del axes[position]
    return Block(tuple(axes), ids)


def surviving(block: Block, axis: int, kept: np.ndarray) -> np.ndarray:
    """Returns, for every index of an axis of a block, whether anything of it stays.

    Args:
        block: the block.
        axis: one of its axes.
        kept: for every id, whether it stays.
    """
    position = block.axes.index(axis)
    others = tuple(k for k in range(len(block.axes)) if k != position)
    alive = kept[block.ids]
    return alive.any(others) if others else alive
