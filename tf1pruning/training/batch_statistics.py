"""Inference graph → the same graph with its batch norms on the statistics of the batch."""

from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..errors import UnsupportedError
from ..graph.batch_norm import FUSED_BATCH_NORMS
from ..graph.constants import constant_value, make_constant
from ..graph.rewiring import Rewiring
from ..graph.shapes import shape_at
from ..graph.view import VARIABLE_OPS, GraphView, TensorName
from ..model.model import Model
from ..tf1 import tf


class BatchNorm(NamedTuple):
    """A batch norm that normalises by its batch.

    Attributes:
        node: the operation that normalises; of an unfused one, its reciprocal square root.
        x: what is normalised.
        mean: the batch's mean, of the moving mean's shape.
        variance: the batch's variance.
        moving_mean: the variable or Const that holds the moving mean.
        moving_variance: that of the moving variance.
        corrected: whether the variance is that of the population, n / (n − 1) times the batch's own.
    """

    node: str
    x: TensorName
    mean: TensorName
    variance: TensorName
    moving_mean: str
    moving_variance: str
    corrected: bool


def use_batch_statistics(rewiring: Rewiring, model: Model) -> List[BatchNorm]:
    """Puts the batch norms of a forward graph into training mode.

    Given `FusedBatchNorm(x, γ, β, moving_mean, moving_variance)`. Result: `FusedBatchNorm(x, γ, β, [], [];
    is_training)`. Unfused, `rsqrt(moving_variance + ε)` and the products around it read moments of x instead.

    Args:
        rewiring: of the model's graph; is told what changes.
        model: a model in inference form.

    Raises:
        UnsupportedError: the statistics of a fused batch norm are neither variables nor constants.
    """
    view = model.view
    found = []
    for name in view.topological(view.ancestors(view.require(output).node for output in model.outputs)):
        if view.op(name) in FUSED_BATCH_NORMS:
            found.append(_fused(rewiring, name))
        elif view.op(name) == 'Rsqrt':
            unfused = _unfused(view, name)
            if unfused is not None:
                found.append(_with_moments(rewiring, model, unfused))
    return found


def _fused(rewiring: Rewiring, name: str) -> BatchNorm:
    view = rewiring.view
    x, scale, offset, mean, variance = view.inputs[name][:5]
    moving = [view.source(each).node for each in (mean, variance)]
    if not all(_is_parameter(view, each) for each in moving):
        raise UnsupportedError('the statistics of batch norm %s are computed (%s, %s): only variables can be moved'
                               % (name, *moving))
    empty = make_constant(name + '/no_statistics', np.zeros(0, np.float32))
    rewiring.add_node(empty, before=name)
    node = tf.NodeDef()
    node.CopyFrom(view.nodes[name])
    node.attr['is_training'].b = True
    del node.input[:]
    node.input.extend([str(x), str(scale), str(offset), empty.name, empty.name])
    rewiring.replace_node(node)
    return BatchNorm(name, x, TensorName(name, 1), TensorName(name, 2), moving[0], moving[1], True)


class _Unfused(NamedTuple):
    """Where an unfused batch norm reads what: node and position of its input."""

    root: str
    variance: Tuple[str, int]
    mean: Tuple[str, int]
    x: TensorName


def _unfused(view: GraphView, root: str) -> Optional[_Unfused]:
    """Recognises what `tf.nn.batch_normalization` makes: x · (rsqrt(v + ε) · γ) + (β − m · (rsqrt(v + ε) · γ))."""
    added = view.source(view.inputs[root][0])
    if view.op(added.node) not in ('Add', 'AddV2'):
        return None
    variance = [position for position, each in enumerate(view.inputs[added.node]) if _is_variable(view, each)]
    epsilon = [each for each in view.inputs[added.node] if constant_value(view, each) is not None]
    if len(variance) != 1 or not epsilon:
        return None
    factor, products = TensorName(root), _products(view, TensorName(root))
    if len(products) == 1 and _is_parameter(view, view.source(products[0][2]).node):  # that is γ
        factor = TensorName(products[0][0])
        products = _products(view, factor)
    means = [each for each in products if _is_variable(view, _positive(view, each[2]))]
    data = [each for each in products if each not in means]
    if len(means) != 1 or len(data) != 1:
        return None
    node, position, operand = means[0]
    if view.op(operand.node) == 'Neg':
        node, position = operand.node, 0
    return _Unfused(root, (added.node, variance[0]), (node, position), data[0][2])


def _products(view: GraphView, factor: TensorName) -> List[Tuple[str, int, TensorName]]:
    """Returns the products that a tensor is a factor of: node, and position and tensor of the other factor."""
    return [(use.node, 1 - use.position, view.inputs[use.node][1 - use.position]) for use in view.readers(factor)
            if view.op(use.node) == 'Mul']


def _positive(view: GraphView, tensor: TensorName) -> TensorName:
    return view.inputs[tensor.node][0] if view.op(tensor.node) == 'Neg' else tensor


def _is_variable(view: GraphView, tensor: TensorName) -> bool:
    """Whether a tensor is the value of a parameter that is no single number."""
    value = constant_value(view, tensor)
    return view.op(view.source(tensor).node) in VARIABLE_OPS or (value is not None and value.ndim > 0)


def _is_parameter(view: GraphView, node: str) -> bool:
    return view.op(node) in VARIABLE_OPS or view.op(node) == 'Const'


def _with_moments(rewiring: Rewiring, model: Model, norm: _Unfused) -> BatchNorm:
    """Adds the moments of x over the axes along which the statistics do not lie."""
    view, scope = model.view, norm.root + '/batch'
    moving = [view.source(view.inputs[node][position]).node for node, position in (norm.mean, norm.variance)]
    shape, rank = model.value(moving[0]).shape, len(shape_at(model.shapes, norm.x) or ())
    axes = [axis for axis in range(rank) if axis - rank < -len(shape) or shape[axis - rank] == 1]
    kind = view.nodes[norm.root].attr['T'].type
    reduced = make_constant(scope + '/axes', np.array(axes, np.int32))
    mean = _reduction(scope + '/mean', str(norm.x), reduced.name, kind, len(shape) == rank)
    away = tf.NodeDef(name=scope + '/away', op='SquaredDifference', input=[str(norm.x), mean.name])
    away.attr['T'].type = kind
    variance = _reduction(scope + '/variance', away.name, reduced.name, kind, len(shape) == rank)
    for node in (reduced, mean, away, variance):
        rewiring.add_node(node, before=norm.root)
    for (name, position), moment in ((norm.mean, mean), (norm.variance, variance)):
        _read_instead(rewiring, name, position, moment.name)
    return BatchNorm(norm.root, norm.x, TensorName(mean.name), TensorName(variance.name), moving[0], moving[1], False)


def _reduction(name: str, x: str, axes: str, kind: int, keep_dims: bool) -> tf.NodeDef:
    node = tf.NodeDef(name=name, op='Mean', input=[x, axes])
    node.attr['T'].type = kind
    node.attr['Tidx'].type = tf.int32.as_datatype_enum
    node.attr['keep_dims'].b = keep_dims
    return node


def _read_instead(rewiring: Rewiring, name: str, position: int, tensor: str) -> None:
    node = tf.NodeDef()
    node.CopyFrom(rewiring.node(name))
    inputs: Sequence[str] = [str(each) for each in rewiring.inputs(name)]
    del node.input[:]
    node.input.extend(tensor if place == position else each for place, each in enumerate(inputs))
    rewiring.replace_node(node)
