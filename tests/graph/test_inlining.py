"""Functions: what a call or a functional conditional does is done by plain nodes in its place."""

import time
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import operate
from tf1pruning.errors import ModelError, UnsupportedError
from tf1pruning.graph.inference import inference_graph
from tf1pruning.graph.inlining import inline_functions
from tf1pruning.graph.view import TensorName
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


@pytest.mark.parametrize('functional', [True, False])
@pytest.mark.parametrize('inside', ['call', 'call of a number', 'behind another', 'read in a call'])
def test_what_reads_nothing_belongs_to_its_branch(monkeypatch: Any, functional: bool, inside: str) -> None:
    """A literal in a function that a branch calls, or that waits for a node: a branch not taken has no value."""
    from tensorflow.python.framework import function
    from tensorflow.python.ops import control_flow_util
    monkeypatch.setattr(control_flow_util, 'ENABLE_CONTROL_FLOW_V2', functional)
    flag, x = tf.placeholder(tf.bool, [], 'flag'), tf.placeholder(tf.float32, [4], 'x')
    handles = [tf.Variable([value], use_resource=True, name='own').handle for value in (1.0, 2.0)]

    def number(value: float) -> tf.Tensor:
        name = 'number_%d' % value
        if inside == 'call':
            return function.Defun(func_name=name)(lambda: tf.constant([value]))()
        if inside == 'call of a number':
            return function.Defun(tf.float32, func_name=name)(lambda unread: tf.constant([value]))(x)
        if inside == 'read in a call':
            return function.Defun(tf.resource, tf.float32, func_name='read')(
                lambda handle, unread: tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32))(
                    handles[int(value) - 1], x)
        with tf.control_dependencies([tf.check_numerics(x, '') if value == 1.0 else tf.group(x * 2.0)]):
            return tf.constant([value])
    chosen = tf.cond(flag, lambda: number(1.0), lambda: number(2.0))
    with tf.control_dependencies([chosen]):
        tf.multiply(chosen, tf.constant([1.0]), name='output')
    graph = tf.get_default_graph().as_graph_def()
    feeds = {'x:0': np.ones(4, np.float32)}
    for value, number_of in ((True, 1.0), (False, 2.0)):
        for fixed in ({}, {'flag': value}):
            result = inference_graph(graph, ['output'], {}, fixed)
            assert not fixed or not {node.op for node in result.node} & {'Merge', 'Switch'}
            given = {'flag:0': value, **feeds}
            names = {node.name + ':0' for node in result.node}
            assert _run(result, {name: given[name] for name in given if name in names}) == number_of


def _run(graph: tf.GraphDef, feeds: Any) -> float:
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.import_graph_def(graph, name='')
        for operation in tf.get_default_graph().get_operations():
            if operation.type == 'VarHandleOp':
                session.run(tf.raw_ops.AssignVariableOp(resource=operation.outputs[0],
                                                        value=[1.0 if operation.name == 'own' else 2.0]))
        return float(session.run('output:0', feeds)[0])


def test_later_results_that_are_passed_on() -> None:
    """The second result of a function that gives back its argument, which is the second result of another call."""
    from tensorflow.python.framework import function

    @function.Defun(tf.float32, tf.float32, func_name='two')
    def two(first: tf.Tensor, second: tf.Tensor) -> Any:
        return first + 1.0, second
    x = tf.placeholder(tf.float32, [2], 'x')
    tf.identity(two(*two(x, x * 2.0))[1], name='output')
    result = inference_graph(tf.get_default_graph().as_graph_def(), ['output'], {}, {})
    assert plain.run_graph(result, ['output'], {'x:0': [3.0, 4.0]})[0].tolist() == [6.0, 8.0]


def test_a_function_that_calls_itself() -> None:
    """It is refused instead of being written out for ever."""
    from tensorflow.python.framework import function

    @function.Defun(tf.float32, func_name='endless')
    def endless(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(x)
    tf.identity(endless(tf.placeholder(tf.float32, [2], 'x')), 'output')
    graph = tf.get_default_graph().as_graph_def()
    itself = graph.library.function[0]
    itself.node_def[0].op = 'endless'
    result = itself.signature.output_arg[0].name
    itself.ret[result] = '%s:%s:0' % (itself.node_def[0].name, result)
    with pytest.raises(UnsupportedError, match='calls itself'):
        inference_graph(graph, ['output'], {}, {})


@pytest.mark.parametrize('calls', [(('f', 'f'),), (('f', 'g'), ('g', 'f')), (('f', 'nowhere'),)])
def test_functions_without_an_end(calls: Any) -> None:
    """One that calls itself twice would double fifty times: refused at once. What TensorFlow refuses is one error."""
    graph = tf.GraphDef()
    graph.node.add(name='x', op='Placeholder')
    graph.node.add(name='y', op='f', input=['x'])
    for name, called in calls:
        function = graph.library.function.add()
        function.signature.name = name
        function.signature.input_arg.add(name='a', type=1)
        function.signature.output_arg.add(name='r', type=1)
        function.node_def.extend(tf.NodeDef(name='call%d' % k, op=called, input=['a']) for k in range(2))
        function.ret['r'] = 'call0:r:0'
    began = time.process_time()
    with pytest.raises((UnsupportedError, ModelError), match='a function that calls itself|refuses the graph'):
        inline_functions(graph, [TensorName('y')])
    assert time.process_time() - began < 5
