"""Scores against values by hand, from the formulas."""

from typing import Any, Dict

import numpy as np
import pytest

from tests import builders
from tests.surgery import channels_of
from tf1pruning.channels import Channels
from tf1pruning.channels.groups import Group
from tf1pruning.criteria import CRITERIA, score
from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf


def with_values(channels: Channels, **values: Any) -> Channels:
    """Replaces kernels by name, `/` written as `__`."""
    arrays = {name.replace('__', '/'): np.asarray(value, np.float32) for name, value in values.items()}
    return channels.with_weights(channels.model.weights.replaced(arrays))


def two_layers(tmp_path: Any, **options: Any) -> Channels:
    """Image `[.., 3]` → 1×1 kernel of 4 filters (`first/kernel`) → 2 → head."""
    def build() -> None:
        dialect = builders.Dialect(norm='none', **options)
        x = builders.conv(builders.image(), 4, 'first', dialect=dialect)
        builders.head(builders.conv(x, 2, 'second', dialect=dialect))
    return channels_of(builders.save_graph(build, tmp_path))


def group_of(channels: Channels, name: str) -> Group:
    """A group by name."""
    return next(group for group in channels.groups if group.name == name)


# Filters are columns. |W| sums to 24 over 12 weights: m = 2. Weights below 2: 3, 2, 1, 0 of 3 each.
KERNEL = np.array([[1, 1, 1, 4], [-1, 1, 2, 4], [1, -2, 3, -3]], np.float32).reshape(1, 1, 3, 4)


def test_redundancy_by_hand(tmp_path: Any) -> None:
    """r = the fraction of |w| < mean |W|."""
    channels = with_values(two_layers(tmp_path), first__kernel=KERNEL)
    assert np.abs(KERNEL).mean() == 2
    assert np.allclose(score(channels, group_of(channels, 'first'), 'redundancy'), [1, 2 / 3, 1 / 3, 0])


def test_redundancy_of_zeros(tmp_path: Any) -> None:
    """A kernel of zeros alone is all redundant; a zero filter among others too."""
    channels = two_layers(tmp_path)
    zeros = with_values(channels, first__kernel=np.zeros((1, 1, 3, 4)))
    assert score(zeros, group_of(channels, 'first'), 'redundancy').tolist() == [1, 1, 1, 1]
    kernel = np.ones((1, 1, 3, 4))
    kernel[..., 2] = 0
    one = with_values(channels, first__kernel=kernel)
    assert score(one, group_of(channels, 'first'), 'redundancy').tolist() == [0, 0, 1, 0]


def test_l1_by_hand(tmp_path: Any) -> None:
    """1 − mean |w| / the largest mean |w|: sums 3, 4, 6, 11."""
    channels = with_values(two_layers(tmp_path), first__kernel=KERNEL)
    assert np.allclose(score(channels, group_of(channels, 'first'), 'l1'), [1 - 3 / 11, 1 - 4 / 11, 1 - 6 / 11, 0])
    zeros = with_values(channels, first__kernel=np.zeros((1, 1, 3, 4)))
    assert score(zeros, group_of(channels, 'first'), 'l1').tolist() == [1, 1, 1, 1]


def test_all_taps_count_not_only_the_first(tmp_path: Any) -> None:
    """Two 3×3 filters that differ in their other taps only."""
    channels = channels_of(builders.save_network('flattened', tmp_path))
    kernel = np.ones((3, 3, 3, 8))
    kernel[1:, :, :, 5] = 0.1
    scores = score(with_values(channels, stem__kernel=kernel), channels.groups[0], 'redundancy')
    assert np.allclose(scores, [0, 0, 0, 0, 0, 6 / 9, 0, 0])


def test_depthwise_and_producer_are_averaged(tmp_path: Any) -> None:
    """The mean of the scores of the expansion and of the depthwise kernel; the projection does not count."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    group = group_of(channels, 'block')
    expand, deep = np.ones((1, 1, 8, 24)), np.ones((3, 3, 24, 1))
    expand[..., 3] = 0
    deep[:, :, 7] = 0
    scores = score(with_values(channels, block__expand__kernel=expand, block__depthwise__depthwise_kernel=deep,
                                    block__project__kernel=np.zeros((1, 1, 24, 8))), group, 'redundancy')
    assert scores[3] == scores[7] == 0.5
    assert np.delete(scores, [3, 7]).max() == 0


def test_parts_of_a_kernel_count_as_one(tmp_path: Any) -> None:
    """The mean is taken over the whole kernel, so that the scores are those of the kernel in one piece."""
    (tmp_path / 'parts').mkdir()
    whole = with_values(two_layers(tmp_path), first__kernel=KERNEL)
    parts = with_values(two_layers(tmp_path / 'parts', partitions=2), first__kernel__part_0=KERNEL[..., :2],
                        first__kernel__part_1=KERNEL[..., 2:])
    for name in ('redundancy', 'l1', 'l2', 'geometric_median'):
        assert np.allclose(score(parts, parts.groups[0], name), score(whole, whole.groups[0], name))


def test_parts_along_the_input_count_as_one(tmp_path: Any) -> None:
    """A dense kernel in parts of its rows."""
    def build() -> None:
        x = builders.dense(tf.reduce_mean(builders.image(), [1, 2]), 8, 'zero')
        with tf.variable_scope('', partitioner=tf.fixed_size_partitioner(2)):
            x = builders.dense(x, 4, 'first')
            tf.identity(builders.dense(x, 2, 'second'), 'output')

    channels = channels_of(builders.save_graph(build, tmp_path))
    group = next(group for group in channels.groups if group.producers == ('first/MatMul',))
    kernel = np.random.RandomState(0).normal(size=(8, 4)).astype(np.float32)
    parts = with_values(channels, first__kernel__part_0=kernel[:4], first__kernel__part_1=kernel[4:])
    found = score(parts, group, 'redundancy')
    assert np.allclose(found, (np.abs(kernel) < np.abs(kernel).mean()).mean(0))


def test_scores_are_between_zero_and_one(tmp_path: Any) -> None:
    """Random weights, every group, every criterion that looks at kernels; not all alike."""
    channels = channels_of(builders.save_network('nested_se', tmp_path))
    found: Dict[str, np.ndarray] = {}
    for group in channels.groups:
        for name in sorted(set(CRITERIA) - {'batch_norm_scale'}):
            found[name] = score(channels, group, name)
            assert found[name].shape == (group.size,)
            assert 0 <= found[name].min() < found[name].max() <= 1


def test_an_unknown_criterion(tmp_path: Any) -> None:
    """Those that there are, are named."""
    channels = channels_of(builders.save_network('nested_se', tmp_path))
    with pytest.raises(OptionError, match='l1, l2'):
        score(channels, channels.groups[0], 'magic')


def test_batch_norm_scale(tmp_path: Any) -> None:
    """The smallest γ scores highest; a group without γ is refused by name."""
    channels = channels_of(builders.save_network('nested_se', tmp_path))
    with_scale = next(group for group in channels.groups if any(channels.roles.get(name) == 'scale'
                                                                for name, _ in group.slices))
    scales = [channels.model.value(name) for name, _ in with_scale.slices if channels.roles.get(name) == 'scale']
    expected = np.mean([1 - np.abs(scale) / np.abs(scale).max() for scale in scales], axis=0)
    assert np.allclose(score(channels, with_scale, 'batch_norm_scale'), expected)
    without = next(group for group in channels.groups if not any(channels.roles.get(name) == 'scale'
                                                                 for name, _ in group.slices))
    with pytest.raises(OptionError, match='group %s has no batch-norm scale' % without.name):
        score(channels, without, 'batch_norm_scale')


def test_geometric_median_is_not_that_of_magnitudes(tmp_path: Any) -> None:
    """Two equal filters are nearest to the others; one of opposite sign is far, though its magnitude is the same."""
    kernel = np.zeros(KERNEL.shape, np.float32)
    kernel[..., :] = 1.0
    kernel[..., 3] = -1.0
    channels = with_values(two_layers(tmp_path), first__kernel=kernel)
    scores = score(channels, group_of(channels, 'first'), 'geometric_median')
    assert scores[3] == 0
    assert np.allclose(scores[:3], 1 - 1 / 3)


def test_tied_weights_score(tmp_path: Any) -> None:
    """An autoencoder's kernel, used again transposed, both makes the channels and reads them."""
    def build() -> None:
        kernel = tf.get_variable('kernel', [3, 4])
        hidden = tf.sigmoid(tf.matmul(tf.reduce_mean(builders.image(), [1, 2]), kernel))
        tf.matmul(hidden, kernel, transpose_b=True, name='output')

    channels = with_values(channels_of(builders.save_graph(build, tmp_path)), kernel=KERNEL.reshape(3, 4))
    assert [group.size for group in channels.groups] == [4]
    assert np.allclose(score(channels, channels.groups[0], 'redundancy'), [1, 2 / 3, 1 / 3, 0])
