"""Initial values of variables: kept where they are simple sub-graphs, resized with their variable, else made anew."""

from typing import Dict, List, Mapping, Optional, Set, Tuple

import numpy as np

from ..graph.constants import array_of, make_constant, set_constant
from ..graph.view import ASSIGN_OPS, GraphView, TensorName
from ..tf1 import VariableDef, tf
from .values import Value, moments

_SHAPED = ('RandomUniform', 'RandomStandardNormal', 'TruncatedNormal', 'Fill', 'StatelessRandomUniform',
           'StatelessRandomNormal', 'StatelessTruncatedNormal')
"""Operations whose first input spells the shape of their result."""
_ELEMENTWISE = ('Identity', 'Cast', 'Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Neg', 'Maximum', 'Minimum')


def initialiser_of(view: GraphView, variable: str, definition: Optional[VariableDef]) -> Optional[str]:
    """Returns the node that assigns a variable's initial value, None where the graph has none.

    What restores a value from a file is not it, even where a warm start has declared it to be.
    """
    if definition is not None and definition.initializer_name in view and not _restores(
            view, definition.initializer_name):
        return str(definition.initializer_name)
    for use in view.uses.get(variable, ()):
        if view.op(use.node) in ASSIGN_OPS and use.position == 0 and not _restores(view, use.node):
            return use.node
    return None


def _restores(view: GraphView, assign: str) -> bool:
    """Whether a node assigns what comes from outside of the graph."""
    return view.op(view.source(view.inputs[assign][1]).node) in ('RestoreV2', 'Placeholder')


def is_plain(view: GraphView, value: TensorName) -> bool:
    """Whether an initial value is made of constants, random numbers and element-wise arithmetic only."""
    return all(view.op(name) in _SHAPED + _ELEMENTWISE + ('Const',) for name in view.ancestors([value.node]))


def make_initialiser(graph: tf.GraphDef, variable: tf.NodeDef, trained: Value, taken: Set[str],
                     assign: Optional[tf.NodeDef] = None) -> Tuple[str, TensorName]:
    """Adds an initialiser that draws like the trained values: the same mean and standard deviation.

    Args:
        graph: the graph that gets the nodes.
        variable: the variable's node.
        trained: values to be like, in the variable's shape.
        taken: node names in use.
        assign: the assign node to connect; None makes one.

    Returns:
        Names of the assign node and of the initial value.
    """
    scope = variable.name + '/initial_value'
    while scope in taken:
        scope += '_'
    dtype = tf.as_dtype(variable.attr['dtype'].type).base_dtype
    mean, deviation = moments(trained) if dtype.is_floating else (0.0, 0.0)
    if deviation > 0:
        value = _add_random(graph, scope, trained.shape, dtype, mean, deviation)
    else:
        value = scope
        graph.node.add().CopyFrom(make_constant(scope, trained.array()))
    if assign is None:
        assign = _add_assign(graph, variable, scope + '/Assign')
    del assign.input[:]
    assign.input.extend([variable.name, value])
    return assign.name, TensorName(value)


def _add_assign(graph: tf.GraphDef, variable: tf.NodeDef, name: str) -> tf.NodeDef:
    resource = variable.op == 'VarHandleOp'
    assign = graph.node.add(name=name, op='AssignVariableOp' if resource else 'Assign')
    assign.attr['dtype' if resource else 'T'].type = variable.attr['dtype'].type
    if not resource:
        assign.attr['_class'].list.s.append(b'loc:@' + variable.name.encode())
    return assign


def _add_random(graph: tf.GraphDef, scope: str, sizes: Tuple[int, ...], dtype: tf.DType, mean: float,
                deviation: float) -> str:
    shape = make_constant(scope + '/shape', np.array(sizes, np.int32))
    scale = make_constant(scope + '/stddev', np.array(deviation, dtype.as_numpy_dtype))
    centre = make_constant(scope + '/mean', np.array(mean, dtype.as_numpy_dtype))
    for node in (shape, scale, centre):
        graph.node.add().CopyFrom(node)
    random = graph.node.add(name=scope + '/TruncatedNormal', op='TruncatedNormal', input=[shape.name])
    random.attr['T'].type = tf.int32.as_datatype_enum
    random.attr['dtype'].type = dtype.as_datatype_enum
    scaled = graph.node.add(name=scope + '/mul', op='Mul', input=[random.name, scale.name])
    value = graph.node.add(name=scope, op='Add', input=[scaled.name, centre.name])
    for node in (scaled, value):
        node.attr['T'].type = dtype.as_datatype_enum
    return scope


def resized(view: GraphView, initialiser: str, old_shape: Tuple[int, ...],
            kept: Mapping[int, np.ndarray]) -> Optional[Dict[str, tf.NodeDef]]:
    """Returns changed copies of the nodes of an initial value, so that it has the shape that remains.

    Args:
        view: the graph before the change.
        initialiser: the assign node.
        old_shape: shape of the variable before.
        kept: for each axis that changes, the indices kept.

    Returns:
        New nodes by the name of the node they replace; None where the initial value is not plain, or others read
        nodes of it, so that it must be made anew.
    """
    value = view.inputs[initialiser][1]
    if not is_plain(view, value):
        return None
    inside = view.ancestors([value.node])
    changed: Dict[str, tf.NodeDef] = {}
    new_shape = [len(kept[axis]) if axis in kept else size for axis, size in enumerate(old_shape)]
    for name in inside:
        if any(use.node not in inside and use.node != initialiser and view.op(use.node) not in ASSIGN_OPS
               for use in view.uses.get(name, ())):
            return None
        array = _constant(view, name)
        if array is None:
            continue
        is_shape = any(view.op(use.node) in _SHAPED and use.position == 0 for use in view.uses[name])
        replacement = _resize(array, is_shape, old_shape, new_shape, kept)
        if replacement is None:
            return None
        changed[name] = tf.NodeDef()
        changed[name].CopyFrom(view.nodes[name])
        changed[name].attr.pop('_output_shapes', None)
        set_constant(changed[name], replacement)
    return changed


def _constant(view: GraphView, name: str) -> Optional[np.ndarray]:
    node = view.nodes[name]
    return array_of(node) if node.op == 'Const' else None


def _resize(array: np.ndarray, is_shape: bool, old_shape: Tuple[int, ...], new_shape: List[int],
            kept: Mapping[int, np.ndarray]) -> Optional[np.ndarray]:
    if is_shape:
        return np.array(new_shape, array.dtype) if tuple(array) == old_shape else None
    if array.shape == old_shape:
        for axis, indices in kept.items():
            array = np.take(array, indices, axis)
        return array
    return array if array.ndim == 0 else None
