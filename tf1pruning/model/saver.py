"""Saver nodes as protos: what `tf.train.Saver` would have added to the graph."""

from typing import Dict, List, Sequence

import numpy as np

from ..graph.constants import make_constant
from ..graph.view import GraphView
from ..tf1 import tf
from .variables import Variable, format_slice


def saver_nodes(view: GraphView, saver: tf.train.SaverDef) -> List[str]:
    """Returns the nodes that exist only for a saver: they read or write checkpoint files, or group those that do."""
    names = {saver.filename_tensor_name.split(':')[0], saver.restore_op_name, saver.save_tensor_name.split(':')[0]}
    prefixes = {name.rsplit('/', 1)[0] + '/' for name in names if '/' in name}
    return [name for name, node in view.nodes.items()
            if node.op in ('SaveV2', 'RestoreV2', 'MergeV2Checkpoints', 'ShardedFilename')
            or any(name.startswith(prefix) for prefix in prefixes)]


def add_saver(meta: tf.MetaGraphDef, variables: Sequence[Variable]) -> None:
    """Adds SaveV2, RestoreV2 and their plumbing for some variables, and the SaverDef that names them."""
    taken = {node.name.split('/')[0] for node in meta.graph_def.node}
    scope = next(name for name in ['save'] + ['save_%d' % i for i in range(1, len(taken) + 2)] if name not in taken)
    nodes = {node.name: node for node in meta.graph_def.node if node.op in ('VariableV2', 'Variable', 'VarHandleOp')}
    graph = meta.graph_def
    if variables:
        _add_nodes(graph, scope, variables, nodes)
        meta.saver_def.CopyFrom(tf.train.SaverDef(
            filename_tensor_name=scope + '/Const:0', save_tensor_name=scope + '/control_dependency:0',
            restore_op_name=scope + '/restore_all', max_to_keep=5, keep_checkpoint_every_n_hours=10000.0,
            version=tf.train.SaverDef.V2))
    else:
        meta.ClearField('saver_def')


def _add_nodes(graph: tf.GraphDef, scope: str, variables: Sequence[Variable], nodes: Dict[str, tf.NodeDef]) -> None:
    types = [nodes[variable.node].attr['dtype'].type for variable in variables]
    default = make_constant(scope + '/filename/input', np.array(b'model', object))
    filename = graph.node.add(name=scope + '/filename', op='PlaceholderWithDefault', input=[default.name])
    prefix = graph.node.add(name=scope + '/Const', op='PlaceholderWithDefault', input=[filename.name])
    for node in (filename, prefix):
        node.attr['dtype'].type = tf.string.as_datatype_enum
        node.attr['shape'].shape.SetInParent()
    graph.node.add().CopyFrom(default)
    for part in ('SaveV2', 'RestoreV2'):
        graph.node.add().CopyFrom(make_constant(
            '%s/%s/tensor_names' % (scope, part), np.array([each.key.encode() for each in variables], object)))
        graph.node.add().CopyFrom(make_constant('%s/%s/shape_and_slices' % (scope, part), np.array(
            [format_slice(each.part, each.shape).encode() for each in variables], object)))
    arguments = ['%s/Const' % scope, '%s/%s/tensor_names', '%s/%s/shape_and_slices']
    save = graph.node.add(name=scope + '/SaveV2', op='SaveV2', input=arguments[:1] + [
        text % (scope, 'SaveV2') for text in arguments[1:]])
    restore = graph.node.add(name=scope + '/RestoreV2', op='RestoreV2', input=arguments[:1] + [
        text % (scope, 'RestoreV2') for text in arguments[1:]])
    for node in (save, restore):
        node.attr['dtypes'].list.type.extend(types)
    assigns = [_add_variable(graph, scope, index, nodes[each.node], save) for index, each in enumerate(variables)]
    done = graph.node.add(name=scope + '/control_dependency', op='Identity',
                          input=[prefix.name, '^' + save.name])
    done.attr['T'].type = tf.string.as_datatype_enum
    graph.node.add(name=scope + '/restore_all', op='NoOp', input=['^' + name for name in assigns])


def _add_variable(graph: tf.GraphDef, scope: str, index: int, variable: tf.NodeDef, save: tf.NodeDef) -> str:
    """Connects one variable to the save and restore nodes; returns its assign node."""
    suffix = '_%d' % index if index else ''
    value = '%s/RestoreV2%s' % (scope, ':%d' % index if index else '')
    dtype = variable.attr['dtype'].type
    if variable.op == 'VarHandleOp':
        read = graph.node.add(name='%s/ReadVariableOp%s' % (scope, suffix), op='ReadVariableOp', input=[variable.name])
        read.attr['dtype'].type = dtype
        save.input.append(read.name)
        restored = graph.node.add(name='%s/Identity%s' % (scope, suffix), op='Identity', input=[value])
        restored.attr['T'].type = dtype
        assign = graph.node.add(name='%s/AssignVariableOp%s' % (scope, suffix), op='AssignVariableOp',
                                input=[variable.name, restored.name])
        assign.attr['dtype'].type = dtype
        return str(assign.name)
    save.input.append(variable.name)
    assign = graph.node.add(name='%s/Assign%s' % (scope, suffix), op='Assign', input=[variable.name, value])
    assign.attr['T'].type = dtype
    assign.attr['validate_shape'].b = True
    assign.attr['use_locking'].b = True
    assign.attr['_class'].list.s.append(b'loc:@' + variable.name.encode())
    return str(assign.name)
