"""Replacements, applied once when the graph is built."""

from typing import Dict, List

import pytest

from tf1pruning.errors import ModelError
from tf1pruning.graph.rewiring import Rewiring
from tf1pruning.graph.view import GraphView, TensorName
from tf1pruning.tf1 import tf


def chain() -> GraphView:
    """Given `a → b → c → d`, and `c` has a control dependency."""
    graph = tf.GraphDef()
    for name, inputs in (('a', []), ('b', ['a']), ('c', ['b', '^a']), ('d', ['c'])):
        node = graph.node.add(name=name, op='Relu', input=inputs, device='/device:GPU:0')
        node.attr['_output_shapes'].list.shape.add()
    return GraphView(graph)


def inputs(graph: tf.GraphDef) -> Dict[str, List[str]]:
    """Inputs by node."""
    return {node.name: list(node.input) for node in graph.node}


def test_nothing_replaced() -> None:
    """Only control dependencies, devices and cached shapes go."""
    view = chain()
    built = Rewiring(view).build([TensorName('d')])
    assert inputs(built) == {'a': [], 'b': ['a'], 'c': ['b'], 'd': ['c']}
    assert not any(node.device or node.attr for node in built.node)
    assert view.nodes['c'].device


def test_a_replaced_tensor_and_what_only_it_needed_are_gone() -> None:
    """Given c replaced by a. Result: d reads a; b and c are not built."""
    rewiring = Rewiring(chain())
    rewiring.replace(TensorName('c'), TensorName('a'))
    assert inputs(rewiring.build([TensorName('d')])) == {'a': [], 'd': ['a']}


def test_chains_of_replacements() -> None:
    """d reads what c was replaced by was replaced by."""
    rewiring = Rewiring(chain())
    rewiring.replace(TensorName('c'), TensorName('b'))
    rewiring.replace(TensorName('b'), TensorName('a'))
    assert rewiring.inputs('d') == [TensorName('a')]


def test_a_replaced_target_keeps_its_name() -> None:
    """It lives on as an Identity."""
    rewiring = Rewiring(chain())
    rewiring.replace(TensorName('d'), TensorName('b'))
    built = rewiring.build([TensorName('d')])
    assert inputs(built) == {'a': [], 'b': ['a'], 'd': ['b']}
    assert built.node[-1].op == 'Identity'


def test_a_node_that_is_missing() -> None:
    """A damaged graph is named as such."""
    graph = tf.GraphDef()
    graph.node.add(name='a', op='Relu', input=['gone'])
    with pytest.raises(ModelError, match='gone'):
        Rewiring(GraphView(graph)).build([TensorName('a')])
