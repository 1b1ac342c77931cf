"""Sparse training: regularisers that drive whole channels to zero before any are chosen, as steps after each update."""

import abc
from typing import Dict, List, NamedTuple, Sequence, Tuple, Union

import numpy as np

from ..channels import Channels, Group
from ..channels.blocks import exclude_groups, select_groups
from ..criteria.filters import channel_numbers
from ..errors import OptionError
from ..network import Network
from ..passes.soft_prune import ZEROED_ROLES
from ..tf1 import tf
from .after_updates import AfterUpdates, refuse_loops, steps_of
from .live_graph import LiveChannels
from .masks import assign, broadcast_shape, dtype_of, for_size, read
from .updates import GraphVariable, Update, find_updates, learning_rate_of, shape_of


class Strength(NamedTuple):
    """How strongly a regulariser pulls, and from when on.

    Attributes:
        coefficient: λ, multiplied by the learning rate of the moment.
        grow_steps: λ grows in proportion over so many steps, from zero; 0 is at once. Growing regularisation lets the
            network move what it needs into the channels that will stay (Wang et al., ICLR 2021, arXiv 2012.09243).
        start_step: the global step at which it begins.
        learning_rate: a number, or the name of a tensor; None takes it from the operations that update the weights.
    """

    coefficient: float
    grow_steps: int = 0
    start_step: int = 0
    learning_rate: Union[None, float, str] = None

    def check(self) -> None:
        """Checks the ranges.

        Raises:
            OptionError: something is negative.
        """
        for name in ('coefficient', 'grow_steps', 'start_step'):
            if getattr(self, name) < 0:
                raise OptionError('%s %g is negative' % (name, getattr(self, name)))


class _Part(NamedTuple):
    """An axis of a variable along which channels lie.

    Attributes:
        variable: the variable.
        axis: the axis.
        numbers: for every index the number of its channel, counted over all groups; `_Channels.total` for none.
        weights: for every channel, how many weights it has there.
    """

    variable: tf.Operation
    axis: int
    numbers: tf.Tensor
    weights: np.ndarray


class _Channels(NamedTuple):
    """The channels of some groups, and where they lie.

    Attributes:
        groups: the number of its group, by channel.
        parts: every axis of a variable that they lie along, once.
    """

    groups: np.ndarray
    parts: List[_Part]

    @property
    def total(self) -> int:
        """How many channels there are."""
        return int(self.groups.size)


class _ProximalStep(AfterUpdates, metaclass=abc.ABCMeta):
    """What the regularisers have in common: they find the variables and follow the updates of each training step."""

    def __init__(self, network: Network, strength: Strength, scopes: Sequence[str] = ('all',),
                 exclude: Sequence[str] = ()) -> None:
        super().__init__()
        strength.check()
        self._network, self._strength = network, strength
        self._scopes, self._exclude = scopes, exclude

    @abc.abstractmethod
    def _shrink(self, channels: _Channels, rate: tf.Tensor) -> tf.Operation:
        """Returns an operation that makes one step; `rate` is the learning rate times λ."""

    @property
    @abc.abstractmethod
    def _roles(self) -> Tuple[str, ...]:
        """Roles of the parameters that take part."""

    def begin(self) -> None:
        """Analyses the default graph and puts the steps into it.

        Raises:
            NameNotFoundError: an input, an output or a scope does not exist.
            OptionError: nothing to regularise, or no learning rate or several.
            ModelError: the graph or the inputs do not suffice for the analysis.
            UnsupportedError: a variable is updated inside a `tf.while_loop`.
        """
        graph = tf.get_default_graph()
        self._alone.clear()
        with tf.name_scope('sparse_training/'):
            channels = LiveChannels(graph, self._network).structure
            groups = exclude_groups(channels, select_groups(channels, self._scopes), self._exclude)
            found = _find_channels(graph, channels, groups, self._roles)
            variables = [GraphVariable(op.name, op) for op in {part.variable for part in found.parts}]
            updates = find_updates(graph, variables)
            refuse_loops(updates, 'take it out of the loop')
            if not updates:
                raise OptionError('nothing to regularise: no update in the graph changes %s of a group of channels'
                                  % ' or '.join(self._roles))
            for step in steps_of(updates):
                self._follow(graph, step, found)

    def _follow(self, graph: tf.Graph, step: Sequence[Update], channels: _Channels) -> None:
        """Puts a step behind the updates of one training step; variables that it does not train take no part."""
        trained = {update.variable.op for update in step}
        own = channels._replace(parts=[part for part in channels.parts if part.variable in trained])
        rate = self._rate(graph, step)
        self._run_after(step, lambda: self._shrink(own, rate))

    def _rate(self, graph: tf.Graph, step: Sequence[Update]) -> tf.Tensor:
        coefficient, grow, start, given = self._strength
        if given is None:
            given = learning_rate_of(step)
        rate = tf.cast(graph.get_tensor_by_name(given) if isinstance(given, str) else given, tf.float32)
        steps = tf.train.get_global_step(graph)
        if (grow or start) and steps is None:
            raise OptionError('the graph has no global step to grow by: call tf.train.get_or_create_global_step()')
        if grow or start:
            since = tf.cast(tf.identity(steps) - start, tf.float32)
            rate *= tf.clip_by_value(since / max(grow, 1), 0.0, 1.0)
        return coefficient * rate


class GroupLasso(_ProximalStep):
    """Group lasso over channels: minimises loss + λ Σ_g Σ_c √p_g ‖w_c‖₂ (Yuan & Lin, 2006; Wen et al., 2016).

    w_c are all p_g weights of channel c of group g: its filters in every kernel that makes it, depthwise kernels,
    biases, γ, β, and the slices of the consumers' kernels that read it, as in DepGraph (Fang et al., CVPR 2023, arXiv
    2301.12900). They become zero together, and just those that strip needs to be zero: what this regulariser has
    removed, strip removes exactly.

    The norm has no gradient at zero, and a subgradient never arrives there. So the loss takes its step by the
    unmodified optimizer, and the regulariser takes its own after it, by its proximal operator (block soft threshold;
    Parikh & Boyd, Proximal Algorithms, 2014):

        w_c ← w_c · max(0, 1 − η λ_c √p_g / ‖w_c‖₂),   λ_c = λ · emphasis^((n_max − n_c) / (n_max − n_min))

    η is the learning rate and n_c = ‖w_c‖₂. With an adaptive optimizer this is decoupled, as AdamW's decay is. A kernel
    whose input and output channels both belong to groups is multiplied by both factors. `emphasis` 1 is the plain
    group lasso; above it, weak channels are pulled harder than strong ones (DepGraph: 2⁴).

    Args:
        network: which part of the graph is the network, for the channel analysis.
        strength: λ and its growth.
        scopes: which channels, see `channels.blocks.select_groups`.
        exclude: scopes or groups to leave alone.
        emphasis: how many times harder than the strongest channel of a group its weakest is pulled.

    Raises:
        OptionError: a number is out of its range.

    Example:
        `GroupLasso(Network('logits', {'IteratorGetNext:0': 'input'}), Strength(0.01, grow_steps=5000))`
    """

    _roles = ZEROED_ROLES

    def __init__(self, network: Network, strength: Strength, scopes: Sequence[str] = ('all',),
                 exclude: Sequence[str] = (), emphasis: float = 1.0) -> None:
        super().__init__(network, strength, scopes, exclude)
        if emphasis < 1:
            raise OptionError('emphasis %g is below 1' % emphasis)
        self._emphasis = emphasis

    def _shrink(self, channels: _Channels, rate: tf.Tensor) -> tf.Operation:
        parts = channels.parts
        values = {part.variable: read(part.variable) for part in parts}
        squares = {variable: tf.square(tf.cast(value, tf.float32)) for variable, value in values.items()}
        numbers = tf.concat([part.numbers for part in parts], 0)
        sums = tf.concat([_along(squares[part.variable], part.axis) for part in parts], 0)
        norms = tf.sqrt(tf.math.unsorted_segment_sum(sums, numbers, channels.total + 1)[:-1])
        factors = tf.concat([self._factors(channels, norms, rate), [1.0]], 0)
        sizes = tf.stack([tf.raw_ops.Size(input=part.numbers) for part in parts])
        for part, factor in zip(parts, tf.split(tf.gather(factors, numbers), sizes, num=len(parts))):
            spread = tf.reshape(factor, broadcast_shape(part.variable, part.axis))
            values[part.variable] *= tf.cast(spread, dtype_of(part.variable))
        return tf.group(*[assign(variable, value) for variable, value in values.items()])

    def _factors(self, channels: _Channels, norms: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        """Returns max(0, 1 − η λ_c √p_g / ‖w_c‖) for every channel."""
        count = int(channels.groups.max()) + 1
        most, least = [tf.gather(extreme(norms, channels.groups, count), channels.groups) for extreme in (
            tf.math.unsorted_segment_max, tf.math.unsorted_segment_min)]
        emphasis = self._emphasis ** tf.math.divide_no_nan(most - norms, most - least)
        weights = np.sqrt(np.sum([part.weights for part in channels.parts], axis=0)).astype(np.float32)
        return tf.maximum(1 - tf.math.divide_no_nan(rate * weights * emphasis, norms), 0)


class NetworkSlimming(_ProximalStep):
    """L1 on batch norm's scales: minimises loss + λ Σ |γ| (Liu et al., ICCV 2017, arXiv 1708.06519).

    |γ| has no gradient at zero; as with `GroupLasso` its proximal operator, the soft threshold, follows every update,
    where the paper takes a subgradient, that never arrives at zero:

        γ ← sign(γ) · max(0, |γ| − η λ)

    Then `batch_norm_scale` is the criterion to choose by. A channel whose γ is zero is a constant, not zero: β and the
    weights around it stay, and soft-pruning it changes what the network computes unless β is zero too.

    Args:
        network: which part of the graph is the network, for the channel analysis.
        strength: λ and its growth.
        scopes: which channels, see `channels.blocks.select_groups`.
        exclude: scopes or groups to leave alone.

    Raises:
        OptionError: a number is out of its range.
    """

    _roles = ('scale',)

    def _shrink(self, channels: _Channels, rate: tf.Tensor) -> tf.Operation:
        assigned = []
        for variable, axis, numbers, _ in channels.parts:
            value = read(variable)
            inside = tf.reshape(tf.cast(numbers < channels.total, value.dtype), broadcast_shape(variable, axis))
            pull = tf.cast(rate, value.dtype) * inside
            assigned.append(assign(variable, tf.sign(value) * tf.maximum(tf.abs(value) - pull, 0)))
        return tf.group(*assigned)


def _find_channels(graph: tf.Graph, channels: Channels, groups: Sequence[Group], roles: Sequence[str]) -> _Channels:
    """Numbers the channels of some groups one after the other, and finds every axis of a variable they lie along."""
    starts = np.cumsum([0] + [group.size for group in groups])
    numbers: Dict[Tuple[str, int], np.ndarray] = {}
    for start, group in zip(starts, groups):
        for name, axis in group.slices:
            if channels.roles.get(name) in roles and channels.model.view.op(name) != 'Const':
                own = channel_numbers(group, channels.classes(name, axis))
                along = numbers.setdefault((name, axis), np.full(own.size, starts[-1], np.int32))
                along[own >= 0] = start + own[own >= 0]
    parts = [_part(graph.get_operation_by_name(name), axis, along, starts[-1])
             for (name, axis), along in numbers.items()]
    return _Channels(np.repeat(np.arange(len(groups)), [group.size for group in groups]), parts)


def _part(variable: tf.Operation, axis: int, numbers: np.ndarray, count: int) -> _Part:
    each = int(np.prod(shape_of(variable))) // numbers.size
    weights = each * np.bincount(numbers, minlength=count + 1)[:-1]
    size = tf.raw_ops.Shape(input=read(variable))[axis:axis + 1]
    return _Part(variable, axis, for_size(size, numbers, count), weights)


def _along(values: tf.Tensor, axis: int) -> tf.Tensor:
    return tf.reduce_sum(values, [other for other in range(len(values.shape)) if other != axis])
