"""Batch norm's moving statistics, estimated again: what pruning has changed in the activations, without training."""

import logging
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Sequence, Tuple

import numpy as np

from ..errors import ModelError, NameNotFoundError, OptionError
from ..graph.channels_last import channels_last
from ..graph.rewiring import Rewiring
from ..graph.shapes import first_line
from ..graph.view import TensorName
from ..model.frozen import frozen_graph
from ..model.model import Model
from ..passes.to_inference import to_inference
from ..tf1 import tf
from ..weights import with_values
from .batch_statistics import BatchNorm, use_batch_statistics

logger = logging.getLogger(__name__)
Batch = Mapping[str, np.ndarray]
"""Values by name of the placeholder."""


def recalibrate(model: Model, batches: Iterable[Batch]) -> Model:
    """Returns the model with moving statistics that are those of some batches.

    Pruning changes what the layers see, most of all where it was not exact, while the moving statistics are still
    those of the network before. They are estimated anew, exactly (Wu & Johnson, Rethinking "Batch" in BatchNorm,
    arXiv 2105.07576): not by an exponential average, whose last batches count most, but over all n_b values that a
    batch b gives to a channel,

        mean = Σ n_b · m_b / Σ n_b,   variance = Σ n_b · (v_b + m_b²) / Σ n_b − mean²

    that is, the mean of the batches' variances and the variance of their means.

    New statistics of one layer change what the next one sees. So every batch norm normalises by its batch's own
    statistics while they are collected, as it does in training: then no layer depends on what its predecessors'
    moving statistics will be, and one pass over the batches serves all of them. For this the batches must be of the
    size and kind that one trains with; augmented as in training or not, but shuffled. Dropout is off.

    Everything else stays as it is, in a training graph as well: its slots, its moving averages of weights.

    Args:
        model: any model with outputs: a checkpoint with its training or inference graph, or a frozen graph.
        batches: values for the inputs, batch by batch; see `batches_of`.

    Raises:
        OptionError: no batches, or no batch norm.
        NameNotFoundError: values for an input that the model does not have.
        ModelError: TensorFlow refuses to run the model on the values.
        UnsupportedError: a batch norm's statistics are neither variables nor constants.

    Example:
        `model = recalibrate(load_checkpoint(prefix, ('logits',)), batches_of(input_fn, ('input',), 100))`
        `save_checkpoint(model, 'recalibrated')`
    """
    forward = to_inference(model)
    graph, norms = _collecting(forward)
    _require(norms, model)
    _tell_of_others(forward, norms)
    sums: Dict[Tuple[str, str], _Sums] = {}
    for values in _run(graph, norms, forward, batches):
        for norm, (mean, variance, size) in zip(norms, values):
            key = norm.moving_mean, norm.moving_variance
            sums.setdefault(key, _Sums()).add(mean, variance, size // mean.size, norm.corrected)
    if not sums:
        raise OptionError('there are no batches: give at least one')
    return _with_statistics(model, sums)


def require_batch_norm(model: Model) -> None:
    """Checks that a model can be recalibrated, before hours are spent on what comes first.

    Raises:
        OptionError: no batch norm.
        UnsupportedError: a batch norm's statistics are neither variables nor constants.
    """
    forward = to_inference(model)
    _require(use_batch_statistics(Rewiring(forward.view), forward), model)


def batches_of(input_fn: Callable[[], Any], inputs: Sequence[str], count: int) -> Iterator[Dict[str, np.ndarray]]:
    """Yields the features of the first batches of an estimator's input_fn.

    Args:
        input_fn: returns a `tf.data.Dataset` of features, or of pairs of features and labels.
        inputs: names of the model's placeholders: one for features that are a tensor, else their keys.
        count: how many batches; fewer if the dataset has fewer.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        iterator = tf.data.make_initializable_iterator(input_fn())
        element = iterator.get_next()
        features = element[0] if isinstance(element, tuple) else element
        tensors = {name: features[name] if isinstance(features, dict) else features for name in inputs}
        session.run([iterator.initializer, tf.tables_initializer()])
        for _ in range(count):
            try:
                yield session.run(tensors)
            except tf.errors.OutOfRangeError:
                return


class _Sums:
    """Sums over all values of every channel, in double precision."""

    def __init__(self) -> None:
        self.count = 0.0
        self.values: Any = 0.0
        self.squares: Any = 0.0

    def add(self, mean: np.ndarray, variance: np.ndarray, count: int, corrected: bool) -> None:
        """Adds a batch that gave each channel `count` values."""
        mean, variance = mean.astype(np.float64), variance.astype(np.float64)
        if corrected:
            variance = variance * (count - 1) / count
        self.count += count
        self.values = self.values + count * mean
        self.squares = self.squares + count * (variance + np.square(mean))

    def moments(self) -> Tuple[np.ndarray, np.ndarray]:
        """Returns mean and variance of everything added."""
        mean = self.values / self.count
        return mean, np.maximum(self.squares / self.count - np.square(mean), 0)


def _require(norms: Sequence[BatchNorm], model: Model) -> None:
    if not norms:
        raise OptionError('the outputs (%s) depend on no batch norm: there is nothing to recalibrate'
                          % ', '.join(model.outputs))


def _tell_of_others(forward: Model, norms: Sequence[BatchNorm]) -> None:
    """Statistics that nothing recognised reads are the old ones still."""
    known = {name for norm in norms for name in (norm.moving_mean, norm.moving_variance)}
    others = [name for name, variable in forward.variables.items() if not variable.trainable and name not in known]
    if others:
        logger.warning('%d variables that are not trained were not taken for statistics of a batch norm and stay as '
                       'they are: %s%s', len(others), ', '.join(others[:3]), ', …' if len(others) > 3 else '')


def _collecting(forward: Model) -> Tuple[tf.GraphDef, List[BatchNorm]]:
    """Returns the graph with its batch norms on batch statistics, which `fetches` names, and its weights frozen."""
    rewiring = Rewiring(forward.view)
    norms = use_batch_statistics(rewiring, forward)
    fetches = []
    for number, norm in enumerate(norms):
        for name, operation, tensor in zip(_fetches(number), ('Identity', 'Identity', 'Size'),
                                           (norm.mean, norm.variance, norm.x)):
            node = tf.NodeDef(name=name, op=operation, input=[str(tensor)])
            node.attr['T'].type = _type_of(rewiring, norm, tensor)
            if operation == 'Size':
                node.attr['out_type'].type = tf.int64.as_datatype_enum
            rewiring.add_node(node, before=norm.node)
            fetches.append(TensorName(name))
    meta = tf.MetaGraphDef(graph_def=rewiring.build(fetches))
    collecting = forward.replace(meta=meta, outputs=[str(each) for each in fetches], inputs={})
    return frozen_graph(collecting), norms


def _fetches(number: int) -> List[str]:
    return ['recalibration/%d/%s' % (number, name) for name in ('mean', 'variance', 'size')]


def _type_of(rewiring: Rewiring, norm: BatchNorm, tensor: TensorName) -> int:
    """Returns the type of a batch norm's input, or of its statistics, which may be wider."""
    attributes = rewiring.view.nodes[norm.node].attr
    return int(attributes['U' if tensor != norm.x and 'U' in attributes else 'T'].type)


def _run(graph_def: tf.GraphDef, norms: Sequence[BatchNorm], forward: Model,
         batches: Iterable[Batch]) -> Iterator[List[Tuple[np.ndarray, np.ndarray, int]]]:
    """Yields mean, variance and number of values of every batch norm, batch by batch."""
    present = {node.name for node in graph_def.node}
    wanted = [tuple(name + ':0' for name in _fetches(number)) for number in range(len(norms))]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(channels_last(graph_def), name='')
        for batch in batches:
            feeds = {name: value for name, value in batch.items() if _placeholder(forward, name) in present}
            try:
                yield session.run(wanted, {name if ':' in name else name + ':0': feeds[name] for name in feeds})
            except (tf.errors.OpError, ValueError) as error:
                raise ModelError('cannot run the model on a batch: %s' % first_line(error)) from error


def _placeholder(forward: Model, name: str) -> str:
    node = name.split(':')[0]
    if forward.view.op(node) not in ('Placeholder', 'PlaceholderWithDefault'):
        known = [each for each, found in forward.view.nodes.items() if found.op.startswith('Placeholder')]
        raise NameNotFoundError.closest('input', name, known)
    return node


def _with_statistics(model: Model, sums: Mapping[Tuple[str, str], _Sums]) -> Model:
    values: Dict[str, np.ndarray] = {}
    for names, total in sums.items():
        for name, moment in zip(names, total.moments()):
            old = model.value(name)
            values[name] = moment.reshape(old.shape).astype(old.dtype)
            logger.debug('%s moved by %.3g at most', name, float(np.abs(values[name] - old).max()))
    return with_values(model, values)
