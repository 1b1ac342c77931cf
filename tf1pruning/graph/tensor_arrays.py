"""Shapes of what comes out of TensorArrays: TensorFlow forgets what went in."""

from typing import Dict, Iterable, List, Mapping, Optional

import numpy as np

from .constants import array_of, constant_value
from .shapes import Shape, Shapes, infer_shapes, shape_at
from .view import GraphView, TensorName

_READS = ('TensorArrayReadV3', 'TensorArrayGatherV3')
_HANDLES = ('Enter', 'Exit', 'Switch', 'Merge', 'NextIteration', 'Identity')


def infer_through_arrays(view: GraphView, nodes: Iterable[str],
                         placeholders: Mapping[str, Optional[Shape]]) -> Shapes:
    """Infers shapes as `infer_shapes` does, and again with what loops put into TensorArrays.

    Given `Gather(array)` with `Write(array, i, [300, 300, 3])` in a loop. Result: `[8, 300, 300, 3]` for an array of 8.

    Args:
        view: the graph.
        nodes: the nodes wanted.
        placeholders: shapes for the analysis.

    Raises:
        ModelError: TensorFlow refuses the graph.
    """
    wanted = set(nodes)
    shapes = infer_shapes(view, wanted, placeholders)
    reads = [name for name in wanted if view.op(name) in _READS]
    known: Dict[str, Shape] = {}
    while reads:
        found = {name: shape for name, shape in ((name, _read_shape(view, shapes, name)) for name in reads)
                 if shape is not None and _is_open(shape_at(shapes, TensorName(name))) and known.get(name) != shape}
        if not found:
            break
        known.update(found)
        shapes = infer_shapes(view, wanted, {**placeholders, **known})
    return shapes


def _is_open(shape: Optional[Shape]) -> bool:
    return shape is None or None in shape


def _read_shape(view: GraphView, shapes: Shapes, name: str) -> Optional[Shape]:
    """Returns the shape of what a node reads, None where what was written has no known rank."""
    array = _array(view, view.inputs[name][0])
    element = _element(view, shapes, array) if array else None
    if element is None or view.op(name) == 'TensorArrayReadV3':
        return element
    known = shape_at(shapes, TensorName(name))
    return (known[0] if known else _count(view, shapes, view.inputs[name][1]), *element)


def _is_number(view: GraphView, tensor: TensorName, number: int) -> bool:
    value = constant_value(view, tensor)
    return value is not None and bool(np.all(value == number))


def _count(view: GraphView, shapes: Shapes, indices: TensorName) -> Optional[int]:
    """Returns how many indices there are, None unless they are `range(n)` and a number or a shape says what n is."""
    made = view.source(indices).node
    if view.op(made) != 'Range':
        return None
    start, end, step = view.inputs[made]
    if not _is_number(view, start, 0) or not _is_number(view, step, 1):
        return None
    told = view.source(end)
    if view.op(told.node) == 'TensorArraySizeV3':
        array = _array(view, view.inputs[told.node][0])
        told = view.source(view.inputs[array][0]) if array else told
    if view.op(told.node) == 'Const':
        return int(array_of(view.nodes[told.node]))
    measured = view.inputs[told.node][0].node if view.op(told.node) == 'StridedSlice' else ''
    begin = constant_value(view, view.inputs[told.node][1]) if measured and view.op(measured) == 'Shape' else None
    shape = shape_at(shapes, view.inputs[measured][0]) if begin is not None and begin.size == 1 else None
    return shape[int(begin[0])] if shape is not None and begin is not None else None


def _element(view: GraphView, shapes: Shapes, array: str) -> Optional[Shape]:
    """Returns what all elements have in common: values written, or scattered without their first axis."""
    found = [shape if view.op(name) == 'TensorArrayWriteV3' else shape[1:]
             for name, shape in _written(view, shapes, array) if shape is not None]
    if not found or any(len(shape) != len(found[0]) for shape in found):
        return None
    return tuple(sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*found))


def _written(view: GraphView, shapes: Shapes, array: str) -> List[tuple]:
    return [(name, shape_at(shapes, view.inputs[name][2])) for name in shapes
            if view.op(name) in ('TensorArrayWriteV3', 'TensorArrayScatterV3')
            and _array(view, view.inputs[name][0]) == array]


def _array(view: GraphView, handle: TensorName) -> str:
    """Follows a handle to its TensorArray; empty where it is made otherwise."""
    made = view.source(handle, _HANDLES).node
    return made if view.op(made) == 'TensorArrayV3' else ''
