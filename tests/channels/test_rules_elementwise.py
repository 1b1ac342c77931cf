"""Element-wise operations, reductions, pools, norms, conditionals: who meets whom."""

from typing import Callable

import numpy as np
import pytest

from tests.channels.analysed import Analysed, closed, features, same, vectors
from tf1pruning.tf1 import tf


@pytest.mark.parametrize('operation', [tf.add, tf.multiply, tf.subtract, tf.maximum, tf.squared_difference])
def test_channels_that_meet_are_one(operation: Callable[..., tf.Tensor]) -> None:
    """Two branches under any binary operation."""
    found = Analysed(closed(operation(features(4, name='a'), features(4, name='b'))))
    assert same(found.filters('a'), found.filters('b'))
    assert not found.pinned('a')


def test_add_n_ties_all() -> None:
    """Three branches."""
    found = Analysed(closed(tf.add_n([features(4, name=name) for name in 'abc'])))
    assert same(found.filters('a'), found.filters('c'))
    assert len(found.channels.groups) == 1


def test_an_operand_of_size_one_meets_nothing() -> None:
    """A mask over positions, a scalar."""
    x = features(4) * tf.placeholder(tf.float32, [2, 3, 3, 1]) + 3.0
    found = Analysed(closed(x))
    assert not found.pinned()


def test_an_operand_that_cannot_be_pruned_pins() -> None:
    """A mask over channels from outside, with the reason."""
    found = Analysed(closed(features(4) * tf.placeholder(tf.float32, [4])))
    assert found.pinned()
    assert 'cannot be pruned' in str(found.reasons())


def test_lower_rank_is_aligned_at_the_last_axis() -> None:
    """A gate `[2, 4]` on a feature map `[2, 3, 3, 4]` must be reshaped; a vector `[4]` need not."""
    bias = tf.get_variable('b', [4])
    found = Analysed(closed(features(4) + bias))
    assert same(found.channels.classes('b', 0), found.filters())
    assert found.channels.roles['b'] == 'bias'


@pytest.mark.parametrize('operation', [tf.nn.relu, tf.nn.relu6, tf.sigmoid, tf.exp, tf.nn.leaky_relu, tf.nn.elu])
def test_activations_pass_channels(operation: Callable[..., tf.Tensor]) -> None:
    """Each element by itself."""
    y = operation(features(4))
    found = Analysed(closed(y))
    assert same(found.ids(y, 3), found.filters())


def test_bias_and_batch_norm() -> None:
    """All of their values are tied, with their roles."""
    x = tf.nn.bias_add(features(4), tf.get_variable('bias', [4]))
    names = ['scale', 'offset', 'mean', 'variance']
    y = tf.nn.fused_batch_norm(x, *[tf.get_variable(name, [4]) for name in names], is_training=False)[0]
    found = Analysed(closed(y))
    for name in ['bias'] + names:
        assert same(found.channels.classes(name, 0), found.filters())
        assert found.channels.roles[name] == name


def test_ones_by_fill_are_free_to_go() -> None:
    """A γ of ones for many channels: a literal, not a pin."""
    rest = [tf.get_variable(name, [1024]) for name in 'omv']
    y = tf.nn.fused_batch_norm(features(1024), tf.ones([1024]), *rest, is_training=False)[0]
    found = Analysed(closed(y))
    assert 'Fill' in {op.type for op in tf.get_default_graph().get_operations()}
    assert not found.pinned()
    assert len(found.channels.literals) == 1


def test_pools_pass_channels() -> None:
    """Over space; not over channels."""
    y = tf.nn.max_pool2d(features(4, name='a'), 2, 2, 'SAME')
    across = tf.nn.max_pool2d(features(4, name='b'), [1, 1, 1, 2], [1, 1, 1, 2], 'SAME')
    found = Analysed(closed(y, 'p'), closed(across, 'q'))
    assert not found.pinned('a')
    assert found.pinned('b')
    assert 'a pool over channels' in str(found.reasons('b'))


@pytest.mark.parametrize('keep', [False, True])
def test_reductions_over_space(keep: bool) -> None:
    """The channel axis moves when axes go."""
    y = tf.reduce_mean(features(4), [1, 2], keepdims=keep)
    found = Analysed(closed(y))
    assert same(found.ids(y, 3 if keep else 1), found.filters())
    assert not found.pinned()


def test_pools_over_volumes_pass_channels() -> None:
    """MaxPool3D and AvgPool3D."""
    x = tf.placeholder(tf.float32, [2, 4, 4, 4, 1])
    x = tf.nn.conv3d(x, tf.get_variable('k', [1, 1, 1, 1, 3]), [1] * 5, 'SAME')
    y = tf.nn.avg_pool3d(tf.nn.max_pool3d(x, 2, 2, 'SAME'), 2, 2, 'SAME')
    across = tf.nn.max_pool3d(x, [1, 1, 1, 1, 3], [1, 1, 1, 1, 3], 'SAME')
    assert same(Analysed(y).ids(y, 4), Analysed(y).filters())
    assert 'a pool over channels' in str(Analysed(across).reasons())


def test_reductions_over_channels_pin() -> None:
    """With the reason."""
    found = Analysed(tf.reduce_max(features(4), 3))
    assert found.pinned()
    assert 'Max over channels' in str(found.reasons())


def test_softmax_over_channels_pins_although_a_kernel_follows() -> None:
    """It sees all channels; without it they could go."""
    x = features(4)
    without = Analysed(closed(x, 'without'))
    found = Analysed(closed(tf.nn.softmax(x, name='attention'), 'with'))
    assert not without.pinned()
    assert found.pinned()
    assert found.reasons() == [('attention', 'normalises over channels')]


def test_an_operation_without_a_rule_pins_with_its_name() -> None:
    """Unknown never means element-wise."""
    y = tf.cumsum(features(4), 3, name='odd')
    found = Analysed(closed(y))
    assert found.pinned()
    assert found.reasons() == [('odd', 'no rule for this operation')]


def test_an_attribute_nobody_knows_pins() -> None:
    """A rule that does not know all attributes of a node does not apply."""
    y = closed(tf.nn.relu(features(4), name='odd'))
    meta = tf.get_default_graph().as_graph_def()
    found = Analysed(y)
    assert not found.pinned()
    from tf1pruning.channels.rules import RULES
    known = RULES['Relu'].attributes
    assert {key for node in meta.node if node.op == 'Relu' for key in node.attr if not key.startswith('_')} <= known
    try:
        RULES['Relu'] = RULES['Relu']._replace(attributes=known - {'T'})
        assert Analysed(y).reasons() == [('odd', 'attribute T is not understood')]
    finally:
        RULES['Relu'] = RULES['Relu']._replace(attributes=known)


def test_resize_passes_channels() -> None:
    """Positions are mixed, channels are not."""
    y = tf.image.resize_bilinear(features(4), [6, 6])
    found = Analysed(closed(y))
    assert same(found.ids(y, 3), found.filters())


def test_conditionals_of_unknown_predicate() -> None:
    """Both branches have the same channels."""
    x = features(4)
    flag = tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.nn.relu(x), lambda: tf.sigmoid(x))
    found = Analysed(closed(y))
    assert same(found.ids(y, 3), found.filters())
    assert not found.pinned()


def test_gates_of_a_squeeze_and_excitation() -> None:
    """A gate `[2, 1, 1, 4]` meets the channels, not the positions."""
    x = features(4)
    kernel = tf.get_variable('gate', [1, 1, 4, 4])
    gate = tf.sigmoid(tf.nn.conv2d(tf.reduce_mean(x, [1, 2], keepdims=True), kernel, 1, 'SAME'))
    found = Analysed(closed(x * gate))
    assert same(found.channels.classes('gate', 3), found.filters())
    assert same(found.channels.classes('gate', 2), found.filters())
    assert not found.pinned()


def test_select_by_elements_and_by_rows() -> None:
    """A condition over elements is tied like an operand; one over rows is not."""
    a, b = vectors(4, 'a'), vectors(4, 'b')
    found = Analysed(closed(tf.where(a > b, a, b)))
    assert same(found.filters('a'), found.filters('b'))
    assert not found.pinned('a')


def test_multi_axis_ids_are_narrowed_only_when_needed() -> None:
    """Given `[2, 12]` seen as `[2, 3, 4]` and back. Result: twelve free channels, not a grid."""
    x = vectors(12)
    y = tf.reshape(tf.nn.relu(tf.reshape(x, [2, 3, 4])), [2, 12])
    found = Analysed(closed(y))
    assert same(found.ids(y, 1), found.filters())


def test_a_grid_is_narrowed_to_an_axis_when_a_consumer_needs_one() -> None:
    """Given `[2, 12]` seen as `[2, 3, 1, 4]` by a convolution. Result: four channels of three filters each."""
    found = Analysed(closed(tf.reshape(vectors(12), [2, 3, 1, 4])))
    classes = found.filters().reshape(3, 4)
    assert np.array_equal(classes, np.broadcast_to(classes[:1], (3, 4)))
    assert len(set(classes[0].tolist())) == 4
    assert not found.pinned()
    assert [group.size for group in found.channels.groups] == [4]


def test_a_maxout_unit_is_one_channel() -> None:
    """Runs of two channels, the larger of which goes on: a part of a unit does not go without the other."""
    y = tf.reduce_max(tf.reshape(features(6), [-1, 3, 3, 3, 2]), 4)
    found = Analysed(closed(y))
    kernel = found.filters()
    assert same(kernel, np.repeat(kernel[::2], 2))
    assert same(found.ids(y, 3), kernel[::2])
    assert not found.pinned()


def test_group_norm_prunes_whole_groups() -> None:
    """The mean over a group's channels ties these; a layer norm, over all of them, pins."""
    x = tf.reshape(features(6), [-1, 3, 3, 3, 2])
    y = tf.reshape(x - tf.reduce_mean(x, [1, 2, 4], keepdims=True), [-1, 3, 3, 6])
    other = features(6, name='other')
    z = other - tf.reduce_mean(other, 3, keepdims=True)
    found = Analysed(closed(y), closed(z, 'last'))
    assert same(found.filters(), np.repeat(found.filters()[::2], 2))
    assert not found.pinned()
    assert found.pinned('other')
    assert 'Mean over channels' in str(found.reasons('other'))


def test_softmax_over_branches_leaves_channels_apart() -> None:
    """The weights of two branches; over the channels themselves, it pins."""
    weights = tf.nn.softmax(tf.stack([vectors(4), vectors(4, 'l')], 2))
    y = weights[:, :, 0]
    found = Analysed(closed(y), tf.nn.softmax(closed(tf.nn.softmax(vectors(4, 'm')), 'last')))
    assert same(found.ids(y, 1), found.filters())
    assert same(found.filters(), found.filters('l'))
    assert not found.pinned()
    assert 'normalises over channels' in str(found.reasons('m'))


def test_a_scaled_or_masked_kernel_is_the_kernel() -> None:
    """Times a number, a value for each filter, a mask; what the input scales is none."""
    def used(kernel: tf.Tensor, name: str) -> tf.Tensor:
        return closed(tf.nn.conv2d(features(4, name=name + '_before'), kernel, 1, 'SAME'), name + '_close')

    scaled, live = (tf.get_variable(name, [1, 1, 4, 4]) for name in ('scaled', 'live'))
    x = used(scaled * 0.5 * tf.get_variable('each', [4]) / 3.0 * tf.get_variable('mask', [1, 1, 4, 4]), 'x')
    y = used(live * tf.reduce_mean(tf.placeholder(tf.float32, [2])), 'y')
    found = Analysed(x, y)
    assert not found.pinned('scaled')
    assert not found.pinned('x_before')
    assert same(found.filters('scaled'), found.filters('each'))
    assert {found.channels.roles[name] for name in ('scaled', 'mask')} == {'kernel'}
    assert found.pinned('y_before')
    assert 'the kernel is computed' in str(found.reasons('y_before'))


def test_a_shifted_kernel_makes_channels_and_keeps_those_it_reads() -> None:
    """A standardised kernel: a slice of zeros less the mean is not zero. Transposed afterwards, too."""
    kernel = tf.get_variable('shifted', [1, 1, 4, 6])
    y = tf.nn.conv2d(features(4), kernel - tf.reduce_mean(kernel, [0, 1, 2], keepdims=True), 1, 'SAME')
    turned = tf.transpose(tf.get_variable('turned', [1, 1, 6, 4]) + 0.1, [0, 1, 3, 2])
    z = tf.nn.conv2d(features(4, name='l'), turned, 1, 'SAME')
    found = Analysed(closed(y), closed(z, 'last'))
    assert found.pinned('k')
    assert found.pinned('l')
    assert 'its zeros do not stay zero' in str(found.reasons('k'))
    assert not found.pinned('shifted')
    assert same(found.ids(y, 3), found.filters('shifted'))
    assert {group.slices for group in found.channels.groups} == {
        (('shifted', 3), ('close', 2)), (('turned', 2), ('last', 2))}
