"""A forward GraphDef → a MetaGraphDef that imports, restores, initialises and saves."""

from typing import Iterable, List, Mapping, Set

from ..errors import ModelError
from ..graph.view import GraphView
from ..tf1 import VariableDef, tf
from .initial_values import initialiser_of, is_plain, make_initialiser
from .model import Model
from .saver import add_saver
from .variables import Definitions


def rebuilt(model: Model, forward: tf.GraphDef) -> Model:
    """Returns a model of a forward graph, with the variables, initial values and collections that it needs.

    Args:
        model: what the forward graph was cut out of.
        forward: the forward graph.

    Raises:
        ModelError: the checkpoint lacks variables of the forward graph.
    """
    present = {node.name for node in forward.node}
    names = [name for name in model.variables if name in present]
    require_values(model, names)
    meta = tf.MetaGraphDef()
    meta.meta_info_def.CopyFrom(model.meta.meta_info_def)
    meta.graph_def.CopyFrom(forward)
    if not model.frozen:
        collections = model.definitions
        added = {name: _add_variable_nodes(model, meta.graph_def, name, collections, present) for name in names}
        _copy_collections(model, meta, collections, added, present)
        add_saver(meta, [model.variables[name] for name in names])
    return model.replace(meta=meta, weights=model.weights.restricted(names))


def require_values(model: Model, names: Iterable[str]) -> None:
    """Checks that the checkpoint holds some variables.

    Raises:
        ModelError: it lacks one; the message names the first three.
    """
    lacking = [model.variables[name].key for name in names if name not in model.weights]
    if lacking:
        raise ModelError('checkpoint %s lacks %d variables that the outputs need (%s%s): is the .meta of another model?'
                         % (model.name, len(lacking), ', '.join(lacking[:3]), ', …' if len(lacking) > 3 else ''))


def _add_variable_nodes(model: Model, graph: tf.GraphDef, variable: str, collections: Definitions,
                        present: Set[str]) -> VariableDef:
    """Adds a variable's initial value, its assignment and its read; returns its definition for the collections."""
    view = model.view
    definition = VariableDef()
    for known in collections.values():
        if variable in known:
            definition.CopyFrom(known[variable])
            break
    definition.variable_name = variable + ':0'
    definition.is_resource = view.op(variable) == 'VarHandleOp'
    definition.trainable = model.variables[variable].trainable
    initialiser = initialiser_of(view, variable, definition)
    if initialiser is not None and is_plain(view, view.inputs[initialiser][1]):
        value = view.inputs[initialiser][1]
        _copy_nodes(view, graph, view.ancestors([initialiser], stop=[variable]), present)
    else:
        initialiser, value = make_initialiser(graph, view.nodes[variable], model.weights.lazy(variable), present)
    definition.initializer_name = initialiser
    definition.initial_value_name = '%s:%d' % value
    snapshot = definition.snapshot_name.split(':')[0]
    if snapshot and snapshot in view:
        _copy_nodes(view, graph, view.ancestors([snapshot], stop=[variable]), present)
    else:
        definition.snapshot_name = _any_read(graph, variable, present)
    return definition


def _any_read(graph: tf.GraphDef, variable: str, present: Set[str]) -> str:
    for node in graph.node:
        if node.op in ('Identity', 'ReadVariableOp') and list(node.input) == [variable]:
            return node.name + ':0'
    return ''


def _copy_nodes(view: GraphView, graph: tf.GraphDef, names: Iterable[str], present: Set[str]) -> None:
    for name in names:
        if name not in present:
            present.add(name)
            copy = graph.node.add()
            copy.CopyFrom(view.nodes[name])
            copy.device = ''
            copy.attr.pop('_output_shapes', None)
            data = [text for text in copy.input if not text.startswith('^')]
            del copy.input[:]
            copy.input.extend(data)


def _copy_collections(model: Model, meta: tf.MetaGraphDef, collections: Definitions,
                      added: Mapping[str, VariableDef], present: Set[str]) -> None:
    """Keeps of every collection what still exists: variables with their new definitions, nodes and tensors by name."""
    for name, known in collections.items():
        kept = [added[variable].SerializeToString() for variable in known if variable in added]
        if kept:
            meta.collection_def[name].bytes_list.value.extend(kept)
    if 'variables' not in meta.collection_def and added:
        meta.collection_def['variables'].bytes_list.value.extend(
            definition.SerializeToString() for definition in added.values())
    for name, value in model.meta.collection_def.items():
        nodes: List[str] = []
        if value.WhichOneof('kind') == 'node_list':
            nodes = [text for text in value.node_list.value if text.split(':')[0] in present]
        if nodes:
            meta.collection_def[name].node_list.value.extend(nodes)
