"""Nothing but values passed on is left out."""

from typing import Any

import pytest

from tests import builders, plain
from tests.builders import NETWORKS
from tests.surgery import load
from tf1pruning.graph.view import PASSING_OPS
from tf1pruning.model.frozen import freeze, frozen_graph
from tf1pruning.passes.drop_passing import drop_passing
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_every_network_computes_the_same(name: str, tmp_path: Any) -> None:
    """To the last bit; of what passes values on, only outputs remain."""
    saved = builders.save_network(name, tmp_path)
    model = to_inference(load(saved))
    graph = drop_passing(freeze(model)).graph
    feeds = {**plain.feeds_for(saved.inputs), **saved.feeds}
    assert (plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0]
            == plain.run_graph(graph, saved.outputs, feeds)[0]).all()
    assert {node.name for node in graph.node if node.op in PASSING_OPS} <= set(saved.outputs)
    assert len(graph.node) < len(frozen_graph(model).node)


def test_a_default_is_more_than_passing(tmp_path: Any) -> None:
    """It can be fed; so can what stands behind chains of identities."""
    def build() -> None:
        rate = tf.placeholder_with_default(2.0, [], 'rate')
        scaled = builders.image() * tf.get_variable('scale', [3])
        tf.identity(tf.identity(tf.identity(scaled * rate, 'one'), 'two'), 'output')
    saved = builders.save_graph(build, tmp_path)
    graph = drop_passing(freeze(to_inference(load(saved)))).graph
    assert sorted(node.op for node in graph.node) == ['Const', 'Const', 'Identity', 'Mul', 'Mul', 'Placeholder',
                                                      'PlaceholderWithDefault']


def test_resource_variables_are_still_read(tmp_path: Any) -> None:
    """Else the graph would be none until it is frozen."""
    model = drop_passing(to_inference(load(builders.save_network('resource', tmp_path))))
    assert 'ReadVariableOp' in {node.op for node in model.graph.node}
    assert model.shapes['output'] == [(2, builders.CLASSES)]
