"""Saver nodes as protos: what `tf.train.Saver` would have added to the graph."""

from typing import Dict, Sequence, Set

import numpy as np

from ..graph.constants import make_constant
from ..graph.view import VARIABLE_OPS, GraphView
from ..tf1 import tf
from .slices import format_slice
from .variables import Variable, find_variables, saver_keys, variable_definitions


def with_v2_saver(meta: tf.MetaGraphDef) -> tf.MetaGraphDef:
    """Returns a meta graph whose saver writes format V2; the one given, where it does already.

    Given a saver for V1 (`SaveSlices`), of one file or of several. Result: `SaveV2` and `RestoreV2` for the same
    variables, under the same keys.
    """
    view = GraphView(meta.graph_def)
    saving = view.ancestors([meta.saver_def.save_tensor_name.split(':')[0]], controls=True)
    if not any(view.op(name) == 'SaveSlices' for name in saving):
        return meta
    variables = find_variables(meta, view, variable_definitions(meta))
    saved = [variables[name] for name in saver_keys(meta, view) if name in variables]
    changed = tf.MetaGraphDef()
    changed.CopyFrom(meta)
    gone = _saver_nodes(view, meta.saver_def)
    del changed.graph_def.node[:]
    changed.graph_def.node.extend(node for name, node in view.nodes.items() if name not in gone)
    add_saver(changed, saved)
    changed.saver_def.max_to_keep = meta.saver_def.max_to_keep
    changed.saver_def.keep_checkpoint_every_n_hours = meta.saver_def.keep_checkpoint_every_n_hours
    if 'savers' in changed.collection_def:
        known = changed.collection_def['savers'].bytes_list
        known.value[:] = [changed.saver_def.SerializeToString() if _is_same(text, meta.saver_def) else text
                          for text in known.value]
    return changed


def _saver_nodes(view: GraphView, saver: tf.train.SaverDef) -> Set[str]:
    """Returns the nodes that are there only for a saver; another one may live in the same scope."""
    own = view.ancestors([name.split(':')[0] for name in (saver.save_tensor_name, saver.restore_op_name)],
                         stop=[name for name, node in view.nodes.items() if node.op in VARIABLE_OPS], controls=True)
    scope = saver.restore_op_name.rpartition('/')[0] + '/'
    return {name for name in own if name.startswith(scope)}


def _is_same(text: bytes, saver: tf.train.SaverDef) -> bool:
    return bool(tf.train.SaverDef.FromString(text).save_tensor_name == saver.save_tensor_name)


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
