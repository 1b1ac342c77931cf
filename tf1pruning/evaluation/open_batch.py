"""A batch size that is left open, where only the placeholders fix it."""

from typing import List, Optional, Tuple

from ..errors import ModelError
from ..graph.endpoints import find_placeholders
from ..graph.shapes import declared_shape, set_declared_shape
from ..model.concrete import BATCH
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..tf1 import tf


def opened_batch(model: Model) -> Tuple[Model, Optional[int]]:
    """Opens the batch size of a model's inputs, if the rest of the graph does not depend on it.

    Given `Placeholder [1, 32, 32, 3]` and an output `[1, 10]`. Result: `Placeholder [?, 32, 32, 3]`, since the output
    is `[2, 10]` for a batch of 2. A graph with a literal batch size in a shape stays as it is.

    Args:
        model: in inference form.

    Returns:
        The model, and the batch size that it must be run with; None if any will do.
    """
    fixed = {size for size in _sizes(model) if size is not None}
    opened = _opened(model) if fixed else model
    if _follows(opened):
        return opened, None
    if fixed:
        return model, max(fixed)
    return model, model.batch if model.batch != BATCH else None


def _opened(model: Model) -> Model:
    graph = tf.GraphDef()
    graph.CopyFrom(model.graph)
    for node in graph.node:
        shape = declared_shape(node) if node.op == 'Placeholder' else None
        if shape:
            set_declared_shape(node, (None, *shape[1:]))
    return rebuilt(model, graph)


def _sizes(model: Model) -> List[Optional[int]]:
    shapes = [declared_shape(model.view.nodes[name]) for name in find_placeholders(model.graph)]
    return [shape[0] for shape in shapes if shape]


def _follows(model: Model) -> bool:
    """Whether the outputs are as many as the inputs, for a number that no literal has by chance."""
    try:
        shapes = [model.shapes[model.view.require(name).node][model.view.require(name).output]
                  for name in model.outputs]
    except ModelError:
        return False
    return model.batch == BATCH and all(shape and shape[0] == BATCH for shape in shapes)
