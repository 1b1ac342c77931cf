"""Batch norm in training mode → inference mode, with the moving statistics that its updates feed."""

from typing import Dict, Iterable, List, Optional, Set

from ..errors import UnsupportedError
from ..tf1 import tf
from .rewiring import Rewiring
from .view import VARIABLE_OPS, GraphView, TensorName

FUSED_BATCH_NORMS = ('FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3')
_UPDATES = ('Assign', 'AssignSub', 'AssignAdd', 'AssignVariableOp', 'AssignSubVariableOp', 'AssignAddVariableOp')
_UPDATE_PATH = ('Sub', 'Mul', 'Add', 'AddV2', 'Identity', 'Cast', 'Squeeze', 'RealDiv', 'Switch', 'Merge', 'Neg',
                'Select', 'SelectV2', 'Reshape')
_MOMENTS = ('Mean', 'Squeeze', 'Reshape')
_EPSILON = 1e-4
"""What TensorFlow adds to a variance where a node does not say."""


def epsilon_of(node: tf.NodeDef) -> float:
    """Returns what a fused batch norm adds to its variances."""
    return float(node.attr['epsilon'].f) if 'epsilon' in node.attr else _EPSILON


def inference_batch_norms(rewiring: Rewiring, targets: Iterable[TensorName]) -> None:
    """Lets batch norms behind the targets use their moving statistics.

    Given `FusedBatchNorm(x, γ, β, [], []; is_training)` whose batch mean feeds `AssignSub(moving_mean, …)`.
    Result: `FusedBatchNorm(x, γ, β, moving_mean, moving_variance)`. Unfused: the readers of the batch moments read
    the moving ones.

    Raises:
        UnsupportedError: a training-mode batch norm without moving statistics.
    """
    view = rewiring.view
    needed = rewiring.needed(targets)
    for name in needed:
        node = rewiring.node(name)
        if node is not None and node.op in FUSED_BATCH_NORMS and _is_training(node):
            statistics = [_moving_statistic(view, TensorName(name, output)) for output in (1, 2)]
            if None in statistics:
                raise UnsupportedError('batch norm %s is in training mode and no moving statistics hang on it: '
                                       'feed its training flag, or use another graph' % name)
            _freeze(rewiring, node, [tensor for tensor in statistics if tensor is not None])
    _replace_moments(rewiring, set(needed))


def _is_training(node: tf.NodeDef) -> bool:
    return 'is_training' not in node.attr or node.attr['is_training'].b


def _freeze(rewiring: Rewiring, node: tf.NodeDef, statistics: List[TensorName]) -> None:
    frozen = tf.NodeDef()
    frozen.CopyFrom(node)
    frozen.attr['is_training'].b = False
    if 'exponential_avg_factor' in frozen.attr:
        del frozen.attr['exponential_avg_factor']
    inputs = [str(tensor) for tensor in rewiring.view.inputs[node.name]]
    del frozen.input[:]
    frozen.input.extend(inputs[:3] + [str(tensor) for tensor in statistics])
    rewiring.replace_node(frozen)


def _moving_statistic(view: GraphView, batch_statistic: TensorName) -> Optional[TensorName]:
    """Returns a read of the variable that a batch statistic updates; the last one where updates are chained."""
    reached = view.descendants([batch_statistic], lambda use: view.op(use.node) in _UPDATE_PATH + _UPDATES)
    updates = [name for name in view.topological(reached) if view.op(name) in _UPDATES]
    return read_of(view, updated_variable(view, updates[-1])) if updates else None


def updated_variable(view: GraphView, update: str) -> Optional[str]:
    """Returns the variable that an Assign-like or Apply-like node writes."""
    tensor = view.inputs[update][0]
    while view.op(tensor.node) in ('Identity', 'Switch', 'RefSwitch', 'Enter', 'RefEnter'):
        tensor = view.inputs[tensor.node][0]
    return tensor.node if view.op(tensor.node) in VARIABLE_OPS else None


def read_of(view: GraphView, variable: Optional[str]) -> Optional[TensorName]:
    """Returns an existing read of a variable: the shortest name of the Identity or ReadVariableOp nodes behind it."""
    if variable is None:
        return None
    reads = [use.node for use in view.uses.get(variable, ()) if view.op(use.node) in ('Identity', 'ReadVariableOp')]
    return TensorName(min(reads, key=lambda name: (len(name), name))) if reads else None


def _replace_moments(rewiring: Rewiring, needed: Set[str]) -> None:
    """Unfused batch norm: `AssignSub(M, (M - t) · decay)` tells that M is the moving average of the moment t."""
    view = rewiring.view
    averages: Dict[TensorName, TensorName] = {}
    for name, node in view.nodes.items():
        if node.op not in ('AssignSub', 'AssignSubVariableOp'):
            continue
        moment = _averaged(view, name)
        read = read_of(view, updated_variable(view, name))
        if moment is not None and read is not None and moment.node in needed:
            averages[moment] = read
    for moment, read in averages.items():
        rewiring.replace(moment, read)


def _averaged(view: GraphView, update: str) -> Optional[TensorName]:
    """Returns t of `AssignSub(M, Mul(Sub(M, t), decay))`, if t is a moment over examples."""
    variable = updated_variable(view, update)
    delta = view.inputs[update][1]
    for tensor in view.inputs[delta.node] if view.op(delta.node) == 'Mul' else []:
        parts = view.inputs[tensor.node] if view.op(tensor.node) == 'Sub' else []
        if len(parts) == 2 and view.source(parts[0]).node == variable:
            moment = view.source(parts[1], ('Identity', 'StopGradient'))
            if view.op(moment.node) in _MOMENTS:
                return moment
    return None

