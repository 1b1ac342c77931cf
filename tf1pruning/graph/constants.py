"""Constant tensors inside a GraphDef: reading, making and tracing them."""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..tf1 import tf
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
    'Pack': lambda node, values: np.stack(values, node.attr['axis'].i),
    'ConcatV2': lambda node, values: np.concatenate(values[:-1], int(values[-1])),
    'Range': lambda node, values: np.arange(*(value.item() for value in values), dtype=values[0].dtype),
    'Add': lambda node, values: values[0] + values[1],
    'AddV2': lambda node, values: values[0] + values[1],
    'Sub': lambda node, values: values[0] - values[1],
    'Cast': lambda node, values: values[0].astype(tf.as_dtype(node.attr['DstT'].type).as_numpy_dtype),
}
"""Arithmetic that graphs use to spell axes and permutations."""


def constant_value(view: GraphView, tensor: TensorName) -> Optional[np.ndarray]:
    """Returns the value of a tensor that is a Const, or made of such by simple arithmetic, else None."""
    source = view.source(tensor, CONSTANT_PASSING)
    node = view.nodes.get(source.node)
    if node is None:
        return None
    if node.op == 'Const':
        return tf.make_ndarray(node.attr['value'].tensor)
    if node.op not in _FOLDS:
        return None
    values = [constant_value(view, each) for each in view.inputs[node.name]]
    known = [value for value in values if value is not None]
    return _FOLDS[node.op](node, known) if len(known) == len(values) else None


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
    source = view.source(tensor, CONSTANT_PASSING + ('Cast',))
    node = view.nodes.get(source.node)
    if node is None:
        return None
    if node.op == 'Const':
        flat = tf.make_ndarray(node.attr['value'].tensor).reshape(-1)
        return Element(node.name, index, int(flat[index])) if index < flat.size else None
    inputs = view.inputs[node.name]
    if node.op == 'Pack' and node.attr['axis'].i == 0 and index < len(inputs):
        return trace_element(view, shapes, inputs[index], 0)
    if is_live(view, source):
        return Element(None, index, None)
    if node.op == 'ConcatV2':
        found = concat_part(shapes, inputs[:-1], index)
        return trace_element(view, shapes, *found) if found is not None else None
    if node.op in ('ExpandDims', 'Reshape', 'Squeeze'):
        return trace_element(view, shapes, inputs[0], index)
    return None


def is_live(view: GraphView, tensor: TensorName) -> bool:
    """Whether a tensor is computed from shapes of tensors, by picking and multiplying."""
    source = view.source(tensor, CONSTANT_PASSING + ('Cast',))
    op = view.op(source.node)
    inputs = view.inputs.get(source.node, [])
    if op in ('StridedSlice', 'Slice', 'Gather', 'GatherV2', 'Prod', 'ExpandDims', 'Reshape', 'Squeeze'):
        return is_live(view, inputs[0])
    if op in ('Mul', 'FloorDiv'):
        return is_live(view, inputs[0]) and (is_live(view, inputs[1]) or constant_value(view, inputs[1]) is not None)
    return op == 'Shape'


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
