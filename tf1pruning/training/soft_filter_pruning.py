"""Soft filter pruning: filters are zeroed after every epoch, chosen anew, and may come back in between."""

import enum
import logging
from typing import Dict, List, Set, Tuple, Union

import numpy as np

from ..channels import Channels, Group, analyse
from ..choice import SameCounts, Selection
from ..errors import OptionError
from ..network import Network
from ..passes.soft_prune import zeros_of
from ..passes.to_inference import to_inference
from ..plan import PruningPlan, pruned_slices
from ..tf1 import tf
from .hold_zeros import HoldZeros
from .live_graph import LiveChannels
from .masks import broadcast_shape, dtype_of, zero_slices

logger = logging.getLogger(__name__)
Slice = Tuple[str, int]
"""A kernel and the axis along which filters lie."""
Indices = Dict[Slice, np.ndarray]
"""Which filters of every kernel."""
_NONE = np.zeros(0, int)


class SoftFilterPruning(tf.train.SessionRunHook):
    """Zeroes filters every so many steps and lets them train on (He et al., IJCAI 2018, arXiv 1808.06866).

    It works on an unmodified `model_fn`. At the end of every epoch the channels of whole groups are scored on the
    weights of the moment and the filters that make the chosen ones become zero; the next steps may bring them back.
    As in the paper nothing else is touched: not the optimizer's slots, and of a chosen channel neither γ, β nor the
    slices of its consumers. Were these zero too, the filters' gradient would be, and they could not come back. At the
    end the last choice is written as a plan. With it `soft_prune` zeroes everything that belongs to the channels, and
    strip follows.

    Args:
        network: which part of the graph is the network, for the channel analysis.
        selection: what to prune, how much, and by what criterion (the paper: `l2` at a ratio); or `SameCounts`, to
            begin where a plan is.
        every_steps: steps between two choices, as a rule those of one epoch; counted by the global step.
        plan_path: where the final choice is written, as `plan.json`.

    Raises:
        OptionError: `every_steps` is not positive.

    Example:
        `network = Network('logits', {'IteratorGetNext:0': ('input', [None, 32, 32, 3])})`
        `hook = SoftFilterPruning(network, Selection(Amount(ratio=0.4), criterion='l2'), 390, 'out/plan.json')`
        `estimator.train(input_fn, steps=39000, hooks=[hook])`
    """

    def __init__(self, network: Network, selection: Union[Selection, SameCounts], every_steps: int,
                 plan_path: str) -> None:
        if every_steps < 1:
            raise OptionError('every_steps %d is not a positive number' % every_steps)
        self._network, self._selection = network, selection
        self._every, self._path = every_steps, plan_path
        self._masks: Dict[Slice, tf.Tensor] = {}
        self._next = 0

    def begin(self) -> None:
        """Analyses the default graph and adds the operations that zero filters.

        Raises:
            NameNotFoundError: an input, an output or a scope does not exist.
            OptionError: the graph has no global step, or an option of the selection is out of its range.
            ModelError: the graph or the inputs do not suffice for the analysis.
        """
        graph = tf.get_default_graph()
        self._step = tf.train.get_global_step(graph)
        if self._step is None:
            raise OptionError('the graph has no global step to count epochs by: call '
                              'tf.train.get_or_create_global_step() in the model_fn')
        with tf.name_scope('soft_filter_pruning/'):
            self._live = LiveChannels(graph, self._network)
            chosen = self._selection.plan(self._live.structure)
            filters = sorted(_filters_of(self._live.structure, chosen))
            self._masks = {each: _mask(graph, *each) for each in filters}
            self._zero = tf.group(*[zero_slices(graph.get_operation_by_name(name), [mask])
                                    for (name, _), mask in self._masks.items()])

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        """Finds out where in an epoch training begins; one that ended here is ended again.

        A checkpoint of its last step may have been saved before the filters became zero, by a hook that came first.
        """
        step = session.run(self._step)
        self._next = self._following(step)
        if step and step % self._every == 0:
            channels = self._live.now(session)
            _, indices = self._choose(channels)
            if not _are_zero(channels, indices):
                self._zero_filters(session, indices)

    def before_run(self, run_context: tf.train.SessionRunContext) -> tf.train.SessionRunArgs:
        """Asks for the global step."""
        return tf.train.SessionRunArgs(self._step)

    def after_run(self, run_context: tf.train.SessionRunContext, run_values: tf.train.SessionRunValues) -> None:
        """Zeroes filters at the end of an epoch."""
        if run_values.results + 1 < self._next:  # it may have been read before the step that it counts
            return
        step = run_context.session.run(self._step)
        if step >= self._next:
            plan, indices = self._choose(self._live.now(run_context.session))
            self._next = self._following(step)
            self._zero_filters(run_context.session, indices)
            logger.info('step %d: %d filters are zero, until the next step', step, plan.pruned_count)

    def end(self, session: tf.Session) -> None:
        """Chooses for the last time and writes the plan."""
        plan, _ = self._choose(self._live.now(session))
        plan.save(self._path)
        logger.info('%d channels chosen: %s', plan.pruned_count, self._path)

    def _choose(self, channels: Channels) -> Tuple[PruningPlan, Indices]:
        plan = self._selection.plan(channels)
        return plan, {(name, axis): indices for name, axes in pruned_slices(channels, plan).items()
                      for axis, indices in axes.items() if (name, axis) in self._masks}

    def _zero_filters(self, session: tf.Session, indices: Indices) -> None:
        session.run(self._zero, {mask: self._without(each, indices.get(each, _NONE))
                                 for each, mask in self._masks.items()})

    def _without(self, filters: Slice, gone: np.ndarray) -> np.ndarray:
        name, axis = filters
        mask = np.ones(self._live.structure.axes[name][axis].size)
        mask[gone] = 0
        return mask.reshape([size or -1 for size in self._masks[filters].shape.as_list()])

    def _following(self, step: int) -> int:
        return (int(step) // self._every + 1) * self._every


def _are_zero(channels: Channels, indices: Indices) -> bool:
    """Whether as many filters of every kernel are zero as were chosen, whichever these are."""
    for (name, axis), chosen in indices.items():
        value = channels.model.weights[name]
        others = tuple(other for other in range(value.ndim) if other != axis)
        if np.count_nonzero(~value.any(axis=others)) < len(chosen):
            return False
    return True


class Style(enum.Enum):
    """What happens to pruned filters while a network is trained again.

    `HARD`: chosen once, before, and held at zero with everything that belongs to their channels. `SOFT`: chosen anew
    after every epoch, and free to come back until the next.
    """

    HARD = 'hard'
    SOFT = 'soft'


def pruning_hook(style: Style, checkpoint: str, network: Network, selection: Selection, every_steps: int,
                 plan_path: str) -> tf.train.SessionRunHook:
    """Returns the hook that prunes in a style while a checkpoint is trained on; either way a plan is left for strip.

    Args:
        style: hard or soft.
        checkpoint: prefix of the checkpoint that training starts from; hard pruning chooses on its weights.
        network: which part of the graph is the network.
        selection: what to prune, how much, and by what criterion.
        every_steps: steps between two choices of soft pruning.
        plan_path: where the choice is written: now where it is hard, else at the end.

    Raises:
        ModelError: the checkpoint is missing or damaged.
        NameNotFoundError: an input, an output or a scope does not exist.
        OptionError: an option is out of its range.
    """
    if style is Style.SOFT:
        return SoftFilterPruning(network, selection, every_steps, plan_path)
    channels = analyse(to_inference(network.load(checkpoint)))
    plan = selection.plan(channels)
    plan.save(plan_path)
    return HoldZeros(zeros_of(channels, plan))


def _filters_of(channels: Channels, plan: PruningPlan) -> Set[Slice]:
    """Returns the kernels, with the axis of their filters, that make the channels of a plan's groups."""
    names = {group.name for group in plan.groups}
    return {each for group in channels.groups if group.name in names for each in _made_by(channels, group)}


def _made_by(channels: Channels, group: Group) -> List[Slice]:
    contracted = channels.used.axes(group.consumers)
    return [each for each in channels.made.axes(group.producers) if each in group.slices and each not in contracted]


def _mask(graph: tf.Graph, name: str, axis: int) -> tf.Tensor:
    """Returns a placeholder for a mask; its size is left open, so that the saved graph can be stripped."""
    variable = graph.get_operation_by_name(name)
    shape = [None if size < 0 else size for size in broadcast_shape(variable, axis)]
    return tf.placeholder(dtype_of(variable), shape, 'mask')
