"""Kernels: what they contract over and what they make."""

import numpy as np
import pytest

from tests.channels.analysed import Analysed, closed, features, same, vectors
from tf1pruning.tf1 import tf


def test_convolution_ties_its_input_axis_and_makes_new_channels() -> None:
    """The next kernel's axis 2 is this kernel's axis 3."""
    found = Analysed(closed(features()))
    assert same(found.channels.classes('close', 2), found.filters())
    assert not set(found.channels.classes('close', 3)) & set(found.filters().tolist())
    assert [(group.anchor, group.slices) for group in found.channels.groups] == [
        (('k', 3), (('k', 3), ('close', 2)))]


def test_outputs_are_pinned() -> None:
    """The classifier keeps its classes, with the reason."""
    found = Analysed(closed(features()))
    assert found.channels.pinned[found.filters('close')].all()
    assert [pin.reason for pin in found.channels.reasons('close', 3)] == ['an output of the model']
    assert not found.channels.reasons('k', 3)


def test_the_images_channels_are_pinned() -> None:
    """Nothing makes them."""
    found = Analysed(closed(features()))
    assert found.channels.pinned[found.channels.classes('k', 2)].all()
    assert found.channels.pinned[found.channels.classes('k', 0)].all()


def test_depthwise_passes_channels_on() -> None:
    """Output c·M+m is channel c."""
    x = features(4)
    kernel = tf.get_variable('d', [3, 3, 4, 2])
    y = tf.nn.depthwise_conv2d_native(x, kernel, [1, 1, 1, 1], 'SAME')
    found = Analysed(closed(y))
    assert same(found.ids(y, 3), np.repeat(found.filters(), 2))
    assert same(found.channels.classes('d', 2), found.filters())
    assert found.channels.groups[0].depthwise == (y.op.name,)
    assert found.channels.roles['d'] == 'depthwise'


@pytest.mark.parametrize('transposed', [False, True])
def test_matrix_products(transposed: bool) -> None:
    """Either way round."""
    x = vectors(4)
    kernel = tf.get_variable('m', [3, 4] if transposed else [4, 3])
    y = tf.matmul(x, kernel, transpose_b=transposed)
    found = Analysed(closed(y))
    assert same(found.channels.classes('m', 1 if transposed else 0), found.filters())
    assert same(found.ids(y, 1), found.channels.classes('m', 0 if transposed else 1))
    assert len(found.channels.groups) == 2


def test_a_product_of_two_activations_pins_what_it_sums_over() -> None:
    """Its other channels stay prunable."""
    a, b = vectors(4, 'a', batch=3), vectors(6, 'b', batch=3)
    y = tf.matmul(a, b, transpose_a=True)
    found = Analysed(closed(tf.matmul(tf.get_variable('left', [7, 4]), y)))
    assert not found.pinned('b')
    gram = Analysed(tf.matmul(vectors(4, 'c'), vectors(4, 'd'), transpose_b=True))
    assert gram.pinned('c')
    assert 'sums over these channels' in str(gram.reasons('c'))


def test_a_grouped_convolution_ties_its_groups() -> None:
    """A kernel for half of the channels: what goes from one half goes from the other."""
    y = tf.nn.conv2d(features(4), tf.get_variable('g', [1, 1, 2, 6]), 1, 'SAME', name='grouped')
    found = Analysed(closed(y))
    assert same(found.filters()[:2], found.filters()[2:])
    assert same(found.filters('g')[:3], found.filters('g')[3:])
    assert same(found.channels.classes('g', 2), found.filters()[:2])
    assert not found.pinned()


def test_channels_first() -> None:
    """NCHW: shapes and ids only, the CPU has no kernel for it."""
    x = tf.placeholder(tf.float32, [2, 1, 5, 5])
    y = tf.nn.conv2d(x, tf.get_variable('k', [1, 1, 1, 4]), 1, 'SAME', data_format='NCHW')
    y = tf.nn.bias_add(y, tf.get_variable('b', [4]), 'NCHW')
    y = tf.nn.fused_batch_norm(y, *[tf.get_variable(n, [4]) for n in 'gomv'], data_format='NCHW', is_training=False)[0]
    z = tf.nn.conv2d(y, tf.get_variable('l', [1, 1, 4, 2]), 1, 'SAME', data_format='NCHW')
    found = Analysed(z)
    assert same(found.ids(y, 1), found.filters())
    assert [group.slices for group in found.channels.groups] == [
        (('k', 3), ('b', 0), ('g', 0), ('o', 0), ('m', 0), ('v', 0), ('l', 2))]


def test_a_computed_kernel_pins() -> None:
    """Weights that depend on the input cannot be cut."""
    weights = tf.reshape(vectors(4 * 2, 'maker', batch=1), [1, 1, 4, 2])
    found = Analysed(tf.nn.conv2d(features(4), weights, 1, 'SAME'))
    assert found.pinned('k')
    assert found.pinned('maker')
    assert 'the kernel is computed' in str(found.reasons('k'))


def test_parts_of_a_kernel_are_one_group() -> None:
    """A partitioned kernel makes one group, in the order of its parts."""
    x = tf.placeholder(tf.float32, [2, 3, 3, 1])
    kernel = tf.get_variable('k', [1, 1, 1, 6], partitioner=tf.fixed_size_partitioner(2, 3))
    y = tf.nn.conv2d(x, tf.convert_to_tensor(kernel), 1, 'SAME')
    found = Analysed(closed(y))
    group = found.channels.groups[0]
    assert group.size == 6
    assert same(found.ids(y, 3), group.classes)
    assert group.slices == (('k/part_0', 3), ('k/part_1', 3), ('close', 2))


def test_parts_along_the_input_axis_are_one_group() -> None:
    """A consumer in parts, each of which reads other channels."""
    x = features(6)
    kernel = tf.get_variable('c', [1, 1, 6, 2], partitioner=tf.fixed_size_partitioner(2, 2))
    found = Analysed(tf.nn.conv2d(x, tf.convert_to_tensor(kernel), 1, 'SAME'))
    assert [(group.size, group.slices) for group in found.channels.groups] == [
        (6, (('k', 3), ('c/part_0', 2), ('c/part_1', 2)))]
