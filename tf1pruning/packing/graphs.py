"""The graph that goes into a packed file: the forward part, without what can be made again."""

from typing import Iterable, Set

from ..model.model import Model
from ..model.values import Constant
from ..tf1 import op_definition, tf

_LARGE_BYTES = 64
"""Constants above this size are packed as tensors are."""
_DERIVED = ('_output_shapes', '_class')
"""Attributes that an import infers, or that only say where to place a node."""


def forward_nodes(model: Model) -> Set[str]:
    """Returns the nodes that outputs and inputs need; initial values and savers are not among them."""
    names = [*model.outputs, *model.inputs]
    return model.view.ancestors(model.view.require(name).node for name in names)


def packed_constants(model: Model, nodes: Iterable[str]) -> Set[str]:
    """Returns those of some nodes that are constants of many numbers, all spelled out."""
    found = set()
    for name in nodes:
        if model.view.op(name) == 'Const':
            constant = Constant(model.view.nodes[name])
            if not constant.is_text and constant.nbytes > _LARGE_BYTES and constant.is_spelled_out:
                found.add(name)
    return found


def bare_graph(model: Model, nodes: Set[str], without_values: Set[str]) -> tf.GraphDef:
    """Returns some nodes of a model in its order, without attributes that have their default.

    Args:
        model: the model.
        nodes: those wanted.
        without_values: constants whose values are elsewhere.
    """
    graph = tf.GraphDef(versions=model.graph.versions, library=model.graph.library)
    for name, node in model.view.nodes.items():
        if name not in nodes:
            continue
        copy = graph.node.add(name=name, op=node.op)
        copy.input.extend(text for text in node.input if text.lstrip('^').partition(':')[0] in nodes)
        for key, value in node.attr.items():
            if key not in _DERIVED and not (key == 'value' and name in without_values):
                copy.attr[key].CopyFrom(value)
        _drop_defaults(copy)
    return graph


def _drop_defaults(node: tf.NodeDef) -> None:
    """Removes what every TensorFlow puts back on import."""
    definition = op_definition(node.op)
    for attribute in definition.attr if definition is not None else ():
        if attribute.HasField('default_value') and node.attr.get(attribute.name) == attribute.default_value:
            del node.attr[attribute.name]
