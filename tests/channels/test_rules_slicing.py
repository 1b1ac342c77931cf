"""Operations that take some channels out of many."""

import numpy as np
import pytest

from tests.channels.analysed import Analysed, closed, features, same
from tf1pruning.tf1 import tf


def test_split_gives_each_piece_its_channels() -> None:
    """Two halves, joined again the other way round."""
    first, second = tf.split(features(4), 2, 3)
    found = Analysed(closed(tf.concat([second, first], 3)))
    assert same(found.ids(first, 3), found.filters()[:2])
    assert same(found.ids(second, 3), found.filters()[2:])
    assert [[piece.size for piece in divided.pieces] for divided in found.channels.divided] == [[2, 2]]
    assert not found.pinned()


def test_split_by_sizes() -> None:
    """Pieces of one and three."""
    first, second = tf.split(features(4), [1, 3], 3)
    found = Analysed(closed(tf.concat([first, second], 3)))
    assert same(found.ids(first, 3), found.filters()[:1])
    assert same(found.ids(second, 3), found.filters()[1:])


def test_pieces_of_a_kernel_are_kernels() -> None:
    """A grouped convolution as TensorFlow 1 writes it, with one variable for all groups.

    What goes from one group's input goes from the other's, whose slice of the kernel is the same; the filters are
    free.
    """
    kernel = tf.get_variable('grouped', [1, 1, 2, 6])
    parts = zip(tf.split(features(4), 2, 3), tf.split(kernel, 2, 3))
    y = tf.concat([tf.nn.conv2d(x, part, 1, 'SAME') for x, part in parts], 3)
    found = Analysed(closed(y))
    assert not found.pinned('k')
    assert not found.pinned('grouped')
    assert same(found.filters('k')[:2], found.filters('k')[2:])
    assert same(found.ids(y, 3), found.filters('grouped'))
    assert sorted((group.size, sorted(group.slices)) for group in found.channels.groups) == [
        (2, [('grouped', 2), ('k', 3)]), (6, [('close', 2), ('grouped', 3)])]


def test_a_kernel_made_of_an_activation_stays_refused() -> None:
    """Pieces of what is computed are no kernels."""
    computed = tf.split(tf.reshape(features(16, 1, batch=1), [1, 1, 4, 4]), 2, 3)
    y = tf.nn.conv2d(features(4, name='x'), computed[0], 1, 'SAME')
    found = Analysed(y)
    assert found.pinned('x')
    assert 'the kernel is computed' in str(found.reasons('x'))


@pytest.mark.parametrize(('taken', 'expected'), [
    (slice(None, 3), [0, 1, 2]), (slice(1, None), [1, 2, 3]), (slice(-2, None), [2, 3]), (slice(None), [0, 1, 2, 3])])
def test_strided_slice(taken: slice, expected: list) -> None:
    """Python's slices, counted from either end."""
    x = features(4)
    y = x[..., taken]
    found = Analysed(closed(y), closed(x, 'other'))
    assert same(found.ids(y, 3), found.filters()[expected])
    assert not found.pinned()


def test_a_stride_over_channels_is_refused() -> None:
    """Every second channel: the one behind a channel that goes would take its place."""
    found = Analysed(closed(features(4)[..., ::2]))
    assert found.pinned()
    assert 'with a stride' in str(found.reasons())


def test_gather_permutes() -> None:
    """Constant indices."""
    y = tf.gather(features(4), np.array([2, 0, 3, 1]), axis=3)
    found = Analysed(closed(y))
    assert same(found.ids(y, 3), found.filters()[[2, 0, 3, 1]])
    assert not found.pinned()


def test_gather_by_live_indices_pins() -> None:
    """Which channels are meant is known only when the graph runs."""
    found = Analysed(closed(tf.gather(features(4), tf.placeholder(tf.int32, [2]), axis=3)))
    assert found.pinned()
    assert 'computed indices' in str(found.reasons())
