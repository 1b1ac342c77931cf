"""Trains few shared values in place of many weights: those that share one move together.

After clustering, a tensor's weights have few different values. Trained on as they are, they would part at the first
step. Here the gradient of a shared value is the sum (or the mean) over its members, and the variables stay what they
are: whatever is saved at any moment is a plain checkpoint whose weights hold no more than the shared values.
"""

import logging
from typing import Dict, List, Mapping, Optional, Sequence

import numpy as np

from ..clustering import Clustered, check_clusters, shared_values
from ..errors import ModelError, NameNotFoundError, OptionError
from ..model.model import Model
from ..tf1 import tf
from ..weights import chosen, weight_tensors
from .after_updates import AfterUpdates, refuse_loops
from .tying import Members
from .updates import GraphVariable, Update, find_averages, find_updates, find_variables

_LOG = logging.getLogger(__name__)
AGGREGATIONS = ('sum', 'mean')


class SharedWeights(AfterUpdates):
    """Keeps weights that share a value equal, to the last bit, within the very `session.run` that trains.

    It works on an unmodified `model_fn`, with any optimizer. Before the session is made, the gradient that enters the
    update of such a variable is replaced by its sum over each cluster, so that members take the same step; after the
    update, all take over the value of one of them, since vector and scalar instructions may round differently. An
    update without a gradient (moving averages, decoupled weight decay, sparse or hand-written updates) moves a shared
    value by the mean of what it did to the members. Which weights belong together never changes, and is told by the
    checkpoint that training starts from: interrupted and gone on with, training is as without the interruption.

    Args:
        shared: the clusters of variables (or of partitions of one) by name, such as `clusters_of(model, 16)`.
        aggregation: sum, the gradient of the shared value itself; or mean, for which the learning rate need not be
            lower than for single weights. To optimizers that divide by the gradient's size, such as Adam, both are
            much the same.
        preserve_sparsity: whether weights that are zero stay so.

    Raises:
        OptionError: an unknown aggregation.

    Example:
        `SharedWeights(clusters_of(load_model('shared/model.ckpt-1', ['logits']), 16))` as a hook of an
        `estimator.train` that is warm-started from that checkpoint.
    """

    def __init__(self, shared: Mapping[str, Clustered], aggregation: str = 'sum',
                 preserve_sparsity: bool = True) -> None:
        super().__init__()
        if aggregation not in AGGREGATIONS:
            raise OptionError('no aggregation named %r; there are %s' % (aggregation, ', '.join(AGGREGATIONS)))
        self._shared, self._aggregation, self._preserve = shared, aggregation, preserve_sparsity
        self._members: Dict[str, Members] = {}
        self._tie: Optional[tf.Operation] = None

    def begin(self) -> None:
        """Puts the clusters into the default graph.

        Raises:
            NameNotFoundError: a variable that the graph lacks, with the closest names.
            OptionError: a variable has another shape than its clusters.
            UnsupportedError: a variable is updated inside a `tf.while_loop`.
        """
        graph = tf.get_default_graph()
        self._alone.clear()
        with tf.name_scope('shared_weights/'):
            known = find_variables(graph)
            found = {variable: Members(variable.op, clustered, self._preserve)
                     for name, clustered in self._shared.items() for variable in _pieces(known, name, clustered)}
            members = {variable.op: each for variable, each in found.items()}
            averages = {average: members[variable] for average, variable in find_averages(graph, members).items()
                        if average not in members}
            tied = {**members, **averages}
            updates = find_updates(graph, [*found, *(GraphVariable(op.name, op) for op in averages)])
            refuse_loops(updates, 'take it out of the loop')
            for update in updates:
                self._follow(update, tied[update.variable.op])
            self._members = {variable.op.name: each for variable, each in found.items()}
            self._tie = tf.group(*[each.tie_to_mean(variable) for variable, each in tied.items()])

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        """Gives weights that share a value their mean: what was clustered, or trained so, has it already.

        Else a warning says that training does not start where it should.
        """
        for name, weights in session.run({name: each.weights for name, each in self._members.items()}).items():
            if not self._members[name].are_equal(weights):
                _LOG.warning('%s begins with other values than shared ones, which become their means: start training '
                             'from the clustered checkpoint', name)
        for each in self._members.values():
            session.run(each.fill, each.filling)
        session.run(self._tie)

    def _follow(self, update: Update, members: Members) -> None:
        """Lets all that share a value take the same step."""
        tie = members.tie_to_mean
        if update.gradient is not None:
            combine = members.sums if self._aggregation == 'sum' else members.means
            update.op._update_input(update.gradient, combine(update.op.inputs[update.gradient]))
            tie = members.tie_to_first
        self._run_after([update], lambda: tie(update.variable.op))


def clusters_of(model: Model, most: int, names: Optional[Sequence[str]] = None) -> Dict[str, Clustered]:
    """Returns the clusters of a model whose weights share values: what has the same value is together.

    Args:
        model: a checkpoint with its graph.
        most: how many values a tensor may have; others are left out, unless they are named.
        names: weight tensors; None takes all in which something is shared.

    Raises:
        ModelError: there are none, one of those named has more values, or the model is frozen.
        NameNotFoundError: there is no weight tensor of a name.
    """
    check_clusters(most)
    if model.frozen:
        raise ModelError('%s is frozen, it has no variables to train: give its checkpoint' % model.name)
    tensors = weight_tensors(model)
    found = {}
    for name in tensors if names is None else chosen(tensors, names):
        value = model.value(name)
        distinct = np.unique(value).size
        if distinct <= most and (names is not None or distinct < value.size):
            found[name] = shared_values(value, most)
        elif names is not None:
            raise ModelError('%s has %d values in %s, not up to %d: cluster it first' % (
                name, distinct, model.name, most))
    if not found:
        raise ModelError('no weight tensor of %s has up to %d values: cluster it first' % (model.name, most))
    return found


def _pieces(known: Mapping[str, List[GraphVariable]], name: str, clustered: Clustered) -> List[GraphVariable]:
    """Returns the variable of a name, or its copies on replicas.

    Raises:
        NameNotFoundError: there is none.
        OptionError: it has another shape.
    """
    if name not in known:
        raise NameNotFoundError.closest('variable', name, known, 'its values cannot be shared in this graph')
    for variable in known[name]:
        if variable.shape != clustered.indices.shape:
            raise OptionError('%s has the shape %s in this graph, its clusters have %s: they belong to another model, '
                              'or to another partition' % (name, list(variable.shape), list(clustered.indices.shape)))
    return known[name]
