"""Names, uses, ancestors and order."""

import pytest

from tf1pruning.errors import NameNotFoundError
from tf1pruning.graph.view import CONTROL, GraphView, TensorName, Use, parse_tensor
from tf1pruning.tf1 import tf


def view_of(*nodes: str) -> GraphView:
    """Makes a view from lines such as `'c: a b:1 ^d'`."""
    graph = tf.GraphDef()
    for line in nodes:
        name, _, inputs = line.partition(':')
        graph.node.add(name=name, op='NextIteration' if name.startswith('next') else 'Add', input=inputs.split())
    return GraphView(graph)


@pytest.mark.parametrize(('text', 'tensor'), [
    ('a/b', TensorName('a/b', 0)), ('a/b:0', TensorName('a/b', 0)), ('a/b:12', TensorName('a/b', 12)),
    ('^a/b', TensorName('a/b', CONTROL))])
def test_parse_tensor(text: str, tensor: TensorName) -> None:
    """All three spellings of an input."""
    assert parse_tensor(text) == tensor


@pytest.mark.parametrize('text', ['a/b', 'a/b:12', '^a/b'])
def test_tensor_names_are_written_as_graphs_write_them(text: str) -> None:
    """Output 0 has no number."""
    assert str(parse_tensor(text)) == text
    assert str(parse_tensor('a:0')) == 'a'


def test_inputs_and_controls_are_apart() -> None:
    """Control dependencies are no data inputs."""
    view = view_of('a:', 'b:', 'c: a b:1 ^a')
    assert view.inputs['c'] == [TensorName('a'), TensorName('b', 1)]
    assert view.controls == {'c': ['a']}
    assert view.uses == {'a': [Use('c', 0, 0)], 'b': [Use('c', 1, 1)]}


def test_readers_of_one_output() -> None:
    """Another output of the same node has other readers."""
    view = view_of('a:', 'b: a:1', 'c: a')
    assert view.readers(TensorName('a', 1)) == [Use('b', 0, 1)]
    assert view.readers(TensorName('a', 0)) == [Use('c', 0, 0)]


def test_ancestors_stop_where_told_and_follow_controls_only_when_told() -> None:
    """`stop` is found but not passed."""
    view = view_of('a:', 'b: a', 'c: b ^d', 'd:')
    assert view.ancestors(['c']) == {'a', 'b', 'c'}
    assert view.ancestors(['c'], stop=['b']) == {'b', 'c'}
    assert view.ancestors(['c'], controls=True) == {'a', 'b', 'c', 'd'}


def test_topological_order_of_a_shuffled_graph() -> None:
    """Producers stand first, whatever order the graph has."""
    view = view_of('d: b c', 'b: a', 'c: a', 'a:')
    order = view.topological(['a', 'b', 'c', 'd'])
    assert [order.index(name) for name in 'abcd'] == sorted(order.index(name) for name in 'abcd')


def test_topological_order_cuts_loops() -> None:
    """A loop is cut at its NextIteration and does not hang."""
    view = view_of('merge: start next', 'next: body', 'body: merge', 'start:')
    order = view.topological(view.nodes)
    assert sorted(order) == sorted(view.nodes)
    assert order.index('start') < order.index('merge') < order.index('body')


def test_topological_order_of_a_long_chain() -> None:
    """No recursion: ten thousand nodes in a row."""
    view = view_of('n0:', *['n%d: n%d' % (k, k - 1) for k in range(1, 10000)])
    assert view.topological(view.nodes)[-1] == 'n9999'


def test_source_steps_over_identities_only() -> None:
    """An Add is not stepped over."""
    graph = tf.GraphDef()
    graph.node.add(name='add', op='Add')
    graph.node.add(name='one', op='Identity', input=['add:1'])
    graph.node.add(name='two', op='StopGradient', input=['one'])
    assert GraphView(graph).source(TensorName('two')) == TensorName('add', 1)


def test_descendants_follow_what_they_are_told() -> None:
    """A use that is not followed is not reached, nor what is behind it."""
    view = view_of('a:', 'b: a', 'c: b', 'd: a')
    assert view.descendants([TensorName('a')], lambda use: use.node != 'b') == {'d'}
    assert view.descendants([TensorName('a')], lambda use: True) == {'b', 'c', 'd'}


def test_a_missing_node_is_answered_with_the_closest() -> None:
    """The message names what looks alike."""
    view = view_of('net/logits/BiasAdd:', 'net/other:')
    assert view.require('net/other') == TensorName('net/other')
    with pytest.raises(NameNotFoundError, match='net/logits/BiasAdd'):
        view.require('logits/BiasAdd', 'output node')
