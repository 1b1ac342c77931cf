"""Rewriting numbers that spell channel counts: Reshape targets, paddings, sizes."""

from typing import Dict, List, Mapping, Sequence, Set, Tuple

import numpy as np

from ..tf1 import tf
from .constants import CONSTANT_PASSING, array_of, concat_part, make_constant, set_constant
from .shapes import Shapes
from .view import GraphView, TensorName

Edits = Mapping[Tuple[str, int], Mapping[int, int]]


def rewrite_literals(view: GraphView, shapes: Shapes, nodes: Dict[str, tf.NodeDef], graph: tf.GraphDef,
                     edits: Edits) -> None:
    """Gives some inputs of some nodes other numbers.

    A Const that only this reader uses is changed where it stands; one that others use too is cloned first.

    Args:
        view: the graph before any change.
        shapes: its static shapes.
        nodes: the nodes of the copy that is changed, by name; clones are added.
        graph: the copy that is changed.
        edits: (reader, input position) → index in the flat value → new number.
    """
    rewriter = _Rewriter(view, shapes, nodes, graph)
    for (reader, position), values in edits.items():
        old = view.inputs[reader][position]
        new = rewriter.rewrite(old, dict(values), reader, True)
        if new != old:
            _set_input(nodes[reader], position, new)


def replace_constant(nodes: Dict[str, tf.NodeDef], graph: tf.GraphDef, reader: str, position: int,
                     value: np.ndarray) -> None:
    """Lets one input of a node be another constant; the old one stays for its other readers."""
    constant = graph.node.add()
    constant.CopyFrom(make_constant(unused_name('%s/constant_%d' % (reader, position), nodes), value))
    nodes[constant.name] = constant
    _set_input(nodes[reader], position, TensorName(constant.name))


def resize_split(nodes: Dict[str, tf.NodeDef], graph: tf.GraphDef, name: str, sizes: Sequence[int]) -> None:
    """Gives the pieces of a Split or SplitV other sizes.

    Given `Split(axis, x)` and unequal sizes. Result: `SplitV(x, sizes, axis)`.
    """
    node = nodes[name]
    if node.op == 'Split' and len(set(sizes)) == 1:
        return
    constant = graph.node.add()
    constant.CopyFrom(make_constant(unused_name(name + '/sizes', nodes), np.array(sizes, np.int32)))
    nodes[constant.name] = constant
    axis, x = (node.input[0], node.input[1]) if node.op == 'Split' else (node.input[2], node.input[0])
    node.input[:] = [x, constant.name, axis] + [text for text in node.input if text.startswith('^')]
    node.op = 'SplitV'
    node.attr['Tlen'].type = tf.int32.as_datatype_enum


def unused_name(name: str, nodes: Mapping[str, tf.NodeDef]) -> str:
    """Returns a name that no node has."""
    while name in nodes:
        name += '_'
    return name


def _set_input(node: tf.NodeDef, position: int, tensor: TensorName) -> None:
    data = [k for k, text in enumerate(node.input) if not text.startswith('^')]
    node.input[data[position]] = str(tensor)


class _Rewriter:
    """Walks from a reader to the constants behind it; `owned` tells that nobody else sees the path so far."""

    def __init__(self, view: GraphView, shapes: Shapes, nodes: Dict[str, tf.NodeDef], graph: tf.GraphDef) -> None:
        self.view = view
        self.shapes = shapes
        self.nodes = nodes
        self.graph = graph

    def rewrite(self, tensor: TensorName, values: Dict[int, int], reader: str, owned: bool) -> TensorName:
        """Changes or clones what makes a tensor; returns the tensor to read instead."""
        node = self.view.nodes[tensor.node]
        owned = owned and len(self.view.uses.get(node.name, ())) == 1
        if node.op == 'Const':
            return self._constant(tensor, values, reader, owned)
        inputs = self.view.inputs[node.name]
        if node.op in CONSTANT_PASSING + ('Cast', 'ExpandDims', 'Reshape', 'Squeeze'):
            parts = {0: values}
        elif node.op == 'Pack':
            parts = {index: {0: value} for index, value in values.items()}
        elif node.op == 'ConcatV2':
            parts = self._concat_parts(inputs, values)
        else:
            return tensor  # computed from a live shape: follows by itself
        changed = {k: self.rewrite(inputs[k], part, reader, owned) for k, part in parts.items()}
        changed = {k: new for k, new in changed.items() if new != inputs[k]}
        if not changed:
            return tensor
        target = self.nodes[node.name] if owned else self.clone(self.nodes[node.name], reader)
        for k, new in changed.items():
            _set_input(target, k, new)
        return TensorName(target.name)

    def _constant(self, tensor: TensorName, values: Dict[int, int], reader: str, owned: bool) -> TensorName:
        node = self.nodes[tensor.node] if owned else self.clone(self.nodes[tensor.node], reader)
        array = np.array(array_of(node))
        flat = array.reshape(-1)
        for index, value in values.items():
            if flat[index] != -1:
                flat[index] = value
        set_constant(node, flat.reshape(array.shape))
        return TensorName(node.name)

    def _concat_parts(self, inputs: List[TensorName], values: Dict[int, int]) -> Dict[int, Dict[int, int]]:
        parts: Dict[int, Dict[int, int]] = {}
        for index, value in values.items():
            found = concat_part(self.shapes, inputs[:-1], index)
            if found is not None:
                parts.setdefault(inputs.index(found[0]), {})[found[1]] = value
        return parts

    def clone(self, node: tf.NodeDef, reader: str) -> tf.NodeDef:
        """Adds a copy of a node, named after its reader."""
        name = unused_name('%s/%s' % (reader, node.name.rsplit('/', 1)[-1]), self.nodes)
        clone = self.graph.node.add()
        clone.CopyFrom(node)
        clone.name = name
        self.nodes[name] = clone
        return clone


def shape_literals(view: GraphView, outside: Set[str]) -> Dict[str, Tuple[str, np.ndarray]]:
    """Finds the constants in the gradient part that hold the static shape of a tensor of the forward part.

    TensorFlow's gradients of an operation `f` stand under `gradients/f_grad/`; `Shape` constants there are shapes of
    f's inputs or outputs that were known when the gradient was built.

    Returns:
        Const node → (forward node, value).
    """
    found: Dict[str, Tuple[str, np.ndarray]] = {}
    for name in outside:
        node = view.nodes[name]
        if node.op != 'Const' or '_grad/' not in name:
            continue
        value = array_of(node)
        path = name[:name.index('_grad/')].split('/')
        starts = [k for k, part in enumerate(path) if part.startswith('gradients')]
        forward = '/'.join(path[starts[-1] + 1:]) if starts else ''
        if value.ndim == 1 and value.dtype.kind == 'i' and forward in view:
            found[name] = (forward, value)
    return found


