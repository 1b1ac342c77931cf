"""Sizes for what a placeholder leaves open, for the analysis only."""

from typing import Dict, Iterable, List, Mapping, Optional, Tuple

from ..graph.constants import array_of
from ..graph.inference import Input
from ..graph.shapes import Shape, declared_shape
from ..graph.view import GraphView

BATCH = 2
"""Not 1: an axis of size 1 reads as one that is broadcast."""
SPATIAL = 64
"""Size for other unknown axes, where the user gives none."""


def concrete_placeholders(view: GraphView, inputs: Mapping[str, Input], nodes: Iterable[str],
                          batch: int = BATCH) -> Dict[str, Optional[Shape]]:
    """Returns, for every placeholder among some nodes, a shape without unknown sizes.

    What the graph declares stands; then what the user said of the input; then `batch` and `SPATIAL`. A placeholder of
    unknown rank counts as a scalar: training flags and keep probabilities are such.
    """
    wanted = {name.split(':')[0]: each.shape for name, each in inputs.items()}
    return {name: _concrete(declared_shape(view.nodes[name]), wanted.get(name), batch)
            for name in nodes if view.op(name) == 'Placeholder'}


def _concrete(declared: Optional[Shape], wanted: Optional[Shape], batch: int) -> Shape:
    if declared is None:
        declared = (None,) * len(wanted or ())
    given = wanted if wanted is not None and len(wanted) == len(declared) else (None,) * len(declared)
    return tuple(size if size is not None else max(BATCH, own or batch) if axis == 0 else own or SPATIAL
                 for axis, (size, own) in enumerate(zip(declared, given)))


def spelled_batches(view: GraphView) -> List[int]:
    """Returns batch sizes that a graph spells out where its placeholders leave them open, in shapes to reshape to."""
    found: Dict[int, None] = {}
    for name, node in view.nodes.items():
        position = {'Conv2DBackpropInput': 0, 'Reshape': 1}.get(node.op)
        if position is None or len(view.inputs[name]) <= position:
            continue
        element = view.nodes.get(view.source(view.inputs[name][position]).node)
        if element is not None and element.op == 'Const':
            numbers = array_of(element).ravel()
            if numbers.size > 1 and numbers[0] > 0:
                found[int(numbers[0])] = None
    return list(found)


def example_shapes(view: GraphView, inputs: Mapping[str, Input], batch: int) -> Dict[str, Tuple[int, ...]]:
    """Returns a shape for every placeholder, to run a model with: the user's own batch size, else 1.

    Args:
        view: the model's graph.
        inputs: what was said of its inputs.
        batch: the batch size that its shapes were inferred for.
    """
    nodes = [name for name, node in view.nodes.items() if node.op == 'Placeholder']
    wanted = {key.split(':')[0]: each.shape for key, each in inputs.items()}
    shapes: Dict[str, Tuple[int, ...]] = {}
    for name, shape in concrete_placeholders(view, inputs, nodes, batch).items():
        declared, given = declared_shape(view.nodes[name]), wanted.get(name)
        sizes = [size or 1 for size in shape or ()]
        if sizes and (declared is None or declared[0] is None):
            sizes[0] = (given[0] if given else None) or (1 if batch == BATCH else batch)
        shapes[name] = tuple(sizes)
    return shapes
