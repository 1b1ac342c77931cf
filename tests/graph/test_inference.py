"""Training graph → inference graph, against plain TensorFlow."""

from typing import Any, Callable, Dict, List, Optional, Set

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Saved
from tests.surgery import load
from tf1pruning.errors import ModelError, NameNotFoundError, OptionError, UnsupportedError
from tf1pruning.graph.batch_norm import FUSED_BATCH_NORMS
from tf1pruning.graph.dropout import RANDOM_OPS
from tf1pruning.graph.endpoints import find_placeholders
from tf1pruning.graph.inference import Input, inference_graph
from tf1pruning.graph.shapes import declared_shape
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


def default_graph() -> tf.GraphDef:
    """What the test has built."""
    return tf.get_default_graph().as_graph_def(add_shapes=True)


def forward(outputs: List[str], inputs: Optional[Dict[str, Input]] = None,
            feeds: Optional[Dict[str, Any]] = None) -> tf.GraphDef:
    """Derives the inference graph of the default graph."""
    return inference_graph(default_graph(), outputs, inputs or {}, feeds or {})


def operations(graph: tf.GraphDef) -> Set[str]:
    """Types of operations in a graph."""
    return {node.op for node in graph.node}


def moving_reference(saved: Saved, feeds: Dict[str, Any]) -> np.ndarray:
    """The same layers in inference mode, built anew and restored from the training checkpoint by plain TensorFlow."""
    with tf.Graph().as_default(), plain.new_session() as session:
        builders._training_forward(builders.Dialect('layers', training=False), 4, False)
        tf.train.Saver().restore(session, saved.prefix)
        return session.run('output:0', feeds)


@pytest.mark.parametrize('use_resource', [False, True], ids=['ref', 'resource'])
def test_training_mode_batch_norm_uses_its_moving_statistics(tmp_path: Any, use_resource: bool) -> None:
    """Equal to the same network built for inference, and unlike the training graph's own output."""
    saved = builders.save_training(tmp_path, use_resource=use_resource)
    model = to_inference(load(saved))
    feeds = plain.feeds_for(saved.inputs)
    (tmp_path / 'inference').mkdir()
    found = plain.run_checkpoint(save_checkpoint(model, str(tmp_path / 'inference')), saved.outputs, feeds)[0]
    assert plain.relative(moving_reference(saved, feeds), found) <= 1e-6
    assert plain.relative(plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0], found) > 1e-2


@pytest.mark.parametrize('optimizer', sorted(builders.OPTIMIZERS))
def test_nothing_of_the_training_is_left(tmp_path: Any, optimizer: str) -> None:
    """No gradients, no slots, no updates; the checkpoint holds the forward variables only."""
    saved = builders.save_training(tmp_path, optimizer, average=True)
    model = to_inference(load(saved))
    assert not [name for name in model.view.nodes if 'gradients' in name or name.startswith('train_op')]
    assert not [op for op in operations(model.graph) if op.startswith(('Apply', 'AssignSub', 'AssignAdd'))]
    names = [name for name in plain.values_of(saved.prefix) if name.split('/')[-1] in (
        'kernel', 'depthwise_kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance')]
    assert sorted(model.weights) == sorted(names)
    assert sorted(model.variables) == sorted(names)


def test_a_conditional_batch_norm_with_a_fed_flag(tmp_path: Any) -> None:
    """tf.cond on `is_training`: equal to plain TensorFlow with the flag fed False; Switch and Merge are gone."""
    saved = builders.save_training(tmp_path, flag='placeholder')
    feeds = dict(plain.feeds_for(saved.inputs), **{'is_training:0': False})
    reference = plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0]
    model = to_inference(load(saved))
    assert not operations(model.graph) & {'Switch', 'Merge', 'RefSwitch'}
    assert 'is_training' not in model.view
    found = plain.run_graph(frozen_graph(model), saved.outputs, plain.feeds_for(saved.inputs))[0]
    assert plain.relative(reference, found) <= 1e-6


def test_the_training_branch_is_taken_when_the_flag_is_fed_true(tmp_path: Any) -> None:
    """A flag of True is put into inference mode by the moving statistics of that branch: the same result."""
    saved = builders.save_training(tmp_path, flag='placeholder')
    results = []
    for flag in (False, True):
        model = to_inference(load(saved._replace(feeds={'is_training': flag})))
        assert not operations(model.graph) & {'Switch', 'Merge'}
        results.append(plain.run_graph(frozen_graph(model), saved.outputs, plain.feeds_for(saved.inputs))[0])
    assert plain.relative(results[0], results[1]) <= 1e-6


def test_dropout_is_gone(tmp_path: Any) -> None:
    """Equal to plain TensorFlow with keep_prob 1; no random numbers and no keep_prob remain."""
    saved = builders.save_training(tmp_path, flag='placeholder', dropout=True)
    feeds = dict(plain.feeds_for(saved.inputs), **{'is_training:0': False, 'keep_prob:0': 1.0})
    reference = plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0]
    for given in (saved.feeds, {'is_training': False}):
        model = to_inference(load(saved._replace(feeds=given)))
        assert not operations(frozen_graph(model)) & set(RANDOM_OPS)
        assert 'keep_prob' not in model.view
        found = plain.run_graph(frozen_graph(model), saved.outputs, plain.feeds_for(saved.inputs))[0]
        assert plain.relative(reference, found) <= 1e-6


def _by_hand(x: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
    return tf.div(x, keep) * tf.floor(keep + tf.random.uniform([4]))


def _by_select(x: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
    return tf.where_v2(tf.random.uniform([4]) < keep, x * (1 / keep), 0.0)


def _by_rate(x: tf.Tensor, keep: tf.Tensor) -> tf.Tensor:
    return tf.nn.dropout(x, rate=1 - keep)


@pytest.mark.parametrize('spelling', [_by_hand, _by_select, _by_rate])
@pytest.mark.parametrize('placeholder', [False, True], ids=['constant', 'placeholder'])
def test_dropout_in_every_spelling(spelling: Callable[..., tf.Tensor], placeholder: bool) -> None:
    """The reader of a dropout reads its very input."""
    x = tf.placeholder(tf.float32, [4], 'x')
    keep = tf.placeholder(tf.float32, [], 'keep_prob') if placeholder else tf.constant(0.5)
    tf.negative(spelling(x, keep), name='output')
    graph = forward(['output'])
    values = np.arange(4, dtype=np.float32)
    assert {node.name for node in graph.node} == {'x', 'output'}
    assert np.array_equal(plain.run_graph(graph, ['output'], {'x:0': values})[0], -values)


def test_random_numbers_that_are_no_dropout_are_refused() -> None:
    """Noise that is added is not guessed away."""
    x = tf.placeholder(tf.float32, [4], 'x')
    tf.add(x, tf.random.normal([4], name='noise'), name='output')
    with pytest.raises(UnsupportedError, match='noise'):
        forward(['output'])


def test_control_dependencies_are_gone() -> None:
    """An assertion that hangs on by control only is dropped; one that data flows through is kept."""
    x = tf.placeholder(tf.float32, [4], 'x')
    with tf.control_dependencies([tf.check_numerics(x, 'bad', name='check')]):
        y = tf.identity(x, 'inner')
    tf.check_numerics(y, 'bad', name='output')
    graph = forward(['output'])
    assert [node.name for node in graph.node] == ['x', 'inner', 'output']
    assert not [text for node in graph.node for text in node.input if text.startswith('^')]


def test_a_tensor_that_is_cut_becomes_a_placeholder() -> None:
    """What made it is gone; type and shape are the tensor's own; it may get another name."""
    raw = tf.placeholder(tf.string, [None], 'raw')
    pictures = tf.reshape(tf.decode_raw(raw, tf.float32, name='decoded'), [-1, 2, 2, 1], name='pictures')
    tf.multiply(pictures, 2.0, name='output')
    for spec, name in ((Input(), 'pictures'), (Input('image'), 'image'), (Input('image', (1, 2, 2, 1)), 'image')):
        graph = forward(['output'], {'pictures': spec})
        nodes = {node.name: node for node in graph.node}
        assert sorted(nodes) == sorted([name, 'output', 'output/y'])
        assert nodes[name].op == 'Placeholder'
        assert nodes[name].attr['dtype'].type == tf.float32.as_datatype_enum
        assert declared_shape(nodes[name]) == (None, 2, 2, 1)
        value = np.ones((3, 2, 2, 1), np.float32)
        assert np.array_equal(plain.run_graph(graph, ['output'], {name + ':0': value})[0], 2 * value)


def test_an_iterator_is_cut_at_its_second_output() -> None:
    """Output 1 of a node: the placeholder is named after both; without the cut an error tells what to do."""
    images, labels = np.zeros((4, 3), np.float32), np.zeros((4,), np.float32)
    iterator = tf.data.make_one_shot_iterator(tf.data.Dataset.from_tensor_slices((labels, images)).batch(2))
    tf.multiply(iterator.get_next()[1], 2.0, name='output')
    node = next(each.name for each in default_graph().node if each.op == 'IteratorGetNext')
    graph = forward(['output'], {node + ':1': Input()})
    assert [(each.name, each.op) for each in graph.node if each.op == 'Placeholder'] == [(node + '_1', 'Placeholder')]
    assert np.array_equal(plain.run_graph(graph, ['output'], {node + '_1:0': images})[0], 2 * images)
    with pytest.raises(ModelError, match='name the tensor to cut at'):
        forward(['output'])


def test_fed_placeholders_become_constants() -> None:
    """Scalars of any type; a node that is no placeholder is refused."""
    x = tf.placeholder(tf.float32, [4], 'x')
    scale = tf.placeholder(tf.float32, [], 'scale')
    tf.multiply(x, scale, name='output')
    graph = forward(['output'], feeds={'scale': 3})
    assert find_placeholders(graph) == ['x']
    assert plain.run_graph(graph, ['output'], {'x:0': np.ones(4)})[0].tolist() == [3.0] * 4
    with pytest.raises(OptionError, match='cannot be fed'):
        forward(['output'], feeds={'output': 1})


def test_a_placeholder_that_is_neither_input_nor_fed_is_named() -> None:
    """With inputs given, another placeholder must be one of them; without, all placeholders are inputs."""
    tf.add(tf.placeholder(tf.float32, [4], 'x'), tf.placeholder(tf.float32, [4], 'forgotten'), name='output')
    with pytest.raises(ModelError, match='forgotten'):
        forward(['output'], {'x': Input()})
    assert sorted(find_placeholders(forward(['output']))) == ['forgotten', 'x']


def test_names_that_do_not_exist() -> None:
    """Outputs, inputs and fed nodes: the closest are named."""
    tf.identity(tf.placeholder(tf.float32, [4], 'picture'), 'logits')
    for arguments in ((['logit'], {}, {}), (['logits'], {'pictur': Input()}, {}), (['logits'], {}, {'pictur': 1})):
        with pytest.raises(NameNotFoundError, match='closest: (logits|picture)'):
            forward(*arguments)


def test_a_placeholder_name_that_is_taken() -> None:
    """An input cannot take the name of another node."""
    tf.add(tf.placeholder(tf.float32, [4], 'x'), 1.0, name='output')
    with pytest.raises(OptionError, match='the graph has a node of this name'):
        forward(['output'], {'x': Input('output')})


def test_a_placeholder_that_is_there_already_is_the_input() -> None:
    """As an imported graph leaves it behind: there is one of the name, not two."""
    tf.placeholder(tf.float32, [None, 4], 'x')
    tf.tanh(tf.placeholder(tf.float32, [None, 4], 'batch'), name='output')
    found = forward(['output'], {'batch': Input('x')})
    assert [node.name for node in found.node] == ['x', 'output']


def test_a_shape_that_does_not_fit() -> None:
    """The graph's own shape and the one given must agree."""
    tf.tanh(tf.placeholder(tf.float32, [None, 4], 'x') + 1.0, name='output')
    with pytest.raises(OptionError, match='does not fit'):
        forward(['output'], {'add': Input('new', (1, 5))})


def test_unfused_training_mode_batch_norm() -> None:
    """The readers of the batch moments read the moving ones."""
    x = tf.placeholder(tf.float32, [None, 4], 'x')
    tf.layers.batch_normalization(x, training=True, fused=False, name='bn', epsilon=1e-3)
    output = tf.get_default_graph().get_operations()
    last = next(op.name for op in reversed(output) if op.type in ('AddV2', 'Add') and op.name.startswith('bn/'))
    graph = forward([last])
    assert not operations(graph) & {'Mean', 'SquaredDifference'}
    assert {node.name for node in graph.node if node.op in ('VariableV2', 'VarHandleOp')} == {
        'bn/gamma', 'bn/beta', 'bn/moving_mean', 'bn/moving_variance'}


def test_training_mode_batch_norm_without_moving_statistics_is_refused() -> None:
    """Nothing is guessed."""
    x = tf.placeholder(tf.float32, [None, 4, 4, 2], 'x')
    y = tf.nn.fused_batch_norm(x, tf.ones([2]), tf.zeros([2]), name='bn')[0]
    tf.identity(y, 'output')
    with pytest.raises(UnsupportedError, match='no moving statistics'):
        forward(['output'])


def test_inference_mode_batch_norm_stays(tmp_path: Any) -> None:
    """A graph that is in inference form already comes out node for node."""
    builders.mobilenet()
    before = default_graph()
    graph = inference_graph(before, ['output'], {}, {})
    kept = {node.name: node.op for node in graph.node}
    assert [name for name, op in kept.items() if op in FUSED_BATCH_NORMS]
    assert all(kept[node.name] == node.op for node in before.node if node.name in kept)
    assert graph == inference_graph(graph, ['output'], {}, {})


def test_known_conditionals_are_folded() -> None:
    """Constants in a branch hang on it by a control dependency only; logic on the predicate is evaluated."""
    x = tf.placeholder(tf.float32, [4], 'x')
    flag = tf.placeholder_with_default(True, [], 'learning')
    taken = tf.logical_and(tf.logical_not(flag), tf.constant(True))
    tf.identity(tf.cond(taken, lambda: x * 2.0, lambda: tf.constant([1.0, 2.0, 3.0, 4.0])), 'output')
    graph = forward(['output'])
    assert not operations(graph) & {'Switch', 'Merge'}
    assert plain.run_graph(graph, ['output'], {})[0].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_unknown_conditionals_stay() -> None:
    """Without a value for the flag both branches are kept."""
    x = tf.placeholder(tf.float32, [4], 'x')
    flag = tf.placeholder(tf.bool, [], 'flag')
    tf.identity(tf.cond(flag, lambda: x * 2.0, lambda: x * 3.0), 'output')
    graph = forward(['output'])
    assert operations(graph) >= {'Switch', 'Merge'}
    for value, factor in ((True, 2.0), (False, 3.0)):
        found = plain.run_graph(graph, ['output'], {'x:0': np.ones(4), 'flag:0': value})[0]
        assert found.tolist() == [factor] * 4


def test_a_factor_that_is_not_the_dropouts_own_stays() -> None:
    """Given dropout of `x · 0.25` without its own scale. Result: `x · 0.25`."""
    x = tf.placeholder(tf.float32, [4], 'x')
    mask = tf.cast(tf.random.uniform([4]) >= 0.5, tf.float32)
    tf.multiply(x * 0.25, mask, name='output')
    assert plain.run_graph(forward(['output']), ['output'], {'x:0': np.ones(4)})[0].tolist() == [0.25] * 4


def test_two_dropouts_in_a_row() -> None:
    """Also with nothing but products and sums between them."""
    x = tf.placeholder(tf.float32, [4], 'x')
    y = tf.nn.dropout(x, rate=0.5) * tf.constant([1.0, 2.0, 3.0, 4.0]) + 1.0
    tf.identity(tf.nn.dropout(y, rate=0.25), 'output')
    assert plain.run_graph(forward(['output']), ['output'], {'x:0': np.ones(4)})[0].tolist() == [2.0, 3.0, 4.0, 5.0]


def test_a_loop_keeps_its_constants(tmp_path: Any) -> None:
    """A constant in a loop belongs to it by a control dependency only; without it TensorFlow refuses the graph."""
    def build() -> None:
        x = builders.conv(builders.image(), 4, 'stem')
        number, y = tf.while_loop(lambda number, _: number < 3, lambda number, y: (number + 1, y * 0.5 + 1.0), [0, x])
        builders.head(y * tf.cast(number, tf.float32))
    saved = builders.save_graph(build, tmp_path)
    feeds = plain.feeds_for(saved.inputs)
    model = to_inference(load(saved))
    found = plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0]
    assert plain.relative(plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0], found) <= 1e-6


@pytest.mark.parametrize('flag', [False, True])
def test_an_open_conditional_keeps_its_constants(tmp_path: Any, flag: bool) -> None:
    """Without its control dependency, a constant in a branch would be computed whichever branch is taken."""
    def build() -> None:
        x = builders.conv(builders.image(), 4, 'stem')
        positive = tf.placeholder(tf.bool, [], 'positive')
        builders.head(x * tf.cond(positive, lambda: tf.constant(2.0), lambda: tf.constant(3.0)))
    saved = builders.save_graph(build, tmp_path)
    feeds = dict(plain.feeds_for(saved.inputs), **{'positive:0': flag})
    inputs = {name: Input('', shape) for name, shape in saved.inputs.items()}
    model = to_inference(load_checkpoint(saved.prefix, saved.outputs, {**inputs, 'positive': Input()}))
    found = plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0]
    assert plain.relative(plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0], found) <= 1e-6
