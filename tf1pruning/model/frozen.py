"""Frozen graphs: `.pb` → Model, Model → `.pb`."""

import os
from typing import Iterator, Mapping, Optional, Tuple

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import ModelError
from ..files import write_bytes
from ..graph.attributes import attribute
from ..graph.constants import set_constant
from ..graph.inference import Input, Scalar
from ..graph.sound import require_sound
from ..graph.view import VARIABLE_OPS
from ..tf1 import tf
from .graph_writer import GraphNode, write_graph
from .model import Model, Weights
from .values import Constant, type_number

_LARGE_BYTES = 1 << 20
"""Constants above this size are not copied with their node."""
_GATHERS = {'ResourceGather': 'Gather', 'ResourceGatherNd': 'GatherNd'}
"""Operations that pick from a resource variable, and what picks from a constant."""


def load_frozen(path: str, outputs: Tuple[str, ...] = (), inputs: Optional[Mapping[str, Input]] = None,
                feeds: Optional[Mapping[str, Scalar]] = None) -> Model:
    """Reads a frozen graph.

    Raises:
        ModelError: the file is missing, damaged, or holds variables.
    """
    meta = tf.MetaGraphDef()
    try:
        with open(path, 'rb') as stream:
            meta.graph_def.ParseFromString(stream.read())
    except OSError as error:
        raise ModelError('cannot read %s: %s' % (path, error.strerror)) from error
    except DecodeError as error:
        raise ModelError('%s is not a frozen graph (a binary GraphDef), or it is truncated' % path) from error
    if not meta.graph_def.node:
        raise ModelError('%s holds no graph: a frozen graph, as a binary GraphDef, is expected' % path)
    for node in meta.graph_def.node:
        if node.op in VARIABLE_OPS:
            raise ModelError('%s has variables (%s): it is not frozen; give its checkpoint instead' % (path, node.name))
    require_sound(meta.graph_def, path)
    stem = os.path.splitext(os.path.basename(path))[0]
    return Model(stem, meta, Weights(_nothing, ()), outputs, inputs, feeds, frozen=True)


def frozen_graph(model: Model) -> tf.GraphDef:
    """Returns the graph with every variable replaced by a Const of its value; names are kept.

    Given `VariableV2 w → Identity w/read`. Result: `Const w → Identity w/read`; `ReadVariableOp` becomes Identity, and
    `ResourceGather`, which reads a table itself, Gather.
    """
    graph = without_nodes(model.graph)
    for node, value in frozen_nodes(model):
        if value is not None:
            set_constant(node, value.array())
        graph.node.add().CopyFrom(node)
    return graph


def freeze(model: Model) -> Model:
    """Returns the model with its variables as constants.

    Raises:
        ModelError: the checkpoint lacks a variable.
    """
    meta = tf.MetaGraphDef(graph_def=frozen_graph(model))
    return Model(model.name, meta, Weights(_nothing, ()), model.outputs, model.inputs, model.feeds, frozen=True)


def save_frozen(model: Model, path: str) -> str:
    """Writes the frozen graph, one value after the other; returns the path.

    Raises:
        TooLargeError: it is larger than the 2 GB that protobuf reads.
        OutputError: the place cannot be written.
    """
    return write_graph(path, frozen_nodes(model), without_nodes(model.graph))


def frozen_nodes(model: Model) -> Iterator[GraphNode]:
    """Yields the nodes of the frozen graph, the values of weights apart."""
    targets = [model.view.require(name).node for name in (*model.outputs, *model.inputs)]
    needed = model.view.ancestors(targets, controls=True) if targets else set(model.view.nodes)
    for name, node in model.view.nodes.items():
        if name in needed:
            yield _frozen(model, node)


def _frozen(model: Model, node: tf.NodeDef) -> GraphNode:
    if node.op in VARIABLE_OPS:
        frozen = tf.NodeDef(name=node.name, op='Const')
        value = model.lazy(node.name)
        if value.is_text:
            set_constant(frozen, value.array())
            return GraphNode(frozen)
        frozen.attr['dtype'].type = type_number(value.dtype)
        return GraphNode(frozen, value)
    if node.op == 'ReadVariableOp':
        frozen = tf.NodeDef(name=node.name, op='Identity', input=node.input)
        frozen.attr['T'].type = node.attr['dtype'].type
        return GraphNode(frozen)
    if node.op in _GATHERS and not attribute(node, 'batch_dims').i:
        frozen = tf.NodeDef(name=node.name, op=_GATHERS[node.op], input=node.input)
        frozen.attr['Tparams'].type = node.attr['dtype'].type
        frozen.attr['Tindices'].type = node.attr['Tindices'].type
        return GraphNode(frozen)
    if node.op == 'Const':
        constant = Constant(node)
        if constant.nbytes > _LARGE_BYTES and constant.is_spelled_out:
            attributes = {'dtype': node.attr['dtype']}
            return GraphNode(tf.NodeDef(name=node.name, op='Const', input=node.input, attr=attributes), constant)
    frozen = tf.NodeDef()
    frozen.CopyFrom(node)
    frozen.device = ''
    frozen.attr.pop('_class', None)
    return GraphNode(frozen)


def without_nodes(graph: tf.GraphDef) -> tf.GraphDef:
    """Returns a graph's versions and functions."""
    return tf.GraphDef(versions=graph.versions, library=graph.library)


def save_graph(graph: tf.GraphDef, path: str) -> str:
    """Writes a GraphDef; returns the path."""
    write_bytes(path, graph.SerializeToString(deterministic=True))
    return path


def _nothing(name: str) -> np.ndarray:
    raise KeyError(name)
