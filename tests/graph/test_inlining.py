"""Functions: what a call or a functional conditional does is done by plain nodes in its place."""

from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import operate
from tf1pruning.errors import UnsupportedError
from tf1pruning.graph.inference import inference_graph
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.tf1 import tf

IMAGE = builders.IMAGE


@pytest.fixture(autouse=True)
def _functional(monkeypatch: Any) -> None:
    """`tf.cond` makes `If` nodes."""
    from tensorflow.python.ops import control_flow_util
    monkeypatch.setattr(control_flow_util, 'ENABLE_CONTROL_FLOW_V2', True)


def _build(dropout: bool) -> None:
    """A batch norm and a convolution that depend on a flag; their variables are captured by the branches."""
    with tf.variable_scope('', use_resource=True):
        flag = tf.placeholder(tf.bool, [], 'flag')
        x = tf.nn.conv2d(builders.image(IMAGE), tf.get_variable('stem', [3, 3, 3, 8]), 1, 'SAME')
        x = tf.nn.relu(tf.layers.batch_normalization(x, training=flag, name='norm') if dropout else x)
        own = tf.get_variable('own', [1, 1, 8, 8])
        x = tf.cond(flag, lambda: tf.nn.dropout(x, rate=0.5) if dropout else x * 2.0,
                    lambda: tf.nn.conv2d(x, own, 1, 'SAME'))
        tf.nn.conv2d(x, tf.get_variable('last', [1, 1, 8, 2]), 1, 'SAME', name='output')


def test_a_known_predicate(tmp_path: Any) -> None:
    """The branch taken stays, so that the training branch's dropout is gone; what is stripped is exact."""
    saved = builders.save_graph(lambda: _build(True), tmp_path)
    result = operate(saved._replace(feeds={'flag': False}), tmp_path)
    nodes = result.channels.model.graph.node
    assert not {node.op for node in nodes} & {'If', 'Switch', 'Merge'}
    assert {node.name.split('/')[2] for node in nodes if node.name.startswith('cond/branches/')} == {'else'}
    assert [group.size for group in result.channels.groups] == [8, 8]
    _check(result, {})


@pytest.mark.parametrize('flag', [True, False])
def test_an_unknown_predicate(tmp_path: Any, flag: bool) -> None:
    """What goes in and comes out of both branches is one group, since one of them passes it on."""
    result = operate(builders.save_graph(lambda: _build(False), tmp_path)._replace(inputs={}), tmp_path)
    assert {node.op for node in result.channels.model.graph.node} & {'If', 'Switch'} == {'Switch'}
    assert [group.size for group in result.channels.groups] == [8]
    assert ('own', 2) in result.channels.groups[0].slices
    assert ('own', 3) in result.channels.groups[0].slices
    _check(result, {'flag:0': flag})


def _check(result: Any, feeds: Any) -> None:
    """Stripped ≡ soft-pruned ≡ frozen in plain TensorFlow, and the kernel inside the branch got smaller."""
    values = {'image:0': np.random.RandomState(2).uniform(size=IMAGE), **feeds}
    soft, hard = (plain.run_checkpoint(prefix, ['output'], values)[0] for prefix in (result.soft, result.hard))
    frozen = plain.run_frozen(result.frozen, ['output'], values)[0]
    assert np.abs(soft).max() > 0
    assert plain.relative(soft, hard) <= 1e-5
    assert plain.relative(hard, frozen) <= 1e-5
    assert plain.values_of(result.hard)['own'].shape == (1, 1, 4, 4)


def test_a_call(tmp_path: Any) -> None:
    """A function of the old kind, whose name is the operation, called twice and from within another."""
    from tensorflow.python.framework import function

    @function.Defun(tf.float32, tf.float32, func_name='scaled')
    def scaled(x: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
        return tf.reshape(tf.nn.relu(x) * factor, [-1, IMAGE[1] * IMAGE[2] * 8])

    @function.Defun(tf.float32, func_name='outer')
    def outer(x: tf.Tensor) -> tf.Tensor:
        return scaled(x, tf.constant(2.0)) + 1.0

    def build() -> None:
        x = tf.nn.conv2d(builders.image(IMAGE), tf.get_variable('own', [1, 1, 3, 8]), 1, 'SAME')
        x = outer(x) + scaled(x, tf.constant(0.5))
        x.set_shape([IMAGE[0], IMAGE[1] * IMAGE[2] * 8])
        tf.matmul(x, tf.get_variable('last', [IMAGE[1] * IMAGE[2] * 8, 2]), name='output')
    result = operate(builders.save_graph(build, tmp_path), tmp_path)
    assert [group.size for group in result.channels.groups] == [8]
    values = {'image:0': np.random.RandomState(2).uniform(size=IMAGE)}
    soft, hard = (plain.run_checkpoint(prefix, ['output'], values)[0] for prefix in (result.soft, result.hard))
    assert plain.relative(soft, hard) <= 1e-5
    assert plain.values_of(result.hard)['last'].shape == (IMAGE[1] * IMAGE[2] * 4, 2)


def test_a_later_result_as_an_output() -> None:
    """No node would have its name."""
    flag = tf.placeholder(tf.bool, [], 'flag')
    x = tf.placeholder(tf.float32, [2], 'x')
    tf.cond(flag, lambda: (x, x * 2.0), lambda: (x, x), name='cond')
    graph = tf.get_default_graph().as_graph_def()
    name = next(node.name for node in graph.node if node.op in ('If', 'StatelessIf'))
    with pytest.raises(UnsupportedError, match='output %s:1 is a result of a function call' % name):
        inference_graph(graph, [name + ':1'], {}, {})


def test_a_training_graph_around_a_function(tmp_path: Any) -> None:
    """Its inference form is stripped; the graph itself, with the function's sizes inside, is refused."""
    saved = builders.save_graph(lambda: _build(True), tmp_path)._replace(feeds={'flag': False})
    result = operate(saved, tmp_path)
    with pytest.raises(UnsupportedError, match='runs through a function'):
        strip(soft_prune(result.source, result.channels, result.plan), result.channels, result.plan)
