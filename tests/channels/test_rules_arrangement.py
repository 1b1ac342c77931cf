"""Operations that move elements: on numbers, the layout must say what TensorFlow does."""

from typing import Callable, List, Tuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.analysed import Analysed, closed, features, same, vectors
from tf1pruning.channels.rules.arrangement import factors
from tf1pruning.tf1 import tf


@st.composite
def reshapes(draw: st.DrawFn) -> Tuple[List[int], List[int]]:
    """Two shapes with the same number of elements."""
    primes = draw(st.lists(st.sampled_from([1, 2, 2, 3, 5]), max_size=6))

    def grouped() -> List[int]:
        sizes: List[int] = []
        for prime in draw(st.permutations(primes)):
            if sizes and draw(st.booleans()):
                sizes[-1] *= prime
            else:
                sizes.append(prime)
        return sizes
    return grouped(), grouped()


@given(reshapes())
def test_factors_are_runs_of_equal_product(shapes: Tuple[List[int], List[int]]) -> None:
    """Each pair has equal products; left out are only axes of size 1; the order is kept; they are the shortest."""
    old, new = shapes
    pairs = factors(old, new)
    for before, after in pairs:
        assert np.prod([old[axis] for axis in before], dtype=int) == np.prod([new[axis] for axis in after], dtype=int)
    for shape, axes in ((old, [axis for before, _ in pairs for axis in before]),
                        (new, [axis for _, after in pairs for axis in after])):
        assert axes == sorted(set(axes))
        assert all(shape[axis] == 1 for axis in set(range(len(shape))) - set(axes))
    for before, after in pairs:
        partial = {int(np.prod([old[axis] for axis in before[:k]])) for k in range(1, len(before))}
        others = {int(np.prod([new[axis] for axis in after[:k]])) for k in range(1, len(after))}
        assert not (partial & others) - {1, int(np.prod([old[axis] for axis in before]))}


def test_flatten_is_a_tile() -> None:
    """`[2, 3, 3, 4]` → `[2, 36]`: each position has all channels."""
    y = tf.reshape(features(), [2, 36])
    found = Analysed(closed(y))
    assert same(found.ids(y, 1), np.tile(found.filters(), 9))
    assert not found.pinned()


def test_flatten_of_channels_first() -> None:
    """After a transpose to NCHW, each channel is repeated."""
    y = tf.reshape(tf.transpose(features(), [0, 3, 1, 2]), [2, 36])
    found = Analysed(closed(y))
    assert same(found.ids(y, 1), np.repeat(found.filters(), 9))


def test_channel_shuffle_is_a_transpose_of_ids() -> None:
    """Two groups of two, interleaved; without a split, all channels stay prunable."""
    x = features()
    y = tf.reshape(tf.transpose(tf.reshape(x, [2, 3, 3, 2, 2]), [0, 1, 2, 4, 3]), [2, 3, 3, 4])
    found = Analysed(closed(y))
    kernel = found.filters()
    assert same(found.ids(y, 3), kernel.reshape(2, 2).T.ravel())


def test_a_reshape_across_positions_ties_what_shares_a_column() -> None:
    """`[2, 3, 3, 4]` → `[2, 6, 6]`, mean over axis 1: a column holds channels 0 and 2, or 1 and 3, in turn."""
    x = tf.reshape(features(), [2, 6, 6])
    y = tf.reduce_mean(x, 1)
    found = Analysed(closed(y))
    kernel = found.filters()
    assert same(kernel, kernel[[0, 1, 0, 1]])
    assert same(found.ids(y, 1), kernel[[0, 1, 0, 1, 0, 1]])
    assert not found.pinned()


def test_a_reshape_that_mixes_two_axes_of_channels_pins() -> None:
    """A kernel whose incoming channels and filters become one axis."""
    x = features(4)
    kernel = tf.get_variable('mixed', [1, 1, 4, 3])
    row = tf.reshape(kernel, [1, 12])
    found = Analysed(closed(tf.nn.conv2d(x, kernel, 1, 'SAME')), row * 2.0)
    assert found.pinned('k')
    assert 'a reshape mixes' in str(found.reasons('k'))


def test_sub_pixel_shuffle() -> None:
    """DepthToSpace by Reshape, Transpose, Reshape: what goes to one channel is one channel."""
    x = tf.reshape(features(8), [-1, 3, 3, 2, 2, 2])
    y = tf.reshape(tf.transpose(x, [0, 1, 3, 2, 4, 5]), [-1, 6, 6, 2])
    found = Analysed(closed(y))
    kernel = found.filters()
    assert same(kernel, np.tile(kernel[:2], 4))
    assert same(found.ids(y, 3), kernel[:2])
    assert not found.pinned()


def test_reshape_with_batch_left_open_keeps_channels() -> None:
    """`[-1, C]` after pooling."""
    y = tf.reshape(tf.reduce_mean(features(), [1, 2], keepdims=True), [-1, 4])
    found = Analysed(closed(y))
    assert same(found.ids(y, 1), found.filters())
    assert not found.pinned()


def test_squeeze_and_expand_dims() -> None:
    """Axes of size 1 go and come."""
    pooled = tf.reduce_mean(features(), [1, 2], keepdims=True)
    rows = tf.squeeze(pooled, [1, 2])
    back = tf.expand_dims(tf.expand_dims(rows, 1), -2)
    found = Analysed(closed(back))
    assert same(found.ids(rows, 1), found.filters())
    assert same(found.ids(back, 3), found.filters())
    assert not found.pinned()


def test_transpose_moves_the_axis() -> None:
    """Channels are where the permutation puts them."""
    y = tf.transpose(features(), [3, 0, 1, 2])
    found = Analysed(closed(tf.transpose(y, [1, 2, 3, 0])))
    assert same(found.ids(y, 0), found.filters())


def test_concat_strings_ids_together() -> None:
    """The consumer's kernel has both, one after the other."""
    a, b = features(4, name='a'), features(3, name='b')
    y = tf.concat([a, b], 3)
    found = Analysed(closed(y))
    assert same(found.ids(y, 3), np.concatenate([found.filters('a'), found.filters('b')]))
    assert len(found.channels.groups) == 2


def test_concat_along_another_axis_ties() -> None:
    """Stacked in height: the channels are the same."""
    y = tf.concat([features(4, name='a'), features(4, name='b')], 1)
    found = Analysed(closed(y))
    assert same(found.filters('a'), found.filters('b'))


def test_concat_with_something_that_is_no_feature_map() -> None:
    """Its part cannot be pruned, the other can."""
    y = tf.concat([features(4), tf.placeholder(tf.float32, [2, 3, 3, 2])], 3)
    found = Analysed(closed(y))
    assert not found.pinned()
    assert found.channels.pinned[found.ids(y, 3)].tolist() == [False] * 4 + [True] * 2


def test_pad_of_channels() -> None:
    """New channels at both ends, and the literals that count them."""
    y = tf.pad(features(4), [[0, 0], [1, 1], [1, 1], [2, 3]])
    found = Analysed(closed(y))
    ids = found.ids(y, 3)
    assert ids is not None
    assert ids.size == 9
    assert same(ids[2:6], found.filters())
    assert len(set(ids.tolist())) == 9
    assert sorted(literal.element for literal in found.channels.literals) == [6, 7]


def test_pad_with_another_value_or_a_mirror() -> None:
    """A border of channels that are not zero is refused; of positions it is fine."""
    positions = tf.pad(features(4, name='a'), [[0, 0], [1, 1], [1, 1], [0, 0]], 'REFLECT')
    channels = tf.pad(features(4, name='b'), [[0, 0], [0, 0], [0, 0], [1, 1]], 'REFLECT')
    found = Analysed(closed(positions, 'p'), closed(channels, 'q'))
    assert not found.pinned('a')
    assert found.pinned('b')


def test_dilation_by_space_to_batch() -> None:
    """Channels pass, positions and batch do not matter."""
    y = tf.space_to_batch_nd(features(4, 4), [2, 2], [[0, 0], [0, 0]])
    found = Analysed(closed(tf.batch_to_space_nd(y, [2, 2], [[0, 0], [0, 0]])))
    assert same(found.ids(y, 3), found.filters())
    assert not found.pinned()


def test_pack_ties_what_it_stacks() -> None:
    """Two feature maps on a new axis."""
    y = tf.stack([vectors(4, 'a'), vectors(4, 'b')], 1)
    found = Analysed(closed(tf.reduce_sum(y, 1)))
    assert same(found.filters('a'), found.filters('b'))
    assert same(found.ids(y, 2), found.filters('a'))
    assert not found.pinned('a')


def test_the_shape_of_a_tensor_is_not_its_content() -> None:
    """A live shape pins nothing."""
    x = features()
    height = tf.shape(x)[1]
    found = Analysed(closed(x), height)
    assert not found.pinned()


@pytest.mark.parametrize('spelled', [True, False], ids=['number', 'arithmetic'])
def test_a_reshape_target_that_cannot_be_rewritten_pins(spelled: bool) -> None:
    """A channel count made by arithmetic pins; the same number spelled out is a literal."""
    x = features()
    count = tf.constant(36) if spelled else tf.placeholder_with_default(9, []) * 4
    y = tf.reshape(x, tf.stack([tf.constant(2), count]))
    y.set_shape([2, 36])
    found = Analysed(closed(y))
    assert found.pinned() != spelled
    assert [(each.position, each.element) for each in found.channels.literals] == ([(1, 1)] if spelled else [])


@pytest.mark.parametrize(('compute', 'pins'), [
    (lambda x: tf.sqrt(tf.cast(tf.shape(x)[-1], tf.float32)), True), (lambda x: tf.cast(tf.size(x), tf.float32), True),
    (lambda x: tf.cast(tf.shape(x), tf.float32)[1], False),
    (lambda x: tf.cast(tf.shape(x)[1] * tf.shape(x)[2], tf.float32), False)], ids=['width', 'size', 'rows', 'area'])
def test_a_channel_count_that_is_calculated_with_pins(compute: Callable[[tf.Tensor], tf.Tensor], pins: bool) -> None:
    """A divisor would change with the channels that go; the area does not."""
    x = features(batch=None)  # else TensorFlow folds the shape
    found = Analysed(closed(x / compute(x)))
    assert found.pinned() == pins
    assert [reason for _, reason in found.reasons()] == ['how many channels there are is calculated with'] * pins


def test_groups_counted_by_division_stay_groups() -> None:
    """`C // 2` is right after strip if both groups lose the same."""
    x = features(batch=None)  # else TensorFlow folds the shape
    shape = tf.shape(x)
    y = tf.reshape(x, tf.stack([shape[0], shape[1], shape[2], 2, shape[3] // 2]))
    found = Analysed(closed(tf.reshape(tf.transpose(y, [0, 1, 2, 4, 3]), [2, 3, 3, 4])))
    first, second, third, fourth = found.filters()
    assert (first, second) == (third, fourth)
    assert first != second
