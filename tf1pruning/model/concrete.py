"""Sizes for what a placeholder leaves open, for the analysis only."""

from typing import TYPE_CHECKING, Dict, Iterable, Optional, Tuple

from ..graph.shapes import Shape, declared_shape

if TYPE_CHECKING:
    from .model import Model

BATCH = 2
"""Not 1: an axis of size 1 reads as one that is broadcast."""
SPATIAL = 64
"""Size for other unknown axes, where the user gives none."""


def concrete_placeholders(model: 'Model', nodes: Iterable[str]) -> Dict[str, Optional[Shape]]:
    """Returns, for every placeholder among some nodes, a shape without unknown sizes.

    What the graph declares stands; then what the user said of the input; then `BATCH` and `SPATIAL`. A placeholder of
    unknown rank counts as a scalar: training flags and keep probabilities are such.
    """
    wanted = {name.split(':')[0]: each.shape for name, each in model.inputs.items()}
    found: Dict[str, Optional[Shape]] = {}
    for name in nodes:
        node = model.view.nodes[name]
        if node.op in ('Placeholder', 'PlaceholderWithDefault'):
            found[name] = _concrete(declared_shape(node), wanted.get(name))
            if node.op == 'PlaceholderWithDefault':
                del found[name]
    return found


def _concrete(declared: Optional[Shape], wanted: Optional[Shape]) -> Shape:
    if declared is None:
        return () if wanted is None else (max(BATCH, wanted[0] or 0),) + tuple(wanted[1:]) if wanted else ()
    return tuple(size if size is not None else _fill(axis, wanted) for axis, size in enumerate(declared))


def _fill(axis: int, wanted: Optional[Shape]) -> int:
    given = wanted[axis] if wanted is not None and axis < len(wanted) else None
    if axis == 0:
        return max(BATCH, given or 0)
    return given or SPATIAL


def example_shapes(model: 'Model') -> Dict[str, Tuple[int, ...]]:
    """Returns a shape for every placeholder, to run the model with: the user's own batch size, else 1."""
    nodes = [node.name for node in model.graph.node if node.op == 'Placeholder']
    shapes: Dict[str, Tuple[int, ...]] = {}
    for name, shape in concrete_placeholders(model, nodes).items():
        declared = declared_shape(model.view.nodes[name])
        wanted = {key.split(':')[0]: each.shape for key, each in model.inputs.items()}.get(name)
        batch = wanted[0] if wanted else None
        sizes = [size or 1 for size in shape or ()]
        if sizes and (declared is None or declared[0] is None):
            sizes[0] = batch or 1
        shapes[name] = tuple(sizes)
    return shapes
