"""Graphs that no program writes are refused when they are read, with the node's name; those of programs are not."""

import time
from typing import Any, Callable

import pytest

from tests import builders
from tf1pruning.errors import ModelError
from tf1pruning.graph.sound import require_sound
from tf1pruning.model.checkpoint import read_meta_graph
from tf1pruning.model.frozen import load_frozen
from tf1pruning.model.saved_model import load_saved_model
from tf1pruning.tf1 import SavedModel, tf


def graph() -> tf.GraphDef:
    """`image → reshape → output`, beside a loop."""
    with tf.Graph().as_default() as made:
        tf.reshape(builders.image(), [-1, 192], name='output')
        tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], name='loop')
    return made.as_graph_def()


def node(made: tf.GraphDef, name: str) -> tf.NodeDef:
    return next(each for each in made.node if each.name == name)


def _function(made: tf.GraphDef, **more: Any) -> None:
    function = made.library.function.add()
    function.signature.name = 'f'
    function.signature.input_arg.add(name='x', type=1)
    function.node_def.add(**dict({'name': 'one', 'op': 'Identity', 'input': ['x']}, **more))


DAMAGES = {
    "two nodes 'output'": lambda made: made.node.add(name='output', op='NoOp'),
    "no node 'nowhere', which output reads": lambda made: node(made, 'output').input.__setitem__(0, 'nowhere'),
    "no node 'gone', which output reads": lambda made: node(made, 'output').input.append('^gone'),
    r'output \(Reshape\) has 1 inputs, not 2': lambda made: node(made, 'output').input.pop(),
    r'output \(Reshape\) has 3 inputs, not 2': lambda made: node(made, 'output').input.append('image'),
    r'all \(Pack\) has 1 inputs, not 9': lambda made: made.node.add(
        name='all', op='Pack', input=['image'], attr={'N': tf.AttrValue(i=9)}),
    'node b depends on itself': lambda made: made.node.extend([
        tf.NodeDef(name='b', op='Identity', input=['b']), tf.NodeDef(name='c', op='Identity', input=['b'])]),
    'node [bc] depends on itself': lambda made: made.node.extend([
        tf.NodeDef(name='b', op='NoOp', input=['^c']), tf.NodeDef(name='c', op='NoOp', input=['^b'])]),
    r'node out \(Exit\) is in no loop': lambda made: made.node.add(name='out', op='Exit', input=['image']),
    r'node next \(NextIteration\) is in no loop': lambda made: made.node.add(
        name='next', op='NextIteration', input=['image']),
    'node one depends on itself': lambda made: _function(made, input=['one:output:0']),
    'a size of node image is -7': lambda made: node(made, 'image').attr['shape'].shape.dim.add(size=-7),
    'node image has more numbers': lambda made: [node(made, 'image').attr['shape'].shape.dim.add(
        size=2 ** 40) for _ in range(2)],
    'constant output/shape has 8 bytes, not 12': lambda made: setattr(
        node(made, 'output/shape').attr['value'].tensor.tensor_shape.dim[0], 'size', 3),
    'data_format of node image is no text': lambda made: node(made, 'image').MergeFrom(tf.NodeDef(
        op='BiasAdd', input=['output', 'output'], attr={'data_format': tf.AttrValue(s=b'N\xff')})),
    "no node 'y', which one reads": lambda made: _function(made, input=['y:z:0']),
    "two nodes 'x'": lambda made: _function(made, name='x'),
}


def test_what_programs_write() -> None:
    """Loops, functions of the right form, operations of other libraries, and old files without counts."""
    made = graph()
    _function(made)
    made.node.add(name='own', op='OperationOfMyOwn', input=['output', 'image'])
    made.node.add(name='call', op='f', input=['output'])
    made.node.add(name='old', op='AddN', input=['output', 'output'])
    require_sound(made, 'net.meta')


@pytest.mark.parametrize('message', list(DAMAGES))
def test_what_none_writes(message: str) -> None:
    made = graph()
    DAMAGES[message](made)
    with pytest.raises(ModelError, match='^net.meta is damaged: .*%s.*; copy or save it again$' % message):
        require_sound(made, 'net.meta')


def test_a_long_row_takes_no_time() -> None:
    """A hundred thousand nodes, in either order; without recursion."""
    made = tf.GraphDef()
    made.node.extend(tf.NodeDef(name='n%d' % k, op='Identity', input=['n%d' % (k + 1)]) for k in range(100000))
    made.node.add(name='n100000', op='Placeholder')
    began = time.process_time()
    require_sound(made, 'net.meta')
    assert time.process_time() - began < 10
    made.node[-1].op = 'Identity'
    made.node[-1].input.append('n5')
    with pytest.raises(ModelError, match='depends on itself'):
        require_sound(made, 'net.meta')


def _meta(made: tf.GraphDef) -> Any:
    return tf.MetaGraphDef(graph_def=made)


def _saved(made: tf.GraphDef) -> Any:
    return SavedModel(meta_graphs=[_meta(made)])


@pytest.mark.parametrize(('name', 'wrapped', 'read'), [
    ('net.meta', _meta, read_meta_graph), ('net.pb', lambda made: made, load_frozen),
    ('saved_model.pb', _saved, load_saved_model)])
def test_every_kind_of_file_is_looked_at(tmp_path: Any, name: str, wrapped: Callable[..., Any],
                                         read: Callable[..., Any]) -> None:
    made = graph()
    (tmp_path / name).write_bytes(wrapped(made).SerializeToString())
    read(str(tmp_path / name))
    made.node.add(name='output', op='NoOp')
    (tmp_path / name).write_bytes(wrapped(made).SerializeToString())
    with pytest.raises(ModelError, match=name + ' is damaged'):
        read(str(tmp_path / name))
