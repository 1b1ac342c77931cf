"""Vitis AI's TF1 pruner: cuts the classifier, misses the ratio asked for, stops at SE blocks, at FusedBatchNorm V1 and
at a bias by `+`, and writes no checkpoint.
"""

from typing import Any, Callable, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import IMAGE, conv, depthwise, image
from tests.peers.pruned import HALF, Pruned, assert_exact, measured_macs, operations, prune_graph, prune_saved
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.frozen import save_frozen
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.pipeline import strip_only
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf

BARE = builders.Dialect(norm='none')
ONE = plain.feeds_for({'image': (1,) + IMAGE[1:]})


def _ten_classes() -> None:
    x = builders.inverted_residual(conv(image(), 8, 'stem', 3, 2), 8, 'block', squeeze=8)
    tf.identity(builders.dense(tf.reduce_mean(x, [1, 2]), 10, 'logits'), 'output')


def test_the_classifier_keeps_its_outputs(tmp_path: Any) -> None:
    """Ten classes before, ten after, without a word about it; what they are computed from shrinks."""
    pruned = prune_graph(_ten_classes, tmp_path)
    assert [each.shape for each in assert_exact(pruned)] == [(2, 10)]
    assert pruned.before['logits/kernel'] == (8, 10)
    assert pruned.after['logits/kernel'] == (4, 10)
    assert pruned.after['logits/bias'] == (10,)


@pytest.mark.parametrize('align', [1, 8])
@pytest.mark.parametrize('percent', [30, 50, 70])
def test_the_reduction_asked_for_is_the_one_made(tmp_path: Any, percent: int, align: int) -> None:
    """30, 50 and 70 % fewer MACs, within 1 % of the original, counted in TensorFlow on the file written."""
    saved = builders.save_graph(_wide, tmp_path)
    before = save_frozen(to_inference(load_checkpoint(saved.prefix, saved.outputs)), str(tmp_path / 'before.pb'))
    amount = Amount(target={'macs': 1 - percent / 100}, align=align)
    pruned = prune_saved(saved, tmp_path, amount)
    macs = {'before': measured_macs(before, ONE), 'after': measured_macs(pruned.frozen, ONE)}
    assert pruned.report['macs'] == macs
    assert abs(1 - macs['after'] / macs['before'] - percent / 100) <= 0.01
    assert all(len(group['kept']) % align == 0 for group in pruned.plan.values())
    assert_exact(pruned)


def _wide() -> None:
    x = conv(image(), 32, 'stem', 3, 2)
    for number in range(3):
        x = builders.inverted_residual(x, 32, 'block_%d' % number, squeeze=16)
    builders.head(conv(x, 64, 'last'))


def _norm(version: str) -> Callable[[tf.Tensor, str], tf.Tensor]:
    def norm(x: tf.Tensor, name: str) -> tf.Tensor:
        with tf.variable_scope(name):
            values = [tf.get_variable(each, [x.shape.as_list()[3]], trainable='moving' not in each)
                      for each in ('gamma', 'beta', 'moving_mean', 'moving_variance')]
            operation = getattr(tf.raw_ops, version)
            return operation(x=x, scale=values[0], offset=values[1], mean=values[2], variance=values[3], epsilon=1e-3,
                             is_training=False)[0]
    return norm


ADDITIONS: Dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    '+': lambda x, bias: x + bias, 'Add': lambda x, bias: tf.raw_ops.Add(x=x, y=bias),
    'AddV2': lambda x, bias: tf.raw_ops.AddV2(x=x, y=bias),
    'bias first': lambda x, bias: tf.raw_ops.Add(x=bias, y=x)}


def _gated(gate: str, version: str, addition: str) -> None:
    """Convolution, bias, batch norm, squeeze-and-excitation."""
    norm = _norm(version)
    x = conv(image(), 16, 'stem', 3, dialect=BARE, act=None)
    x = tf.nn.relu(norm(ADDITIONS[addition](x, tf.get_variable('stem/added', [16])), 'stem_norm'))
    gate_of = builders.squeeze_excite if gate == 'conv' else builders.dense_squeeze_excite
    x = gate_of(depthwise(x, 'depthwise', dialect=BARE), 8, 'se')
    x = conv(x, 12, 'last', dialect=BARE, act=None)
    builders.head(tf.nn.relu(norm(x, 'last_norm')))


@pytest.mark.parametrize(('version', 'addition'), [('FusedBatchNorm', '+'), ('FusedBatchNormV2', 'Add'),
                                                   ('FusedBatchNormV3', 'AddV2'), ('FusedBatchNorm', 'bias first')])
@pytest.mark.parametrize('gate', ['conv', 'dense'])
def test_gates_norms_and_biases_in_every_spelling(tmp_path: Any, gate: str, version: str, addition: str) -> None:
    """Both forms of SE block, all versions of the batch norm, biases by addition: pruned, all by half."""
    pruned = prune_graph(lambda: _gated(gate, version, addition), tmp_path)
    assert operations(pruned.frozen)[version] == 2
    assert pruned.after['stem/kernel'] == (3, 3, 3, 8)
    assert pruned.after['stem/added'] == pruned.after['stem_norm/beta'] == (8,)
    assert pruned.after['depthwise/depthwise_kernel'] == (3, 3, 8, 1)
    ones = (1, 1) if gate == 'conv' else ()
    assert pruned.after['se/reduce/kernel'] == (*ones, 8, 4)
    assert pruned.after['se/expand/kernel'] == (*ones, 4, 8)
    assert pruned.after['last/kernel'] == (1, 1, 8, 6)
    assert_exact(pruned)


def _trained_on(prefix: str) -> float:
    """Adds a loss and Adam to a stripped inference graph; returns how much a few steps lower the loss."""
    with tf.Graph().as_default(), plain.new_session() as session:
        saver = tf.train.import_meta_graph(prefix + '.meta')
        output = tf.get_default_graph().get_tensor_by_name('output:0')
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=np.array([1, 3]), logits=output))
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
        session.run(tf.global_variables_initializer())
        saver.restore(session, prefix)
        first = session.run(loss, plain.feeds_for({'image': IMAGE}))
        for _ in range(5):
            session.run(step, plain.feeds_for({'image': IMAGE}))
        return float(first - session.run(loss, plain.feeds_for({'image': IMAGE})))


def test_a_stripped_checkpoint_is_written_that_trains_on(tmp_path: Any) -> None:
    """Of the inference graph: plain TensorFlow restores it, puts a loss on top and makes that smaller."""
    pruned = prune_graph(_ten_classes, tmp_path)
    assert _trained_on(pruned.hard) > 0.01


def test_a_stripped_training_checkpoint_trains_on(tmp_path: Any) -> None:
    """Of the training graph: its own `train_op` goes on from the step where it stood."""
    saved = builders.save_training(tmp_path)
    pruned: Pruned = prune_saved(saved, tmp_path, HALF)
    plan = PruningPlan.load(pruned.folder + '/plan.json')
    model = load_checkpoint(pruned.soft, saved.outputs)
    strip_only(model, pruned.soft, plan, str(tmp_path / 'stripped'))
    prefix = str(tmp_path / 'stripped' / 'Stripped_Dir' / 'model.ckpt-3')
    (tmp_path / 'next').mkdir()
    loss, values = plain.train_step(prefix, builders.training_feeds(7), str(tmp_path / 'next'))
    assert np.isfinite(loss)
    assert values['global_step'] == 4
    assert values['block_1/expand/kernel'].shape == values['block_1/expand/kernel/Adam'].shape == (1, 1, 4, 12)
