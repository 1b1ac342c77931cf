"""A bare forward graph → a meta graph that plain TensorFlow imports, restores, initialises and saves."""

from typing import List, Mapping

import numpy as np

from ..graph.attributes import attribute
from ..graph.constants import make_constant
from ..graph.view import VARIABLE_OPS
from ..model.saver import add_saver
from ..model.slices import parse_slice
from ..model.variables import Variable
from ..tf1 import VariableDef, tf
from .contents import Contents, Tensor
from .cursor import DamagedError

_READS = ('Identity', 'ReadVariableOp')


def rebuilt_meta(contents: Contents) -> tf.MetaGraphDef:
    """Adds initial values of zero, collections and a saver to the graph of a packed checkpoint.

    Raises:
        DamagedError: the tensors are not those of the graph.
    """
    meta = tf.MetaGraphDef()
    meta.CopyFrom(contents.meta)
    nodes = {node.name: node for node in meta.graph_def.node}
    packed = [tensor for tensor in contents.tensors if nodes[tensor.name].op in VARIABLE_OPS]
    reads = {node.input[0]: node.name for node in reversed(contents.meta.graph_def.node)
             if node.op in _READS and len(node.input) == 1}
    variables: List[Variable] = []
    for tensor in packed:
        variables.append(_variable(tensor, nodes[tensor.name]))
        definition = _definition(meta.graph_def, tensor, nodes, reads)
        for name in tensor.collections:
            meta.collection_def[name].bytes_list.value.append(definition.SerializeToString(deterministic=True))
    add_saver(meta, variables)
    return meta


def _variable(tensor: Tensor, node: tf.NodeDef) -> Variable:
    key = tensor.key or (_shared_name(node) if node.op == 'VarHandleOp' else '') or tensor.name
    try:
        part = parse_slice(tensor.part)
    except ValueError as error:
        raise DamagedError('%r is no part of a variable' % tensor.part) from error
    if part is not None and not len(part.full_shape) == len(part.offset) == len(tensor.shape):
        raise DamagedError('%r is no part of a variable of shape %s' % (tensor.part, list(tensor.shape)))
    return Variable(tensor.name, key, tensor.shape, part, 'trainable_variables' in tensor.collections)


def _shared_name(node: tf.NodeDef) -> str:
    try:
        return str(attribute(node, 'shared_name').s.decode())
    except UnicodeDecodeError as error:
        raise DamagedError('the shared name of %s: %s' % (node.name, error)) from error


def _definition(graph: tf.GraphDef, tensor: Tensor, nodes: Mapping[str, tf.NodeDef],
                reads: Mapping[str, str]) -> VariableDef:
    """Adds a variable's initial value, and its read where nothing reads it; returns its definition."""
    node = nodes[tensor.name]
    scope = tensor.name + '/initial_value'
    while scope in nodes:
        scope += '_'
    dtype = node.attr['dtype'].type
    graph.node.add().CopyFrom(make_constant(scope + '/shape', np.array(tensor.shape, np.int64)))
    graph.node.add().CopyFrom(make_constant(scope + '/zero', np.zeros((), tensor.dtype)))
    fill = graph.node.add(name=scope, op='Fill', input=[scope + '/shape', scope + '/zero'])
    fill.attr['T'].type = dtype
    fill.attr['index_type'].type = tf.int64.as_datatype_enum
    resource = node.op == 'VarHandleOp'
    assign = graph.node.add(name=scope + '/Assign', op='AssignVariableOp' if resource else 'Assign',
                            input=[tensor.name, scope])
    assign.attr['dtype' if resource else 'T'].type = dtype
    read = reads.get(tensor.name) or _add_read(graph, scope, tensor.name, resource, dtype)
    definition = VariableDef(variable_name=tensor.name + ':0', initializer_name=assign.name,
                             initial_value_name=scope + ':0', snapshot_name=read + ':0', is_resource=resource,
                             trainable='trainable_variables' in tensor.collections)
    part = parse_slice(tensor.part)
    if part is not None:
        info = definition.save_slice_info_def
        info.full_name, info.full_shape[:], info.var_offset[:] = tensor.key or tensor.name, part.full_shape, part.offset
        info.var_shape[:] = tensor.shape
    return definition


def _add_read(graph: tf.GraphDef, scope: str, variable: str, resource: bool, dtype: int) -> str:
    read = graph.node.add(name=scope + '/read', op='ReadVariableOp' if resource else 'Identity', input=[variable])
    read.attr['dtype' if resource else 'T'].type = dtype
    return str(read.name)
