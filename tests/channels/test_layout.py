"""Blocks of ids."""

import numpy as np

from tf1pruning.channels.layout import EMPTY, Block, Layout, channel_layout, drop_constant_axes, surviving


def test_moved_renames_axes_and_keeps_the_ids_with_them() -> None:
    """Given a block over axes 1 and 3. Result after swapping them: its ids transposed."""
    ids = np.arange(6).reshape(2, 3)
    moved = Layout((Block((1, 3), ids),)).moved([0, 3, 2, 1])
    assert moved.blocks[0].axes == (1, 3)
    assert np.array_equal(moved.blocks[0].ids, ids.T)


def test_constant_axes_are_dropped_but_one_is_kept() -> None:
    """Ids that vary along one axis only are a block over that axis."""
    spread = np.broadcast_to(np.array([4, 5]), (3, 2))
    dropped = drop_constant_axes(Block((1, 2), spread))
    assert (dropped.axes, dropped.ids.tolist()) == ((2,), [4, 5])
    both = Block((1, 2), np.arange(6).reshape(3, 2))
    assert drop_constant_axes(both).axes == (1, 2)
    assert drop_constant_axes(Block((1, 2), np.full((3, 2), 7))).ids.ndim == 1


def test_surviving_indices() -> None:
    """Of a block over two axes, an index stays while anything of it does."""
    kept = np.array([True, False, False, False])
    assert surviving(Block((1,), np.array([0, 1, 2])), 1, kept).tolist() == [True, False, False]
    square = Block((1, 2), np.array([[0, 1], [2, 3]]))
    assert surviving(square, 1, kept).tolist() == [True, False]
    assert surviving(square, 2, kept).tolist() == [True, False]


def test_the_block_of_an_axis() -> None:
    """An axis in no block has none."""
    layout = channel_layout(3, np.arange(4))
    assert layout.block(3) is layout.blocks[0]
    assert layout.block(0) is None
    assert channel_layout(3, None) == EMPTY
