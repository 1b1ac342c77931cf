"""Graphs that leave out what has its default, as SavedModels may: read the same, and left as they are."""

from typing import Any

import pytest

from tests import builders, plain
from tests.builders import NETWORKS
from tests.surgery import load
from tf1pruning.channels import Channels, analyse
from tf1pruning.choice import choose
from tf1pruning.cost import count_cost
from tf1pruning.graph.attributes import attribute, channels_first, turned
from tf1pruning.lowrank import decompose as solve
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.averages_to_pooling import averages_to_pooling
from tf1pruning.passes.decompose import decompose
from tf1pruning.passes.fold_batch_norms import fold_batch_norms
from tf1pruning.passes.fold_constants import fold_constants
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.strip import strip
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import op_definition, tf
from tf1pruning.weights.linear_layers import linear_layers


def without_defaults(model: Model) -> Model:
    """Leaves out what TensorFlow would put in again."""
    meta = tf.MetaGraphDef()
    meta.CopyFrom(model.meta)
    for node in meta.graph_def.node:
        for each in op_definition(node.op).attr:
            if each.HasField('default_value') and node.attr.get(each.name) == each.default_value:
                del node.attr[each.name]
    return model.replace(meta=meta)


def empty(graph: tf.GraphDef) -> list:
    """Attributes that have no value."""
    return [(node.name, name) for node in graph.node for name in list(node.attr)
            if node.attr[name].WhichOneof('value') is None]


def stripped(channels: Channels) -> Model:
    plan = choose(channels, channels.groups, Amount(ratio=0.5), 'l1')
    return strip(soft_prune(channels.model, channels, plan), channels, plan)


def decomposed(model: Model) -> Model:
    layers, _ = linear_layers(model)
    return decompose(model, layers, {name: solve(each.kernel(model), (1, 1), 0.1) for name, each in layers.items()})


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_every_pass_on_every_network(name: str, tmp_path: Any) -> None:
    """The same results, and no attribute comes in that TensorFlow 1.15 would refuse."""
    whole = load(builders.save_network(name, tmp_path))
    models = [to_inference(whole), to_inference(without_defaults(whole))]
    made = [{'pruned': stripped(analyse(model)), 'folded': fold_batch_norms(model), 'constants': fold_constants(
        model).model, 'pooled': averages_to_pooling(model), 'decomposed': decomposed(model)} for model in models]
    assert count_cost(models[0]) == count_cost(models[1])
    feeds = plain.feeds_for({'image': builders.IMAGE})
    for kind, first in made[0].items():
        graphs = [frozen_graph(each) for each in (first, made[1][kind])]
        assert not empty(graphs[1])
        assert [node.name for node in graphs[0].node] == [node.name for node in graphs[1].node]
        results = [plain.run_graph(graph, ['output'], feeds)[0] for graph in graphs]
        assert plain.relative(results[0], results[1]) < 1e-6
    assert not empty(models[1].graph)


def test_what_is_not_said_is_not_added() -> None:
    node = tf.NodeDef(name='y', op='BatchMatMulV2', input=['a', 'b'])
    node.attr['adj_y'].b = True
    assert turned(node) == (False, True)
    assert not channels_first(node)
    assert not attribute(node, 'axis').i
    assert list(node.attr) == ['adj_y']
    node.attr['data_format'].s = b'NCDHW'
    assert channels_first(node)
