"""Frozen graphs: `.pb` → Model, Model → `.pb`."""

import os
from typing import Mapping, Optional, Tuple

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import ModelError
from ..files import write_bytes
from ..graph.constants import set_constant
from ..graph.inference import Input, Scalar
from ..graph.view import VARIABLE_OPS
from ..tf1 import tf
from .model import Model, Weights


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
    stem = os.path.splitext(os.path.basename(path))[0]
    return Model(stem, meta, Weights(_nothing, ()), outputs, inputs, feeds, frozen=True)


def frozen_graph(model: Model) -> tf.GraphDef:
    """Returns the graph with every variable replaced by a Const of its value; names are kept.

    Given `VariableV2 w → Identity w/read`. Result: `Const w → Identity w/read`; `ReadVariableOp` becomes Identity.
    """
    graph = tf.GraphDef()
    graph.versions.CopyFrom(model.graph.versions)
    graph.library.CopyFrom(model.graph.library)
    targets = [model.view.require(name).node for name in (*model.outputs, *model.inputs)]
    needed = model.view.ancestors(targets, controls=True) if targets else set(model.view.nodes)
    for name, node in model.view.nodes.items():
        if name not in needed:
            continue
        copy = graph.node.add()
        if node.op in VARIABLE_OPS:
            copy.name, copy.op = name, 'Const'
            set_constant(copy, model.value(name))
        elif node.op == 'ReadVariableOp':
            copy.name, copy.op = name, 'Identity'
            copy.input.extend(node.input)
            copy.attr['T'].type = node.attr['dtype'].type
        else:
            copy.CopyFrom(node)
            copy.device = ''
            copy.attr.pop('_class', None)
    return graph


def save_frozen(model: Model, path: str) -> str:
    """Writes the frozen graph; returns the path."""
    return save_graph(frozen_graph(model), path)


def save_graph(graph: tf.GraphDef, path: str) -> str:
    """Writes a GraphDef; returns the path."""
    write_bytes(path, graph.SerializeToString(deterministic=True))
    return path


def _nothing(name: str) -> np.ndarray:
    raise KeyError(name)
