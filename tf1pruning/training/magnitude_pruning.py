"""Magnitude pruning while a network trains: gradually, with masks that are kept in the checkpoint."""

import functools
import logging
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from ..errors import OptionError, UnsupportedError
from ..network import Network
from ..sparsity import SparsitySelection, Structure, parse_structure
from ..tf1 import tf
from ..weights import WeightTensor
from .after_updates import AfterUpdates, refuse_loops, steps_of
from .graph_masks import global_masks_in_graph, mask_in_graph
from .live_graph import live_model
from .masks import assign, read
from .sparsity_schedules import Schedule, is_due
from .updates import VARIABLE_OPS, GraphVariable, Update, find_averages, find_updates

logger = logging.getLogger(__name__)
MASK = 'magnitude_mask'
"""Behind a weight's name: what its mask is called in checkpoints."""
COUNTER = 'magnitude_pruning/updates'
"""What the number of updates so far is called in checkpoints."""


class _Masked(NamedTuple):
    """A weight tensor that is pruned.

    Attributes:
        tensor: the tensor.
        variable: its variable.
        mask: the variable of its mask.
        schedule: how sparse it becomes, and when.
        zeroed: moving averages and moments, that are zero where the weights are.
    """

    tensor: WeightTensor
    variable: tf.Operation
    mask: tf.Operation
    schedule: Schedule
    zeroed: List[tf.Operation]


class MagnitudePruning(AfterUpdates):
    """Prunes the weights of the smallest magnitudes while an unmodified `model_fn` trains.

    By its schedule new masks are made of the weights of the moment, within the very `session.run` that updates them,
    and weights, optimizer slots and moving averages become zero. In between the gradient that enters the update is
    masked: from zero weights and zero slots, no optimizer leaves zero. An update without a dense gradient is masked
    after it. So no checkpoint sees a value in between, and every one holds as many zeros as its step asks for, exactly.

    Masks and the number of updates are variables: they are saved and restored with everything else, and a training that
    was killed goes on as if it had not been. Updates are counted from the first one that the hook sees. A saver of your
    own has to be made without a list of variables. The saved training graph can be stripped and goes on training, but
    for masks of a structure: their shapes are fixed, so that strip refuses them; strip its inference form.

    Args:
        network: which part of the graph is the network; its outputs are enough.
        schedule: how sparse, and when: one for all weight tensors, or one for each that takes part, by name.
        structure: what becomes zero together, see `sparsity.parse_structure`; `m:n` takes only the times of a schedule.
        together: the weights of all tensors compete, under one schedule.
        only: weight tensors, or scopes of them, that take part; empty is all but depthwise kernels.
        exclude: what is left alone.

    Raises:
        OptionError: an option is out of its range.

    Example:
        `MagnitudePruning(Network('logits'), PolynomialDecay(1000, 8000, 100, initial=0.0, final=0.9))`
    """

    def __init__(self, network: Network, schedule: Union[Schedule, Mapping[str, Schedule]],
                 structure: Union[str, Structure] = 'unstructured', together: bool = False, only: Sequence[str] = (),
                 exclude: Sequence[str] = ()) -> None:
        super().__init__()
        self._network, self._structure, self._together = network, parse_structure(structure), together
        self._one: Optional[Schedule] = None if isinstance(schedule, Mapping) else schedule
        self._schedules: Dict[str, Schedule] = dict(schedule) if isinstance(schedule, Mapping) else {}
        for each in self._schedules.values() if self._one is None else [self._one]:
            each.check()
        if self._one is None and (together or only):
            raise OptionError('a schedule for each tensor leaves no room for %s' % ('together' if together else 'only'))
        self._only, self._exclude = tuple(only), tuple(exclude)
        self._masked: List[_Masked] = []

    def begin(self) -> None:
        """Puts masks and their making into the default graph.

        Raises:
            NameNotFoundError: an output, or a weight tensor, does not exist; with the closest names.
            OptionError: nothing is left to prune, or the structure does not fit a tensor.
            UnsupportedError: a weight is updated inside a `tf.while_loop`, or has copies on several devices.
        """
        graph = tf.get_default_graph()
        self._alone.clear()
        _refuse_copies(graph)
        tensors = self._selection().tensors(live_model(graph, self._network))
        with tf.name_scope('magnitude_pruning/'):
            self._masked = [_with_mask(graph, tensor, self._schedules.get(name) or self._one)
                            for name, tensor in tensors.items()
                            if graph.get_operation_by_name(name).type in VARIABLE_OPS]
            if not self._masked:
                raise OptionError('all weights are constants, which no training changes')
            self._wanted = tf.placeholder(tf.float64, [], 'sparsity')
            updates = self._find_updates(graph)
            for update, masked in updates:
                if update.gradient is not None:
                    update.op._update_input(update.gradient, _where(masked, update.op.inputs[update.gradient]))
            self._count(updates)
            self._now = self._make_masks(self._masked, [self._wanted] * len(self._masked))
            kept = [tf.reduce_mean(tf.cast(read(each.mask), tf.float32)) for each in self._masked]
            self._sparsities = {each.tensor.name: 1 - part for each, part in zip(self._masked, kept)}

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        """Makes the masks that are due before the first update."""
        session.run(self._start)

    def end(self, session: tf.Session) -> None:
        """Says how sparse the weights are."""
        sparse = self.sparsities(session)
        logger.info('sparsity: %s', ', '.join('%s %.4f' % each for each in sparse.items()))

    def update_masks(self, session: tf.Session, sparsity: Optional[float] = None) -> None:
        """Makes new masks of the weights of the moment, whatever the schedule says.

        Args:
            session: one of the graph that the hook was begun in.
            sparsity: of every tensor; None for `m:n`.

        Raises:
            OptionError: it is out of its range.
        """
        session.run(self._now, {self._wanted: self._structure.sparsity(sparsity)})

    def sparsities(self, session: tf.Session) -> Dict[str, float]:
        """Returns the sparsity of every mask at the moment, by weight tensor."""
        return {name: float(value) for name, value in session.run(self._sparsities).items()}

    def _selection(self) -> SparsitySelection:
        if self._one is None:
            return SparsitySelection(None, dict.fromkeys(self._schedules, 0.0), self._structure, exclude=self._exclude)
        return SparsitySelection(None, None, self._structure, self._together, self._only, self._exclude)

    def _find_updates(self, graph: tf.Graph) -> List[Tuple[Update, _Masked]]:
        """Returns what changes the weights, or their averages, during training."""
        owners = {each.variable: each for each in self._masked}
        for average, variable in find_averages(graph, list(owners)).items():
            owners[variable].zeroed.append(average)
            owners[average] = owners[variable]
        updates = find_updates(graph, [GraphVariable(op.name, op) for op in owners])
        refuse_loops(updates, 'take it out of the loop')
        trained = {update.variable.op for update in updates}
        for each in self._masked:
            if each.variable not in trained:
                raise OptionError('no update in the graph changes %s: exclude it' % each.tensor.name)
        for update in updates:
            owners[update.variable.op].zeroed.extend(
                slot for slot in update.moments if slot not in owners[update.variable.op].zeroed)
        return [(update, owners[update.variable.op]) for update in updates]

    def _count(self, updates: Sequence[Tuple[Update, _Masked]]) -> None:
        """Puts the counting of updates, and what is due after each, behind every training step."""
        owners = dict(updates)
        starts: List[tf.Operation] = []
        for step in steps_of([update for update, _ in updates]):
            trained = {update.variable.op for update in step}
            masked = [each for each in self._masked if each.variable in trained]
            loose = [(update, owners[update]) for update in step if update.gradient is None]
            if masked:
                counter = _counter(len(starts))
                starts.append(self._if_due(read(counter), masked, first=True))
                self._run_after(step, functools.partial(self._after, masked, loose, counter))
            else:  # averages that are run for themselves
                self._run_after(step, functools.partial(_hold, loose))
        self._start = tf.group(*starts)

    def _after(self, masked: Sequence[_Masked], loose: Sequence[Tuple[Update, _Masked]],
               counter: tf.Operation) -> tf.Operation:
        with tf.control_dependencies([_hold(loose)]):
            updates = read(counter) + 1
        with tf.control_dependencies([assign(counter, updates)]):
            return self._if_due(tf.identity(updates), masked)

    def _if_due(self, updates: tf.Tensor, masked: Sequence[_Masked], first: bool = False) -> tf.Operation:
        """Makes the masks that are due after so many updates; `first`: only where there were none."""
        made = []
        for schedule in dict.fromkeys(each.schedule for each in masked):
            due = is_due(schedule, updates)
            make = functools.partial(self._make_some, schedule, masked, updates)
            made.append(tf.cond(tf.logical_and(due, tf.equal(updates, 0)) if first else due, make,
                                lambda: tf.constant(False)))
        return tf.group(*made)

    def _make_some(self, schedule: Schedule, masked: Sequence[_Masked], updates: tf.Tensor) -> tf.Tensor:
        """Makes the masks of the tensors of one schedule."""
        own = [each for each in masked if each.schedule == schedule]
        with tf.control_dependencies([self._make_masks(own, [schedule.after(updates)] * len(own))]):
            return tf.constant(True)

    def _make_masks(self, masked: Sequence[_Masked], sparsities: Sequence[tf.Tensor]) -> tf.Operation:
        """Returns an operation that makes new masks and sets to zero what they do not keep."""
        values = [read(each.variable) for each in masked]
        if self._together:
            masks = global_masks_in_graph(values, self._structure, sparsities[0], [each.tensor for each in masked])
        else:
            masks = [mask_in_graph(value, self._structure, sparsity, each.tensor)
                     for value, sparsity, each in zip(values, sparsities, masked)]
        made = [assign(each.mask, mask) for each, mask in zip(masked, masks)]
        for each, mask in zip(masked, masks):
            made += [_zero(each, op, mask) for op in (each.variable, *each.zeroed)]
        return tf.group(*made)


def _refuse_copies(graph: tf.Graph) -> None:
    if any(getattr(each, 'values', ()) for each in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)):
        raise UnsupportedError('MagnitudePruning works on one device, and would mask one copy of several: leave '
                               'tf.distribute out')


def _with_mask(graph: tf.Graph, tensor: WeightTensor, schedule: Optional[Schedule]) -> _Masked:
    assert schedule is not None
    variable = graph.get_operation_by_name(tensor.name)
    with tf.name_scope(None), graph.colocate_with(variable, ignore_existing=True):
        mask = tf.Variable(tf.ones(tensor.shape, tf.bool), trainable=False, use_resource=variable.type == 'VarHandleOp',
                           name='%s/%s' % (tensor.name, MASK))
    return _Masked(tensor, variable, mask.op, schedule, [])


def _counter(number: int) -> tf.Operation:
    with tf.name_scope(None):
        name = '%s_%d' % (COUNTER, number) if number else COUNTER
        return tf.Variable(tf.zeros([], tf.int64), trainable=False, use_resource=False, name=name).op


def _hold(loose: Sequence[Tuple[Update, _Masked]]) -> tf.Operation:
    """Returns an operation that masks what updates without a dense gradient have written."""
    return tf.group(*[_zero(each, op) for update, each in loose for op in (update.variable.op, *update.moments)])


def _where(masked: _Masked, value: tf.Tensor, mask: Optional[tf.Tensor] = None) -> tf.Tensor:
    """Returns a value with zeros where the mask does not keep it; these may be infinite or not a number."""
    return tf.where(read(masked.mask) if mask is None else mask, value, tf.raw_ops.ZerosLike(x=value))


def _zero(masked: _Masked, op: tf.Operation, mask: Optional[tf.Tensor] = None) -> tf.Operation:
    """Returns an operation that sets to zero what the mask does not keep."""
    with op.graph.colocate_with(op, ignore_existing=True):
        return assign(op, _where(masked, read(op), mask))
