"""Constant tensors inside a GraphDef: reading, making and tracing them."""

from typing import List, NamedTuple, Optional

import numpy as np

from ..tf1 import tf
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


def constant_value(view: GraphView, tensor: TensorName) -> Optional[np.ndarray]:
    """Returns the value of a tensor that is a Const, seen through Identity-like nodes, else None."""
    source = view.source(tensor, CONSTANT_PASSING)
    node = view.nodes.get(source.node)
    if node is None or node.op != 'Const':
        return None
    return tf.make_ndarray(node.attr['value'].tensor)


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


def trace_element(view: GraphView, tensor: TensorName, index: int) -> Optional[Element]:
    """Follows one number of a shape vector to where it comes from.

    Given `Reshape(x, Pack(strided_slice(Shape(x)), 1152))`, element 1 is the Const that says 1152, and element 0 is
    computed from the live tensor, so that it follows by itself.

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
        return trace_element(view, inputs[index], 0)
    if node.op in ('Shape', 'StridedSlice', 'Slice', 'Gather', 'GatherV2') and _is_live_shape(view, source):
        return Element(None, index, None)
    if node.op == 'ConcatV2':
        return _trace_concat(view, inputs[:-1], index)
    if node.op in ('ExpandDims', 'Reshape', 'Squeeze'):
        return trace_element(view, inputs[0], index)
    return None


def _is_live_shape(view: GraphView, tensor: TensorName) -> bool:
    """Whether a tensor is (a part of) the result of a Shape operation."""
    while view.op(tensor.node) in ('StridedSlice', 'Slice', 'Gather', 'GatherV2', 'Cast', 'Identity'):
        tensor = view.inputs[tensor.node][0]
    return view.op(tensor.node) == 'Shape'


def _trace_concat(view: GraphView, parts: List[TensorName], index: int) -> Optional[Element]:
    for part in parts:
        value = constant_value(view, part)
        length = value.size if value is not None else 1
        if value is None and view.op(view.source(part).node) not in ('Pack', 'ExpandDims', 'Reshape'):
            return None
        if value is None and view.op(view.source(part).node) == 'Pack':
            length = len(view.inputs[view.source(part).node])
        if index < length:
            return trace_element(view, part, index)
        index -= length
    return None
