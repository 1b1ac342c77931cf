"""Holds the zeros of a soft-pruned model while it is trained again.

A zeroed channel has no gradient, but it does not rest: stale moments of the optimizer, weight decay toward
something other than zero, moving averages and noise bring it back. Masks in the training step keep it zero.
"""

from typing import Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from ..errors import NameNotFoundError, OptionError
from ..tf1 import tf
from .after_updates import AfterUpdates, refuse_loops
from .masks import fill_slices_with_ones, masked, slice_masks, zero_slices
from .updates import GraphVariable, Update, find_averages, find_updates, find_variables

Axes = Mapping[int, Union[Sequence[int], np.ndarray]]
Zeros = Mapping[str, Axes]
"""Variable name -> axis -> the indices along it that stay zero."""

Masks = Dict[tf.Operation, List[tf.Tensor]]
"""The masks of every variable, or partition of one, that has zeros."""


class HoldZeros(AfterUpdates):
    """Keeps parameters and their optimizer slots at zero, within the very `session.run` that trains.

    It works on an unmodified `model_fn`. Before the session is made, the gradient that enters the update of such a
    variable is masked: from zero parameters and zero slots, no optimizer then leaves zero. An update without a
    gradient (moving averages, hand-written optimizers, sparse updates) is masked after it, and before everything
    that waits for it. So whichever train op runs, runs its masks and no other's, and no checkpoint sees a value in
    between. Once at the beginning, parameters and slots are zeroed. Slots are known by the inputs of the update, not
    by names; where an optimizer divides by a slot without an epsilon (Adagrad, Ftrl) the slot becomes one instead
    of zero, since 0 / 0 would follow.

    Cost: below 2 % of a training step (`benchmarks/training_hook.py`).

    Args:
        zeros: variable name -> axis -> indices along it that stay zero, such as `Pruning.zeros`.

    Example:
        `estimator.train(input_fn, steps=1000, hooks=[HoldZeros(pruning.zeros)])`
    """

    def __init__(self, zeros: Zeros) -> None:
        super().__init__()
        self._zeros = zeros
        self._start: Optional[tf.Operation] = None

    def begin(self) -> None:
        """Puts the masks into the default graph.

        Raises:
            NameNotFoundError: a variable that the graph lacks, with the closest names.
            OptionError: an axis or index that the variable lacks.
            UnsupportedError: a variable that is updated inside a `tf.while_loop`.
        """
        graph = tf.get_default_graph()
        with tf.name_scope('hold_zeros/'):
            masks, updates = _masks_and_updates(graph, self._zeros)
            refuse_loops(updates, 'use hold_zeros_op on the train op')
            self._alone.clear()
            for update in updates:
                self._hold(update, masks[update.variable.op])
            self._start = _zero_everything(masks, updates)

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        """Zeroes once what was initialised, warm-started or restored."""
        session.run(self._start)

    def _hold(self, update: Update, masks: List[tf.Tensor]) -> None:
        """Masks an update's gradient, or what it wrote."""
        if update.gradient is not None:
            update.op._update_input(update.gradient, masked(update.op.inputs[update.gradient], masks))
        else:
            written = (update.variable.op,) + update.moments
            self._run_after([update], lambda: tf.group(*[zero_slices(each, masks) for each in written]))


def hold_zeros_op(zeros: Zeros, train_op: tf.Operation) -> tf.Operation:
    """Returns an operation that runs `train_op` and then zeroes variables and slots: for plain session loops.

    Args:
        zeros: variable name -> axis -> indices along it that stay zero.
        train_op: the operation (or tensor) that trains.

    Raises:
        NameNotFoundError: a variable that the graph lacks, with the closest names.
        OptionError: an axis or index that the variable lacks.
    """
    graph = train_op.graph
    with graph.as_default():
        masks, updates = _masks_and_updates(graph, zeros)
        with tf.control_dependencies([train_op]):
            return _zero_everything(masks, updates)


def _masks_and_updates(graph: tf.Graph, zeros: Zeros) -> Tuple[Masks, List[Update]]:
    variables = find_variables(graph)
    masks: Masks = {}
    pruned = []
    for name, axes in zeros.items():
        if name not in variables:
            raise NameNotFoundError.closest(
                'variable', name, variables, 'its zeros cannot be held in this training graph')
        _check(variables[name], axes)
        for variable in variables[name]:
            indices = {axis: _within(variable, axis, np.asarray(each, np.int64)) for axis, each in axes.items()}
            indices = {axis: each for axis, each in indices.items() if each.size}
            if indices:
                masks[variable.op] = slice_masks(variable.op, indices)
                pruned.append(variable)
    for average, variable in find_averages(graph, masks).items():
        masks.setdefault(average, masks[variable])
        pruned.append(GraphVariable(average.name, average))
    return masks, find_updates(graph, pruned)


def _check(pieces: Sequence[GraphVariable], axes: Axes) -> None:
    name, rank = pieces[0].name, len(pieces[0].shape)
    for axis, indices in axes.items():
        if not 0 <= axis < rank:
            raise OptionError('%s has %d axes, so none is number %d' % (name, rank, axis))
        size = max((piece.offset[axis] if piece.offset else 0) + piece.shape[axis] for piece in pieces)
        if len(indices) and not 0 <= min(indices) <= max(indices) < size:
            raise OptionError('axis %d of %s has %d indices, but the zeros go from %d to %d: they belong to another '
                              'model' % (axis, name, size, min(indices), max(indices)))


def _within(variable: GraphVariable, axis: int, indices: np.ndarray) -> np.ndarray:
    """Returns the indices that lie in this partition, counted from its beginning."""
    if not variable.offset:
        return indices
    local = indices - variable.offset[axis]
    return local[(local >= 0) & (local < variable.shape[axis])]


def _zero_everything(masks: Masks, updates: Iterable[Update]) -> tf.Operation:
    """Returns an operation that zeroes variables and moments, and sets what is divided by to one."""
    zeroed = dict(masks)
    divisors: Masks = {}
    for update in updates:
        zeroed.update(dict.fromkeys(update.moments, masks[update.variable.op]))
        divisors.update(dict.fromkeys(update.divisors, masks[update.variable.op]))
    return tf.group(*[zero_slices(variable, each) for variable, each in zeroed.items()],
                    *[fill_slices_with_ones(variable, each) for variable, each in divisors.items()])
