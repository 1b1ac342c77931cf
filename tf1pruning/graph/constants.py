"""Constant tensors inside a GraphDef: reading, making and tracing them."""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import ModelError
from ..tf1 import tf
from .attributes import attribute
from .shapes import Shapes, shape_at
from .view import PASSING_OPS, GraphView, TensorName

CONSTANT_PASSING = tuple(op for op in PASSING_OPS if op not in ('ReadVariableOp', 'PlaceholderWithDefault'))


class Element(NamedTuple):
    """One number of a shape-like tensor: where it is spelled out.

    Attributes:
        node: the Const that holds it, or None where it is computed from a live tensor's shape.
        place: position in the Const's flat value.
        value: the number, None where it is computed.
    """

    node: Optional[str]
    place: int
    value: Optional[int]


_FOLDS: Dict[str, Callable[[tf.NodeDef, List[np.ndarray]], np.ndarray]] = {
    'Pack': lambda node, values: np.stack(values, attribute(node, 'axis').i),
    'ConcatV2': lambda node, values: np.concatenate(values[:-1], int(values[-1])),
    'Range': lambda node, values: np.arange(*(value.item() for value in values), dtype=values[0].dtype),
    'Add': lambda node, values: values[0] + values[1],
    'AddV2': lambda node, values: values[0] + values[1],
    'Sub': lambda node, values: values[0] - values[1],
    'Cast': lambda node, values: values[0].astype(tf.as_dtype(node.attr['DstT'].type).as_numpy_dtype),
}
"""Arithmetic that graphs use to spell axes and permutations."""


_DEEPEST = 100
"""Arithmetic with more steps than this is not followed: what it gives counts as not known."""
_LARGEST = 1 << 20
"""Nor is arithmetic with more numbers than this."""


def array_of(node: tf.NodeDef) -> np.ndarray:
    """Returns the value of a Const.

    Raises:
        ModelError: what it holds is no value of its type and shape.
    """
    try:
        return tf.make_ndarray(node.attr['value'].tensor)
    except (ValueError, TypeError) as error:
        raise ModelError('constant %s is damaged: %s' % (node.name, error)) from error


def constant_value(view: GraphView, tensor: TensorName) -> Optional[np.ndarray]:
    """Returns the value of a tensor that is a Const, or made of such by simple arithmetic, else None."""
    return _value(view, tensor, {}, 0)


def _value(view: GraphView, tensor: TensorName, found: Dict[str, Optional[np.ndarray]],
           depth: int) -> Optional[np.ndarray]:
    """Computes a value, each node once: sums of sums would take twice as long with every step."""
    node = view.nodes.get(view.source(tensor, CONSTANT_PASSING).node)
    if node is None or depth > _DEEPEST:
        return None
    if node.name not in found:
        found[node.name] = array_of(node) if node.op == 'Const' else None
        if node.op in _FOLDS:
            values = [_value(view, each, found, depth + 1) for each in view.inputs[node.name]]
            known = [value for value in values if value is not None]
            found[node.name] = _folded(node, known) if len(known) == len(values) else None
    return found[node.name]


def _folded(node: tf.NodeDef, values: List[np.ndarray]) -> Optional[np.ndarray]:
    """Does a step of arithmetic; None where that cannot be done, as with a step of zero, or is too large."""
    try:
        count = sum(value.size for value in values)
        if node.op == 'Range':
            count = len(range(*(int(value) for value in values)))
        return _FOLDS[node.op](node, values) if count <= _LARGEST else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def make_constant(name: str, value: np.ndarray, device: str = '') -> tf.NodeDef:
    """Makes a Const node."""
    node = tf.NodeDef(name=name, op='Const', device=device)
    set_constant(node, value)
    return node


def set_constant(node: tf.NodeDef, value: np.ndarray) -> None:
    """Gives a Const node another value."""
    array = np.asarray(value)
    node.attr['dtype'].type = tf.as_dtype(array.dtype).as_datatype_enum
    node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(array))


def trace_element(view: GraphView, shapes: Shapes, tensor: TensorName, index: int) -> Optional[Element]:
    """Follows one number of a shape vector to where it comes from.

    Given `Reshape(x, Pack(strided_slice(Shape(x)), 1152))`, element 1 is the Const that says 1152, and element 0 is
    computed from the live tensor, so that it follows by itself.

    Args:
        view: the graph.
        shapes: static shapes, for the lengths of what is concatenated.
        tensor: the vector.
        index: which number of it.

    Returns:
        The element, or None where its origin is not understood and therefore cannot be rewritten.
    """
    place: Optional[Tuple[TensorName, int]] = (tensor, index)
    while place is not None:
        source, index = view.source(place[0], CONSTANT_PASSING + ('Cast',)), place[1]
        node = view.nodes.get(source.node)
        if node is not None and node.op == 'Const':
            flat = array_of(node).reshape(-1)
            return Element(node.name, index, int(flat[index])) if index < flat.size else None
        if node is not None and not _picks(node, view, index) and is_live(view, source):
            return Element(None, index, None)
        place = _before(view, shapes, node, index) if node is not None else None
    return None


def _picks(node: tf.NodeDef, view: GraphView, index: int) -> bool:
    return node.op == 'Pack' and attribute(node, 'axis').i == 0 and index < len(view.inputs[node.name])


def _before(view: GraphView, shapes: Shapes, node: tf.NodeDef, index: int) -> Optional[Tuple[TensorName, int]]:
    """Goes one step back: the tensor that a number of a node's output is taken from, and its index there."""
    inputs = view.inputs[node.name]
    if _picks(node, view, index):
        return inputs[index], 0
    if node.op == 'ConcatV2':
        return concat_part(shapes, inputs[:-1], index)
    return (inputs[0], index) if node.op in ('ExpandDims', 'Reshape', 'Squeeze') else None


def is_live(view: GraphView, tensor: TensorName) -> bool:
    """Whether a tensor is computed from shapes of tensors, by picking and multiplying."""
    return _is_live(view, tensor, {}, 0)


def _is_live(view: GraphView, tensor: TensorName, found: Dict[str, bool], depth: int) -> bool:
    """Looks at every node once: products of products would take twice as long with every step."""
    name = view.source(tensor, CONSTANT_PASSING + ('Cast',)).node
    if name not in found and depth < _DEEPEST:
        op, inputs = view.op(name), view.inputs.get(name, [])
        if op in ('StridedSlice', 'Slice', 'Gather', 'GatherV2', 'Prod', 'ExpandDims', 'Reshape', 'Squeeze'):
            found[name] = _is_live(view, inputs[0], found, depth + 1)
        elif op in ('Mul', 'FloorDiv'):
            found[name] = _is_live(view, inputs[0], found, depth + 1) and (
                _is_live(view, inputs[1], found, depth + 1) or constant_value(view, inputs[1]) is not None)
        else:
            found[name] = op == 'Shape'
    return found.get(name, False)


def concat_part(shapes: Shapes, parts: Sequence[TensorName], index: int) -> Optional[Tuple[TensorName, int]]:
    """Finds which of some concatenated vectors holds an index, and where; None where a length is not known."""
    for part in parts:
        shape = shape_at(shapes, part)
        if shape is None or len(shape) != 1 or shape[0] is None:
            return None
        if index < shape[0]:
            return part, index
        index -= shape[0]
    return None
