"""What a forward graph costs: parameters and multiply-accumulates."""

from typing import Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from .graph.attributes import turned
from .graph.batch_norm import FUSED_BATCH_NORMS
from .graph.shapes import Shape, Shapes, declared_shape, shape_at
from .graph.view import VARIABLE_OPS, GraphView
from .model.model import Model
from .tf1 import tf


class Cost(NamedTuple):
    """Counts for one example.

    Attributes:
        parameters: numbers that training learns: kernels, biases, scales, offsets; moving statistics are not counted.
        macs: multiply-accumulates of convolutions and matrix products.
    """

    parameters: int
    macs: int


def count_cost(model: Model) -> Cost:
    """Counts a model in inference form."""
    nodes = set(model.shapes)
    return Cost(sum(count_parameters(model, nodes).values()), sum(macs_by_node(model.view, model.shapes).values()))


def count_parameters(model: Model, nodes: Set[str]) -> Dict[str, int]:
    """Returns the size of every learnt parameter among some nodes."""
    view = model.view
    statistics = {view.source(tensor).node for name in nodes if view.op(name) in FUSED_BATCH_NORMS
                  for tensor in view.inputs[name][3:5]}
    trainable = any(variable.trainable for variable in model.variables.values())
    counts: Dict[str, int] = {}
    for name in nodes - statistics:
        op = view.op(name)
        if op in VARIABLE_OPS and name in model.variables:
            if model.variables[name].trainable or not trainable:
                counts[name] = int(np.prod(model.variables[name].shape, dtype=np.int64))
        elif op == 'Const' and model.frozen:
            proto = view.nodes[name].attr['value'].tensor
            shape = [int(dim.size) for dim in proto.tensor_shape.dim]
            if shape and tf.as_dtype(proto.dtype).is_floating:
                counts[name] = int(np.prod(shape, dtype=np.int64))
    return counts


def macs_by_node(view: GraphView, shapes: Shapes) -> Dict[str, int]:
    """Returns the multiply-accumulates of every node that has some, for one example of the batch."""
    batch = batch_size(view, shapes)
    return {name: count // batch for name, count in _macs_of_batch(view, shapes).items()}


def batch_size(view: GraphView, shapes: Shapes) -> int:
    """Returns how many examples a graph computes at once; see `examples_in`."""
    inputs = [(outputs[0][0] or 1, (declared_shape(view.nodes[name]) or (None,))[0] is None)
              for name, outputs in shapes.items() if view.op(name) == 'Placeholder' and outputs and outputs[0]]
    ends = [outputs[0][0] for name, outputs in shapes.items()
            if outputs and outputs[0] and not any(use.node in shapes for use in view.uses.get(name, ()))]
    return examples_in(inputs, ends)


def examples_in(inputs: Iterable[Tuple[int, bool]], outputs: Iterable[Optional[int]]) -> int:
    """Tells how many examples there are at once, 1 where that is not clear.

    Args:
        inputs: the first size of every input that has axes, and whether the model leaves it open: then it is a batch.
        outputs: the first sizes of outputs; one that is fixed is a batch only if they have it, too.
    """
    known = list(inputs)
    left_open = {size for size, is_open in known if is_open}
    sizes = left_open or {size for size, _ in known}
    if len(sizes) != 1:
        return 1
    size = min(sizes)
    return size if left_open or all((each or size) % size == 0 for each in outputs) else 1


def _macs_of_batch(view: GraphView, shapes: Shapes) -> Dict[str, int]:
    found: Dict[str, int] = {}
    batch = batch_size(view, shapes)
    for name, outputs in shapes.items():
        op = view.op(name)
        if op in _COUNTERS and outputs:
            inputs = [_concrete(shape_at(shapes, tensor), batch) for tensor in view.inputs[name]]
            found[name] = _COUNTERS[op](view, name, inputs, _concrete(outputs[0], batch))
    return found


def _concrete(shape: Optional[Shape], batch: int) -> Optional[Shape]:
    """Counts a size that nobody knows, as how many boxes a detector proposes, as one for each example."""
    return tuple(batch if size is None else size for size in shape) if shape is not None else None


def _convolution(view: GraphView, name: str, inputs: List[Optional[Shape]], out: Optional[Shape]) -> int:
    """Every output number takes kh·kw·Cin products."""
    kernel = inputs[1]
    return _size(out) * _size(kernel) // max(1, kernel[-1] or 1) if kernel else 0


def _depthwise(view: GraphView, name: str, inputs: List[Optional[Shape]], out: Optional[Shape]) -> int:
    """Every output number takes kh·kw products."""
    kernel = inputs[1]
    return _size(out) * (kernel[0] or 0) * (kernel[1] or 0) if kernel else 0


def _transposed(view: GraphView, name: str, inputs: List[Optional[Shape]], out: Optional[Shape]) -> int:
    """Every input number is multiplied with kh·kw·Cout of the kernel."""
    kernel = inputs[1]
    return _size(inputs[2]) * _size(kernel) // max(1, kernel[-1] or 1) if kernel else 0


def _matrix(view: GraphView, name: str, inputs: List[Optional[Shape]], out: Optional[Shape]) -> int:
    """Every output number takes K products."""
    left = inputs[0]
    return _size(out) * (left[-2 if turned(view.nodes[name])[0] else -1] or 0) if left else 0


def _einsum(view: GraphView, name: str, inputs: List[Optional[Shape]], out: Optional[Shape]) -> int:
    """A product for every combination of what two operands are indexed by: `ik,kj->ij` takes I·J·K."""
    if len(inputs) < 2:
        return 0
    sizes: Dict[str, int] = {}
    for term, shape in zip(view.nodes[name].attr['equation'].s.decode().split('->')[0].split(','), inputs):
        first, dots, last = term.replace(' ', '').partition('...')
        between = range(len(shape or ()) - len(first) - len(last), 0, -1) if dots else ()
        for label, size in zip([*first, *map(str, between), *last], shape or ()):
            sizes[label] = max(sizes.get(label, 0), size or 0)
    return _size(tuple(sizes.values()))


_COUNTERS = {'Conv2D': _convolution, 'Conv3D': _convolution, 'DepthwiseConv2dNative': _depthwise,
             'Conv2DBackpropInput': _transposed, 'MatMul': _matrix, 'BatchMatMul': _matrix, 'BatchMatMulV2': _matrix,
             'Einsum': _einsum}


def _size(shape: Optional[Shape]) -> int:
    return int(np.prod([size or 0 for size in shape], dtype=np.int64)) if shape is not None else 0
