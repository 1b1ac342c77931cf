"""Convolutions and matrix products whose kernel is a parameter that nothing else reads."""

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from ..cost import batch_size, macs_by_node
from ..graph.attributes import channels_first, turned
from ..graph.constants import constant_value
from ..graph.shapes import shape_at
from ..graph.view import PASSING_OPS, VARIABLE_OPS, GraphView, TensorName
from ..model.model import Model
from .tensors import WeightTensor, weight_tensors

_PASSING = tuple(each for each in PASSING_OPS if each != 'PlaceholderWithDefault')
_KERNEL = 1


class LinearLayer(NamedTuple):
    """One kernel and what multiplies with it.

    Attributes:
        name: of the kernel: its node, without `/part_0` where it is partitioned.
        parts: the nodes that hold it, in their order.
        axis: along which the parts are put together.
        operation: `Conv2D` or `MatMul`.
        transposed: whether a product reads it as `[Cout, Cin]`.
        shape: `[kh, kw, Cin, Cout]`; of a product, kh and kw are 1.
        readers: the nodes that multiply with it.
        positions: how often every entry is multiplied for one example, by all readers together.
        positions_before: how often a 1×1 convolution in front of the readers would multiply each of its entries.
    """

    name: str
    parts: Tuple[str, ...]
    axis: int
    operation: str
    transposed: bool
    shape: Tuple[int, int, int, int]
    readers: Tuple[str, ...]
    positions: int
    positions_before: int

    @property
    def size(self) -> int:
        """How many entries the kernel has."""
        return int(np.prod(self.shape, dtype=np.int64))

    def kernel(self, model: Model) -> np.ndarray:
        """Returns the kernel `[kh, kw, Cin, Cout]`."""
        parts = [model.value(name) for name in self.parts]
        whole = np.concatenate(parts, self.axis) if len(parts) > 1 else parts[0]
        return np.ascontiguousarray(whole.T if self.transposed else whole).reshape(self.shape)

    def values(self, model: Model, kernel: np.ndarray) -> Dict[str, np.ndarray]:
        """Returns what the parts hold when the kernel is another one, by their nodes."""
        matrix = kernel.reshape(self.shape[2:]) if self.operation == 'MatMul' else kernel
        sizes = [model.lazy(name).shape[self.axis] for name in self.parts]
        parts = np.split(matrix.T if self.transposed else matrix, np.cumsum(sizes)[:-1], self.axis)
        return {name: np.ascontiguousarray(part, model.lazy(name).dtype) for name, part in zip(self.parts, parts)}


Refusals = Dict[str, str]
"""Why a kernel is left alone, by its name."""


def linear_layers(model: Model) -> Tuple[Dict[str, LinearLayer], Refusals]:
    """Finds the layers whose kernel may be written as another computation.

    Args:
        model: in inference form.

    Returns:
        The layers by the name of their kernel, in the graph's order; and why others are none.
    """
    view, counts = model.view, macs_by_node(model.view, model.shapes)
    layers: Dict[str, LinearLayer] = {}
    refused: Refusals = {}
    for name, tensor in weight_tensors(model).items():
        found = _parts(view, tensor.readers[0]) if tensor.operation in ('Conv2D', 'MatMul') else None
        if found is None:
            refused[name] = _foreign(view, tensor)
            continue
        parts, axis = found
        if parts[0] != name:
            continue  # another part of a kernel that is known
        reason = _refusal(model, tensor, parts, axis)
        if reason:
            refused[name] = reason
        else:
            layer = _layer(model, tensor, parts, axis, counts)
            layers[layer.name] = layer
    return layers, refused


_Parts = Tuple[Tuple[str, ...], int]


def _parts(view: GraphView, reader: str) -> Optional[_Parts]:
    """Returns the nodes that hold the kernel of a reader, and their axis; None where it is computed."""
    source = view.source(view.inputs[reader][_KERNEL], _PASSING)
    if view.op(source.node) in (*VARIABLE_OPS, 'Const'):
        return (source.node,), 0
    axis = constant_value(view, view.inputs[source.node][-1]) if view.op(source.node) == 'ConcatV2' else None
    if axis is None:
        return None
    parts = [view.source(each, _PASSING).node for each in view.inputs[source.node][:-1]]
    alone = len(set(parts)) == len(parts) and all(view.op(each) in VARIABLE_OPS for each in parts)
    return (tuple(parts), int(axis)) if alone else None


def _foreign(view: GraphView, tensor: WeightTensor) -> str:
    if tensor.operation == 'MatMul' and tensor.name == view.source(view.inputs[tensor.readers[0]][0], _PASSING).node:
        return 'it is the first operand of %s' % tensor.readers[0]
    if tensor.operation in ('Conv2D', 'MatMul'):
        source = view.source(view.inputs[tensor.readers[0]][_KERNEL], _PASSING).node
        return '%s reads it through %s (%s)' % (tensor.readers[0], source, view.op(source))
    return 'it belongs to %s (%s)' % (tensor.readers[0], tensor.operation)


def _refusal(model: Model, tensor: WeightTensor, parts: Tuple[str, ...], axis: int) -> str:
    """Returns why a kernel is left alone, an empty text if it is not."""
    view = model.view
    passing = _passed_on(view, parts)
    exposed = next((name for name in model.outputs if view.require(name).node in passing), None)
    if exposed is not None:
        return 'it is an output (%s)' % exposed
    uses = [use for name in passing for use in view.uses.get(name, ()) if use.node in model.shapes]
    other = next((use.node for use in uses if use.node not in passing and (
        use.node not in tensor.readers or use.position != _KERNEL)), None)
    if other is not None:
        return '%s (%s) reads it, too' % (other, view.op(other))
    first = view.nodes[tensor.readers[0]]
    for reader in tensor.readers:
        node = view.nodes[reader]
        if turned(node)[0]:
            return '%s multiplies it with something transposed' % reader
        if (node.op != first.op or turned(node) != turned(first)
                or (_parts(view, reader) or ((), 0))[0] != parts):
            return '%s and %s read it in different ways' % (first.name, reader)
        shape = shape_at(model.shapes, view.inputs[reader][0])
        if shape is None:
            return 'the shape of what %s multiplies it with is not known' % reader
        if node.op == 'Conv2D' and shape[1 if channels_first(node) else 3] != _shape(model, parts, axis)[2]:
            return '%s is a grouped convolution' % reader
    return ''


def _shape(model: Model, parts: Tuple[str, ...], axis: int) -> List[int]:
    """Returns the shape of a kernel that is put together from parts, in its own order of axes."""
    sizes = list(model.lazy(parts[0]).shape)
    sizes[axis] = sum(model.lazy(name).shape[axis] for name in parts)
    return sizes


def _passed_on(view: GraphView, parts: Tuple[str, ...]) -> Set[str]:
    """Returns the nodes that hold a parameter, pass it on, or put its parts together."""
    found: Set[str] = set()
    stack = list(parts)
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(use.node for use in view.uses.get(name, ()) if view.op(use.node) in _PASSING or (
                view.op(use.node) == 'ConcatV2' and len(parts) > 1))
    return found


def _layer(model: Model, tensor: WeightTensor, parts: Tuple[str, ...], axis: int,
           counts: Dict[str, int]) -> LinearLayer:
    view = model.view
    sizes = _shape(model, parts, axis)
    transposed = turned(view.nodes[tensor.readers[0]])[1]
    kh, kw, inputs, outputs = ([1, 1] if len(sizes) == 2 else []) + (sizes[::-1] if transposed else sizes)
    size = kh * kw * inputs * outputs
    positions = sum(counts[reader] for reader in tensor.readers) // size
    before = sum(_numbers(model, view.inputs[reader][0]) for reader in tensor.readers) // inputs
    name = parts[0].rsplit('/part_', 1)[0] if len(parts) > 1 else parts[0]
    return LinearLayer(name, parts, axis, tensor.operation, transposed, (kh, kw, inputs, outputs), tensor.readers,
                       max(1, positions), max(1, positions if kh == kw == 1 else before))


def _numbers(model: Model, tensor: TensorName) -> int:
    """Returns how many numbers a tensor has for one example."""
    shape = shape_at(model.shapes, tensor) or ()
    return int(np.prod([size or 1 for size in shape], dtype=np.int64)) // batch_size(model.view, model.shapes)
