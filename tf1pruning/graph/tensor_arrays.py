"""Shapes of what comes out of TensorArrays: TensorFlow forgets what went in."""

from typing import Dict, Iterable, List, Mapping, Optional

from .shapes import Shape, Shapes, infer_shapes, shape_at
from .view import GraphView, TensorName

_READS = ('TensorArrayReadV3', 'TensorArrayGatherV3')
_HANDLES = ('Enter', 'Exit', 'Switch', 'Merge', 'NextIteration', 'Identity')


def infer_through_arrays(view: GraphView, nodes: Iterable[str], placeholders: Mapping[str, Optional[Shape]],
                         batch: int) -> Shapes:
    """Infers shapes as `infer_shapes` does, and again with what a `map` over the batch puts into TensorArrays.

    Given `Gather(array)` with `Write(array, i, [300, 300, 3])` in a loop. Result: `[batch, 300, 300, 3]`.

    Args:
        view: the graph.
        nodes: the nodes wanted.
        placeholders: shapes for the analysis.
        batch: how many elements an array has whose size the graph computes.

    Raises:
        ModelError: TensorFlow refuses the graph.
    """
    wanted = set(nodes)
    shapes = infer_shapes(view, wanted, placeholders)
    reads = [name for name in wanted if view.op(name) in _READS]
    known: Dict[str, Shape] = {}
    while reads:
        found = {name: shape for name, shape in ((name, _read_shape(view, shapes, name, batch)) for name in reads)
                 if shape is not None and _is_open(shape_at(shapes, TensorName(name))) and known.get(name) != shape}
        if not found:
            break
        known.update(found)
        shapes = infer_shapes(view, wanted, {**placeholders, **known})
    return shapes


def _is_open(shape: Optional[Shape]) -> bool:
    return shape is None or None in shape


def _read_shape(view: GraphView, shapes: Shapes, name: str, batch: int) -> Optional[Shape]:
    """Returns the shape of what a node reads, None where what was written has no known rank."""
    array = _array(view, view.inputs[name][0])
    element = _element(view, shapes, array) if array else None
    if element is None or view.op(name) == 'TensorArrayReadV3':
        return element
    return (batch, *element)


def _element(view: GraphView, shapes: Shapes, array: str) -> Optional[Shape]:
    """Returns the shape of one element: that of a value written, or of a value scattered without its first axis."""
    for name, shape in _written(view, shapes, array):
        if shape is not None:
            return shape if view.op(name) == 'TensorArrayWriteV3' else shape[1:]
    return None


def _written(view: GraphView, shapes: Shapes, array: str) -> List[tuple]:
    return [(name, shape_at(shapes, view.inputs[name][2])) for name in shapes
            if view.op(name) in ('TensorArrayWriteV3', 'TensorArrayScatterV3')
            and _array(view, view.inputs[name][0]) == array]


def _array(view: GraphView, handle: TensorName) -> str:
    """Follows a handle to its TensorArray; empty where it is made otherwise."""
    made = view.source(handle, _HANDLES).node
    return made if view.op(made) == 'TensorArrayV3' else ''
