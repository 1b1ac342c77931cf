"""First-order Taylor: by how much the loss would change if a channel were zero (Molchanov et al., arXiv 1611.06440)."""

from typing import Dict, List, Mapping

import numpy as np

from ..errors import ModelError, OptionError
from ..evaluation import Labelled
from ..evaluation.measured import require_in_range
from ..evaluation.open_batch import opened_batch
from ..graph.channels_last import channels_last
from ..graph.shapes import shape_at
from ..graph.view import PASSING_OPS, TensorName
from ..model.model import Model
from ..model.streamed_graph import streamed_graph
from ..tf1 import tf
from .session import running, tensor_text

_RESHAPING = (*PASSING_OPS, 'Reshape', 'Squeeze')


def taylor(model: Model, tensors: Mapping[TensorName, int], labelled: Labelled, batch: int = 32
           ) -> Dict[TensorName, np.ndarray]:
    """Returns for every channel of some tensors the mean over examples of |Σ over positions of activation × gradient|.

    The loss is the cross-entropy of the model's first output.

    Args:
        model: in inference form; its first output is `[N, classes]`.
        tensors: what is measured, with the axis of the channels.
        labelled: examples with their classes.
        batch: how many are run at once, where the model leaves that open.

    Raises:
        ModelError: TensorFlow refuses to run it, its first output is no score, an operation has no gradient, or
            numbers are not finite.
        DataError: a label is no class of the first output.
        OptionError: there are fewer examples than the model takes at once.
    """
    opened, fixed = opened_batch(model)
    size = fixed or min(batch, labelled.size)
    if labelled.size < size:
        raise OptionError('%d examples are less than the batch of %d that the model takes' % (labelled.size, size))
    _require_classes(model, labelled)
    names = list(tensors)
    total = {name: np.zeros(0) for name in names}
    with running(), tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        tf.import_graph_def(channels_last(streamed_graph(opened)), name='')
        values = [graph.get_tensor_by_name(tensor_text(name)) for name in names]
        labels = tf.placeholder(tf.int64, [None], 'labels_of_the_examples')
        pairs = list(zip(values, _gradients(_loss(opened, graph, labels), values, names)))
        starts = range(0, labelled.size - size + 1, size)
        for start in starts:
            part = labelled.taken(slice(start, start + size))
            for name, (value, gradient) in zip(names, session.run(pairs, {**part.inputs, labels: part.labels})):
                found = _of_batch(value, gradient, tensors[name])
                total[name] = found if start == 0 else total[name] + found
    for name, each in total.items():
        if not np.isfinite(each).all():
            raise ModelError('the gradient of the loss at %s is not finite: look at the weights around it' % str(name))
    return {name: each / len(starts) for name, each in total.items()}


def _require_classes(model: Model, labelled: Labelled) -> None:
    output = model.view.require(model.outputs[0], 'output node')
    sizes = [size or 0 for size in (shape_at(model.shapes, output) or ())[1:]]
    if sizes and all(sizes):
        require_in_range(labelled.labels, int(np.prod(sizes)), str(output))


def _loss(model: Model, graph: tf.Graph, labels: tf.Tensor) -> tf.Tensor:
    """Adds up the losses of a batch, so that each example's gradient is its own."""
    output = model.view.require(model.outputs[0], 'output node')
    source = model.view.source(output, _RESHAPING)
    logits = model.view.inputs[source.node][0] if model.view.op(source.node) == 'Softmax' else output
    tensor = graph.get_tensor_by_name(tensor_text(logits))
    if not tensor.dtype.is_floating:
        raise ModelError('the first output, %s, is no score of classes: name the logits first with --outputs'
                         % str(output))
    rows = tf.reshape(tensor, [tf.shape(labels)[0], -1])
    return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=rows))


def _gradients(loss: tf.Tensor, values: List[tf.Tensor], names: List[TensorName]) -> List[tf.Tensor]:
    try:
        found = tf.gradients(loss, values)
    except LookupError as error:
        raise ModelError('the loss has no gradient: %s; choose another criterion' % str(error).splitlines()[0]
                         ) from error
    for name, gradient in zip(names, found):
        if gradient is None:
            raise ModelError('the first output does not depend on %s: choose another criterion, or leave it out with '
                             '--exclude' % str(name))
    return list(found)


def _of_batch(value: np.ndarray, gradient: np.ndarray, axis: int) -> np.ndarray:
    """Returns the mean over the batch of |Σ over positions|."""
    product = np.moveaxis(value.astype(np.float64) * gradient, axis, -1)
    sums = product.reshape(product.shape[0], -1, product.shape[-1]).sum(axis=1)
    return np.asarray(np.abs(sums).mean(axis=0))
