"""Torch-Pruning: class logits get cut, ShuffleNetV2 crashes, unknown operations count as element-wise, `round_to` may
silently prune nothing, plans are pickles, and nothing compares masked with pruned.
"""

import json
import os
from typing import Any, List

import pytest

from tests import builders, plain
from tests.builders import conv, image
from tests.peers.pruned import assert_exact, operations, prune_graph, prune_saved
from tests.surgery import channels_of
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

CLASSES = 10
BIASED = builders.Dialect(norm='none', bias='bias_add')


def _fire(x: tf.Tensor, squeezed: int, expanded: int, name: str) -> tf.Tensor:
    with tf.variable_scope(name):
        x = conv(x, squeezed, 'squeeze', dialect=BIASED, act=tf.nn.relu)
        return tf.concat([conv(x, expanded, 'expand1x1', dialect=BIASED, act=tf.nn.relu),
                          conv(x, expanded, 'expand3x3', 3, dialect=BIASED, act=tf.nn.relu)], 3)


def _squeezenet() -> None:
    """Fire modules; the logits are the filters of a convolution, averaged over space."""
    x = conv(image(), 8, 'conv1', 3, dialect=BIASED, act=tf.nn.relu)
    x = _fire(_fire(x, 4, 8, 'fire2'), 6, 8, 'fire3')
    x = conv(x, CLASSES, 'conv10', dialect=BIASED, act=tf.nn.relu)
    tf.identity(tf.reduce_mean(x, [1, 2]), 'output')


def test_squeezenets_logits_stay(tmp_path: Any) -> None:
    """No classifier by name or type: what reaches the output stays, all else loses half."""
    pruned = prune_graph(_squeezenet, tmp_path)
    assert [each.shape for each in assert_exact(pruned)] == [(2, CLASSES)]
    assert pruned.after['conv10/kernel'] == (1, 1, 8, CLASSES)
    assert pruned.after['conv10/bias'] == (CLASSES,)
    for name in ('conv1', 'fire2/squeeze', 'fire2/expand1x1', 'fire2/expand3x3', 'fire3/squeeze', 'fire3/expand3x3'):
        assert pruned.after[name + '/kernel'][3] == pruned.before[name + '/kernel'][3] // 2
    assert 'an output of the model' in {pin.reason for pin in channels_of(pruned.saved).reasons('conv10/kernel', 3)}


def _shuffled(parts: List[tf.Tensor]) -> tf.Tensor:
    x = tf.concat(parts, 3)
    _, height, breadth, channels = x.shape.as_list()
    x = tf.transpose(tf.reshape(x, [-1, height, breadth, 2, channels // 2]), [0, 1, 2, 4, 3])
    return tf.reshape(x, [-1, height, breadth, channels])


def _branch(x: tf.Tensor, filters: int, name: str, stride: int = 1) -> tf.Tensor:
    with tf.variable_scope(name):
        x = builders.depthwise(conv(x, filters, 'first'), 'depthwise', stride)
        return conv(x, filters, 'second')


def _shufflenet_v2() -> None:
    """A unit that halves the resolution, then two that leave half of the channels alone; a shuffle behind each."""
    x = conv(image(), 8, 'stem', 3)
    short = conv(builders.depthwise(x, 'shortcut', 2), 8, 'shortcut_out')
    x = _shuffled([short, _branch(x, 8, 'unit_0', 2)])
    for number in (1, 2):
        left, right = tf.split(x, 2, 3)
        x = _shuffled([left, _branch(right, 8, 'unit_%d' % number)])
    builders.head(conv(x, 16, 'last'))


def test_shufflenet_v2(tmp_path: Any) -> None:
    """Every convolution of every unit gets smaller, through splits and shuffles."""
    pruned = prune_graph(_shufflenet_v2, tmp_path)
    for unit in ('unit_0', 'unit_1', 'unit_2'):
        for layer in ('first', 'second'):
            assert pruned.after['%s/%s/kernel' % (unit, layer)][3] < pruned.before['%s/%s/kernel' % (unit, layer)][3]
        assert pruned.after[unit + '/depthwise/depthwise_kernel'][2] == 4
    assert pruned.after['last/kernel'] == (1, 1, 8, 8)
    assert {'Transpose', 'ConcatV2'} <= set(operations(pruned.frozen))
    assert_exact(pruned)


def test_an_unknown_operation_is_not_element_wise(tmp_path: Any) -> None:
    """Every second channel taken by an operation without a rule: as element-wise, the wrong ones would go."""
    def build() -> None:
        x = conv(image(), 8, 'before', 3)
        x = tf.nn.relu(tf.roll(x, 3, 3) + conv(x, 8, 'beside'))
        builders.head(conv(conv(x, 8, 'after'), 8, 'last'))

    pruned = prune_graph(build, tmp_path)
    channels = channels_of(pruned.saved)
    for name in ('before/kernel', 'beside/kernel'):
        assert pruned.after[name][3] == 8
        assert channels.reasons(name, 3)
    assert [pin.reason for pin in channels.reasons('before/kernel', 3)] == ['no rule for this operation']
    assert pruned.after['after/kernel'] == (1, 1, 8, 4)
    assert_exact(pruned)


@pytest.mark.parametrize(('align', 'said'), [(64, 'a multiple of 64, and the largest has 24 channels'),
                                             (8, 'enough channels go to leave a multiple of 8'), (1, None)])
def test_an_alignment_that_prunes_nothing_says_so(tmp_path: Any, align: int, said: Any) -> None:
    """In the report, with the reason; one that prunes something has nothing to say."""
    pruned = prune_saved(builders.save_network('expanded', tmp_path), tmp_path, Amount(ratio=0.1, align=align))
    gone = sum(len(group['pruned']) for group in pruned.plan.values())
    assert (gone == 0) == (said is not None) == ('note' in pruned.report)
    assert said is None or said in pruned.report['note']
    assert all(len(group['kept']) % align == 0 or not group['pruned'] for group in pruned.plan.values())


def test_the_plan_is_json(tmp_path: Any) -> None:
    """With what it keeps and what goes, by index; no file that was written is a pickle."""
    pruned = prune_saved(builders.save_network('nested_se', tmp_path), tmp_path)
    with open(os.path.join(pruned.folder, 'plan.json')) as stream:
        groups = json.load(stream)['groups']
    assert groups
    for group in groups:
        assert sorted(group['kept'] + group['pruned']) == list(range(group['size']))
    files = [os.path.join(root, name) for root, _, names in os.walk(pruned.folder) for name in names]
    assert len(files) >= 10
    for path in files:
        assert not path.endswith(('.pkl', '.pickle', '.pth', '.pt', '.npy'))
        with open(path, 'rb') as stream:
            assert stream.read(1) != b'\x80'


@pytest.mark.parametrize('name', ['nested_se', 'soft_activation'])
def test_stripped_is_soft_pruned(tmp_path: Any, name: str) -> None:
    """Element by element, with a quarter, half and three quarters of the channels gone."""
    for ratio in (0.25, 0.5, 0.75):
        folder = tmp_path / str(ratio)
        folder.mkdir()
        pruned = prune_saved(builders.save_network(name, folder), folder, Amount(ratio=ratio, align=1))
        assert sum(len(group['pruned']) for group in pruned.plan.values()) > 0
        outputs = assert_exact(pruned)
        report = pruned.report['stripped_vs_soft_pruned']
        assert report['output'] == 'output'
        assert report['relative'] <= 1e-5
        assert plain.relative(outputs[0], plain.run_checkpoint(
            pruned.soft, ['output'], plain.feeds_for({'image': builders.IMAGE}))[0]) <= 1e-6
