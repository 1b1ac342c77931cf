"""Batch norm folded into what it normalises: convolutions, depthwise and transposed ones too, and matrix products."""

from typing import Callable, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from ..graph.batch_norm import FUSED_BATCH_NORMS, epsilon_of
from ..graph.constants import make_constant
from ..graph.rewiring import Rewiring
from ..graph.view import GraphView, TensorName, Use
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..tf1 import tf
from .linear_nodes import Linear, linear_node
from .values_of import Values


class _Affine(NamedTuple):
    """What a node does with each channel: `scale · x + shift`, as `[C]` each, in double precision."""

    scale: np.ndarray
    shift: np.ndarray


def fold_batch_norms(model: Model) -> Model:
    """Returns the model with the channel-wise products and sums behind linear layers in their kernels and one bias.

    Given `Conv2D(x, w) → BiasAdd(b) → FusedBatchNorm(γ, β, m, v)`, with s = γ / √(v + ε). Result:
    `Conv2D(x, w · s) → BiasAdd((b − m) · s + β)`, which has the batch norm's name. Likewise for
    `DepthwiseConv2dNative`, `Conv2DBackpropInput`, `Conv3D`, `MatMul`, for batch norm spelled out as products and
    sums, and behind sums of layers: given `Conv2D(z, w/last) + Conv2D(x, w/sparse) → FusedBatchNorm`, as a decomposed
    layer is, both kernels are times s. What is read by others too, or stands before the layer, stays, and so does what
    normalises a sum with something that is no such layer. Computed in double precision; the kernels are constants then.

    Args:
        model: a model in inference form.

    Returns:
        A model to freeze; its outputs differ from the given one's by rounding.
    """
    rewiring, values = Rewiring(model.view), Values(model)
    outputs = {model.view.require(name) for name in model.outputs}
    for name in model.view.nodes:
        linear = linear_node(model.view, values, outputs, name)
        if linear is not None:
            _fold(rewiring, values, outputs, name, linear)
    return rebuilt(model, rewiring.build(model.view.require(name) for name in (*model.outputs, *model.inputs)))


def _fold(rewiring: Rewiring, values: Values, outputs: Set[TensorName], name: str, linear: Linear) -> None:
    with np.errstate(all='ignore'):
        steps = _following(rewiring.view, values, outputs, name, linear)
        total = _Affine(np.ones(linear.channels), np.zeros(linear.channels))
        for _, step in steps:
            total = _Affine(total.scale * step.scale, total.shift * step.scale + step.shift)
    if not any((step.scale != 1).any() for _, step in steps) or not np.isfinite(total).all():
        return
    for kernel in linear.kernels:
        _read_instead(rewiring, kernel.node, 1, make_constant(
            kernel.node + '/folded_kernel', kernel.scaled(total.scale)))
    for node, _ in steps[:-1]:
        rewiring.replace(TensorName(node), rewiring.view.inputs[node][_data_input(rewiring.view, values, node)])
    last = steps[-1][0]
    bias = make_constant(last + '/folded_bias', total.shift.astype(linear.kernels[0].value.dtype))
    rewiring.add_node(bias, before=last)
    rewiring.replace_node(_bias_add(rewiring.view, values, last, bias.name, linear))


def _following(view: GraphView, values: Values, outputs: Set[TensorName], name: str,
               linear: Linear) -> List[Tuple[str, _Affine]]:
    """Returns the products and sums behind a node, as long as nobody else reads what is between."""
    found: List[Tuple[str, _Affine]] = []
    tensor = TensorName(name)
    while tensor not in outputs:
        uses = view.readers(tensor)
        if len(uses) != 1:
            break
        step = _affine(view, values, uses[0], linear)
        if step is not None:
            found.append((uses[0].node, step))
        elif not (view.op(uses[0].node) in ('Identity', 'BatchToSpaceND') and uses[0].position == 0):
            break
        tensor = TensorName(uses[0].node)
    return found


def _affine(view: GraphView, values: Values, use: Use, linear: Linear) -> Optional[_Affine]:
    """Returns what a reader does with each channel, None where it is not that simple."""
    operation = view.op(use.node)
    if operation in FUSED_BATCH_NORMS:
        return _batch_norm(view, values, use)
    if operation not in _ARITHMETIC and operation != 'BiasAdd':
        return None
    inputs = view.inputs[use.node]
    if len(inputs) != 2 or inputs[0] == inputs[1] or (use.position == 1 and operation in ('Sub', 'RealDiv', 'BiasAdd')):
        return None
    value = values.of(inputs[1 - use.position])
    if value is None:
        return None
    number = value if operation == 'BiasAdd' else _along_channels(value, linear)
    if number is None or number.size != linear.channels:
        return None
    return _ARITHMETIC['Add' if operation == 'BiasAdd' else operation](number.astype(np.float64))


_ARITHMETIC: Dict[str, Callable[[np.ndarray], _Affine]] = {
    'Mul': lambda value: _Affine(value, np.zeros_like(value)),
    'RealDiv': lambda value: _Affine(1 / value, np.zeros_like(value)),
    'Add': lambda value: _Affine(np.ones_like(value), value),
    'AddV2': lambda value: _Affine(np.ones_like(value), value),
    'Sub': lambda value: _Affine(np.ones_like(value), -value),
}


def _along_channels(value: np.ndarray, linear: Linear) -> Optional[np.ndarray]:
    """Returns an operand as one number for each channel, None where it differs elsewhere."""
    if value.size == 1 and value.ndim <= -linear.axis:
        return np.full(linear.channels, value.reshape(()))
    if value.size != linear.channels or value.ndim < -linear.axis or value.shape[linear.axis] != value.size:
        return None
    return value.reshape(-1)


def _batch_norm(view: GraphView, values: Values, use: Use) -> Optional[_Affine]:
    attributes = view.nodes[use.node].attr
    others = [each for each in view.uses.get(use.node, ()) if each.output > 0]
    if use.position or others or ('is_training' not in attributes or attributes['is_training'].b):
        return None
    found = [values.of(each) for each in view.inputs[use.node][1:5]]
    if any(each is None or not each.size for each in found):
        return None
    gamma, beta, mean, variance = (each.astype(np.float64) for each in found if each is not None)
    scale = gamma / np.sqrt(variance + epsilon_of(view.nodes[use.node]))
    return _Affine(scale, beta - mean * scale)


def _data_input(view: GraphView, values: Values, node: str) -> int:
    """Returns which input of a product or sum is not the constant."""
    return 1 if view.op(node) in _ARITHMETIC and values.of(view.inputs[node][0]) is not None else 0


def _bias_add(view: GraphView, values: Values, name: str, bias: str, linear: Linear) -> tf.NodeDef:
    data = view.inputs[name][_data_input(view, values, name)]
    node = tf.NodeDef(name=name, op='BiasAdd', input=[str(data), bias])
    node.attr['T'].type = view.nodes[name].attr['T'].type
    node.attr['data_format'].s = b'NHWC' if linear.axis == -1 else b'NCHW'
    return node


def _read_instead(rewiring: Rewiring, name: str, position: int, constant: tf.NodeDef) -> None:
    """Lets one input of a node be a new constant."""
    rewiring.add_node(constant, before=name)
    node = tf.NodeDef()
    node.CopyFrom(rewiring.view.nodes[name])
    inputs = [str(tensor) for tensor in rewiring.view.inputs[name]]
    inputs[position] = constant.name
    del node.input[:]
    node.input.extend(inputs)
    rewiring.replace_node(node)
