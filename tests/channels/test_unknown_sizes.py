"""Sizes that are only known when the graph runs, as how many boxes a detector proposes."""

from typing import Any

import numpy as np

from tests import builders, plain
from tests.channels.analysed import Analysed, closed, features, vectors
from tests.surgery import operate
from tf1pruning.cost import count_cost
from tf1pruning.tf1 import tf


def _unknown(rank: int, channels: int = 4) -> tf.Tensor:
    """The channels of `k`, in as many rows as have a high score."""
    x = features(channels) if rank == 4 else vectors(channels)
    where = tf.where(tf.greater(tf.placeholder(tf.float32, [2], 'scores'), 0.5))[:, 0]
    return tf.gather(x, where)


def test_rows_of_an_unknown_number() -> None:
    """Element-wise operations, batch norm, pools and means need not know how many there are."""
    x = _unknown(4)
    assert x.shape.as_list()[0] is None
    x = tf.nn.bias_add(tf.nn.max_pool(x, [1, 2, 2, 1], [1, 1, 1, 1], 'SAME'), tf.get_variable('bias', [4]))
    x = tf.nn.relu(tf.nn.fused_batch_norm(x, *[tf.get_variable(name, [4]) for name in 'gbmv'], is_training=False)[0])
    analysed = Analysed(closed(tf.reduce_mean(x + x, [1, 2])))
    assert not analysed.pinned()
    assert [group.size for group in analysed.channels.groups] == [4]


def test_a_flatten_behind_them() -> None:
    """The axes that are reshaped are known; how many rows there are is not."""
    x = tf.reshape(_unknown(4), [-1, 36])
    analysed = Analysed(closed(x))
    assert not analysed.pinned()
    assert analysed.ids(x, 1).tolist() == 9 * analysed.filters().tolist()


def test_channels_that_move_by_an_unknown_number() -> None:
    """Where they go depends on it: refused."""
    analysed = Analysed(closed(tf.reshape(tf.reshape(_unknown(2), [4, -1]), [-1, 4])))
    assert analysed.pinned()
    assert analysed.reasons()[0][1] in ('reshapes these channels together with an axis whose size is not known',
                                        'where these channels go depends on sizes that are not known')


def test_channels_between_unknown_sizes() -> None:
    """Given `[?, 4, ?]`, reshaped to the same with the two sizes in each other's place: the channels mix."""
    size = tf.placeholder(tf.int32, [2], 'size')
    x = tf.transpose(tf.image.resize_images(features(4), size), [1, 3, 2, 0])[:, :, :, 0]
    turned = tf.transpose(tf.reshape(x, [size[1], 4, size[0]]), [0, 2, 1])
    assert turned.shape.as_list() == [None, None, 4]
    analysed = Analysed(closed(tf.reduce_mean(turned, 1)))
    assert analysed.pinned()
    assert 'where these channels go depends on sizes that are not known' in dict(analysed.reasons()).values()


def test_two_stages(tmp_path: Any) -> None:
    """Given features, boxes chosen by their scores, and a head for each box. Result: the head is pruned, exactly."""
    def build() -> None:
        x = builders.conv(builders.image((1,) + builders.IMAGE[1:]), 8, 'stem', 3)
        scores = tf.reshape(builders.conv(x, 1, 'scores'), [-1])
        corners = tf.constant(np.random.RandomState(3).uniform(0, 0.4, [64, 2]), tf.float32)
        boxes = tf.concat([corners, corners + 0.5], 1)
        chosen = tf.gather(boxes, tf.image.non_max_suppression(boxes, scores, 5))
        crops = tf.image.crop_and_resize(x, chosen, tf.zeros_like(chosen[:, 0], tf.int32), [6, 6])
        crops = builders.conv(tf.nn.max_pool(crops, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME'), 8, 'head', 3)
        tf.identity(builders.dense(tf.reshape(crops, [-1, 3 * 3 * 8]), 4, 'boxes'), 'output')
    saved = builders.save_graph(build, tmp_path)._replace(inputs={'image': (1,) + builders.IMAGE[1:]})
    result = operate(saved, tmp_path)
    assert [group.size for group in result.channels.groups] == [8, 8]
    feeds = {'image:0': np.random.RandomState(4).uniform(size=(1,) + builders.IMAGE[1:])}
    soft, hard = (plain.run_checkpoint(prefix, ['output'], feeds)[0] for prefix in (result.soft, result.hard))
    assert len(soft) > 1
    assert plain.relative(soft, hard) <= 1e-5
    assert plain.values_of(result.hard)['boxes/kernel'].shape == (3 * 3 * 4, 4)


def test_macs_for_one_each() -> None:
    """A size that nobody knows counts as one for each example."""
    analysed = Analysed(closed(_unknown(2)))
    first, second = 5 * 4, 4 * 2
    assert count_cost(analysed.channels.model).macs == first + second
