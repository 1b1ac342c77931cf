"""Variables that become smaller: their declarations, initial values, partitions, slots and values follow."""

from typing import Dict, List, Mapping, Set, Tuple

import numpy as np

from ..graph.constants import array_of
from ..graph.shapes import set_declared_shape
from ..graph.view import GraphView
from ..tf1 import VariableDef, tf
from .initial_values import initialiser_of, make_initialiser, resized
from .model import Model
from .slices import Slice, format_slice, parse_slice
from .values import Held, Taken, Value
from .variables import Variable

Kept = Mapping[str, Mapping[int, np.ndarray]]


def resize_variables(model: Model, meta: tf.MetaGraphDef, nodes: Dict[str, tf.NodeDef],
                     kept: Kept) -> Dict[str, Value]:
    """Changes a copy of a model's meta graph so that some variables keep only some indices.

    Args:
        model: the model as it is.
        meta: the copy that is changed.
        nodes: the copy's nodes by name.
        kept: variable node → axis → indices that stay. Slots and moving averages follow their variable.

    Returns:
        The new values, by variable node.
    """
    kept = with_companions(model, kept)
    values: Dict[str, Value] = {name: Taken(model.lazy(name), axes) for name, axes in kept.items()
                                if name in model.weights}
    shapes = {name: new_shape(model.variables[name], axes) for name, axes in kept.items()}
    definitions = model.definitions
    renamed: Dict[str, Tuple[str, str]] = {}
    for name, axes in kept.items():
        set_declared_shape(nodes[name], shapes[name])
        definition = next((each[name] for each in definitions.values() if name in each), None)
        initialiser = initialiser_of(model.view, name, definition)
        if initialiser is not None:
            renamed[name] = _resize_initial_value(model, meta.graph_def, nodes, name, initialiser, axes, values)
    parts = _new_parts(model.variables, shapes)
    _rewrite_definitions(meta, definitions, renamed, parts)
    _rewrite_slices(model.view, nodes, model.variables, shapes, parts)
    return values


def with_companions(model: Model, kept: Kept) -> Dict[str, Mapping[int, np.ndarray]]:
    """Adds the slots and moving averages of variables, with the same indices."""
    result: Dict[str, Mapping[int, np.ndarray]] = dict(kept)
    for name, axes in kept.items():
        for companion in model.companions.get(name, ()):
            result[companion.node] = axes
    return result


def new_shape(variable: Variable, axes: Mapping[int, np.ndarray]) -> Tuple[int, ...]:
    """Returns the shape that remains of a variable."""
    return tuple(len(axes[axis]) if axis in axes else size for axis, size in enumerate(variable.shape))


def _resize_initial_value(model: Model, graph: tf.GraphDef, nodes: Dict[str, tf.NodeDef], name: str, initialiser: str,
                          axes: Mapping[int, np.ndarray], values: Mapping[str, Value]) -> Tuple[str, str]:
    """Resizes an initial value, or makes one anew; returns the names of the assign node and of the value."""
    variable = model.variables[name]
    value = model.view.inputs[initialiser][1]
    changed = resized(model.view, initialiser, variable.shape, axes)
    if changed is not None:
        for each, node in changed.items():
            nodes[each].CopyFrom(node)
        return initialiser, '%s:%d' % value
    trained = values.get(name) or Held(np.broadcast_to(np.float32(0), new_shape(variable, axes)))
    _, value = make_initialiser(graph, nodes[name], trained, set(nodes), nodes[initialiser])
    nodes.update({node.name: node for node in graph.node if node.name.startswith(name + '/initial_value')})
    return initialiser, '%s:%d' % value


def _new_parts(variables: Mapping[str, Variable], shapes: Mapping[str, Tuple[int, ...]]) -> Dict[str, Slice]:
    """Recomputes where the parts of partitioned variables lie."""
    keys: Set[str] = {variables[name].key for name in shapes if variables[name].part is not None}
    found: Dict[str, Slice] = {}
    for key in keys:
        members = {name: each for name, each in variables.items() if each.key == key and each.part is not None}
        starts: List[Dict[int, int]] = []
        full: List[int] = []
        for axis in range(len(next(iter(members.values())).shape)):
            sizes = {each.part.offset[axis]: shapes.get(name, each.shape)[axis]
                     for name, each in members.items() if each.part is not None}
            place, total = {}, 0
            for offset in sorted(sizes):
                place[offset], total = total, total + sizes[offset]
            starts.append(place)
            full.append(total)
        for name, each in members.items():
            if each.part is not None:
                found[name] = Slice(tuple(full), tuple(starts[axis][offset]
                                                       for axis, offset in enumerate(each.part.offset)))
    return found


def _rewrite_definitions(meta: tf.MetaGraphDef, definitions: Mapping[str, Mapping[str, VariableDef]],
                         renamed: Mapping[str, Tuple[str, str]], parts: Mapping[str, Slice]) -> None:
    for collection, known in definitions.items():
        texts = []
        for name, definition in known.items():
            changed = VariableDef()
            changed.CopyFrom(definition)
            if name in renamed:
                changed.initializer_name, changed.initial_value_name = renamed[name]
            if name in parts and changed.HasField('save_slice_info_def'):
                changed.save_slice_info_def.full_shape[:] = parts[name].full_shape
                changed.save_slice_info_def.var_offset[:] = parts[name].offset
                shape = next(node for node in meta.graph_def.node if node.name == name).attr['shape'].shape
                changed.save_slice_info_def.var_shape[:] = [dim.size for dim in shape.dim]
            texts.append(changed.SerializeToString())
        meta.collection_def[collection].bytes_list.value[:] = texts


def _rewrite_slices(view: GraphView, nodes: Dict[str, tf.NodeDef], variables: Mapping[str, Variable],
                    shapes: Mapping[str, Tuple[int, ...]], parts: Mapping[str, Slice]) -> None:
    """Savers spell the slices of partitioned variables: both ends of them are rewritten."""
    if not parts:
        return
    moved = {(variables[name].key, variables[name].part): format_slice(part, shapes.get(name, variables[name].shape))
             for name, part in parts.items()}
    for name, node in view.nodes.items():
        if node.op in ('SaveV2', 'RestoreV2'):
            keys, slices = (array_of(view.nodes[tensor.node])
                            for tensor in view.inputs[name][1:3])
            new = [moved.get((key.decode(), parse_slice(text.decode())), text.decode()).encode()
                   for key, text in zip(keys, slices)]
            target = nodes[view.inputs[name][2].node]
            target.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(np.array(new, object)))
