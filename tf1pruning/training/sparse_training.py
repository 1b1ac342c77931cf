"""Sparse training: regularisers that drive whole channels to zero before any are chosen, as steps after each update."""

import abc
from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple, Union

import numpy as np

from ..channels import Channels, Group
from ..channels.blocks import exclude_groups, select_groups
from ..criteria.filters import channel_numbers
from ..errors import OptionError
from ..passes.soft_prune import ZEROED_ROLES
from ..tf1 import tf
from .after_updates import AfterUpdates, refuse_loops, steps_of
from .live_graph import LiveChannels, Network
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
    """An axis of a variable along which channels of a group lie.

    Attributes:
        variable: the variable.
        axis: the axis.
        numbers: for every index the number of its channel; where it is of another group, the number behind the last.
        weights: how many weights every channel has there.
    """

    variable: tf.Operation
    axis: int
    numbers: tf.Tensor
    weights: np.ndarray


Parts = Sequence[Tuple[Group, List[_Part]]]


class _ProximalStep(AfterUpdates, metaclass=abc.ABCMeta):
    """What the regularisers have in common: they find the variables and follow the updates of each training step."""

    def __init__(self, network: Network, strength: Strength, scopes: Sequence[str] = ('all',),
                 exclude: Sequence[str] = ()) -> None:
        super().__init__()
        strength.check()
        self._network, self._strength = network, strength
        self._scopes, self._exclude = scopes, exclude

    @abc.abstractmethod
    def _shrink(self, parts: Parts, rate: tf.Tensor) -> tf.Operation:
        """Returns an operation that makes one step; `rate` is λ times the learning rate."""

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
            parts = [(group, _parts(graph, channels, group, self._roles)) for group in groups]
            variables = {part.variable for _, own in parts for part in own}
            updates = find_updates(graph, [GraphVariable(each.name, each) for each in variables])
            refuse_loops(updates, 'take it out of the loop')
            if not updates:
                raise OptionError('nothing to regularise: no update in the graph changes %s of a group of channels'
                                  % ' or '.join(self._roles))
            for step in steps_of(updates):
                self._follow(graph, step, parts)

    def _follow(self, graph: tf.Graph, step: Sequence[Update], parts: Parts) -> None:
        """Puts a step behind the updates of one training step; variables that it does not train take no part."""
        trained = {update.variable.op for update in step}
        own = [(group, [part for part in each if part.variable in trained]) for group, each in parts]
        rate = self._rate(graph, step)
        self._run_after(step, lambda: self._shrink([(group, each) for group, each in own if each], rate))

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

    def _shrink(self, parts: Parts, rate: tf.Tensor) -> tf.Operation:
        values = {part.variable: read(part.variable) for _, own in parts for part in own}
        squares = {variable: tf.square(tf.cast(value, tf.float32)) for variable, value in values.items()}
        for group, own in parts:
            factors = self._factors(group, own, squares, rate)
            for part in own:
                factor = tf.reshape(tf.gather(factors, part.numbers), broadcast_shape(part.variable, part.axis))
                values[part.variable] *= tf.cast(factor, dtype_of(part.variable))
        return tf.group(*[assign(variable, value) for variable, value in values.items()])

    def _factors(self, group: Group, own: Sequence[_Part], squares: Mapping[tf.Operation, tf.Tensor],
                 rate: tf.Tensor) -> tf.Tensor:
        """Returns max(0, 1 − η λ_c √p_g / ‖w_c‖) for every channel of a group, and 1 at the number behind the last."""
        sums = [tf.math.unsorted_segment_sum(_along(squares[part.variable], part.axis), part.numbers, group.size + 1)
                for part in own]
        norms = tf.sqrt(tf.add_n(sums)[:-1])
        most = tf.reduce_max(norms)
        weakness = tf.math.divide_no_nan(most - norms, most - tf.reduce_min(norms))
        pull = rate * np.sqrt(sum(part.weights for part in own)).astype(np.float32) * self._emphasis ** weakness
        return tf.concat([tf.maximum(1 - tf.math.divide_no_nan(pull, norms), 0), [1.0]], 0)


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

    def _shrink(self, parts: Parts, rate: tf.Tensor) -> tf.Operation:
        inside: Dict[Tuple[tf.Operation, int], tf.Tensor] = {}
        for group, part in ((group, part) for group, own in parts for part in own):
            ours = tf.cast(part.numbers < group.size, tf.float32)
            inside[part.variable, part.axis] = inside.get((part.variable, part.axis), 0) + ours
        return tf.group(*[assign(variable, _soft_threshold(read(variable), rate * tf.reshape(
            ours, broadcast_shape(variable, axis)))) for (variable, axis), ours in inside.items()])


def _soft_threshold(value: tf.Tensor, by: tf.Tensor) -> tf.Tensor:
    return tf.sign(value) * tf.maximum(tf.abs(value) - tf.cast(by, value.dtype), 0)


def _parts(graph: tf.Graph, channels: Channels, group: Group, roles: Sequence[str]) -> List[_Part]:
    found = []
    for name, axis in group.slices:
        if channels.roles.get(name) in roles and channels.model.view.op(name) != 'Const':
            variable = graph.get_operation_by_name(name)
            numbers = channel_numbers(group, channels.classes(name, axis)).astype(np.int32)
            each = int(np.prod(shape_of(variable))) // numbers.size
            weights = each * np.bincount(numbers[numbers >= 0], minlength=group.size)
            numbers[numbers < 0] = group.size
            size = tf.raw_ops.Shape(input=read(variable))[axis]
            found.append(_Part(variable, axis, for_size(size, numbers, group.size), weights))
    return found


def _along(values: tf.Tensor, axis: int) -> tf.Tensor:
    return tf.reduce_sum(values, [other for other in range(len(values.shape)) if other != axis])
