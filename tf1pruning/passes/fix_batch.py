"""A batch size for inputs that leave it open."""

from ..errors import OptionError
from ..graph.shapes import declared_shape, set_declared_shape
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..tf1 import tf

_MOST = (1 << 31) - 1


def fix_batch(model: Model, batch: int) -> Model:
    """Returns the model with placeholders of one batch size.

    Given `Placeholder [?, 32, 32, 3]` and 4. Result: `Placeholder [4, 32, 32, 3]`. Batch sizes that are fixed already
    stay.

    Args:
        model: a model in inference form.
        batch: number of examples.

    Raises:
        OptionError: no tensor can have so many.
    """
    if batch > _MOST:
        raise OptionError('a batch of %d is more than a tensor can have: take a smaller one' % batch)
    graph = tf.GraphDef()
    graph.CopyFrom(model.graph)
    for node in graph.node:
        shape = declared_shape(node) if node.op == 'Placeholder' else None
        if shape and shape[0] is None:
            set_declared_shape(node, (batch, *shape[1:]))
    return rebuilt(model, graph)
