"""Strip: the channels of a plan leave the graph and the weights; exact, or it does not happen."""

from typing import Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from ..channels import Channels
from ..channels.layout import surviving
from ..errors import ModelError, NotZeroError, UnsupportedError
from ..graph.constants import set_constant
from ..graph.literals import replace_constant, resize_split, rewrite_literals, shape_literals
from ..graph.shapes import Shape, Shapes, infer_shapes, shape_at
from ..graph.view import GraphView, TensorName
from ..model.model import Model
from ..model.resize import resize_variables
from ..model.values import Taken, nonzero_slices_of
from ..plan import PruningPlan, pruned_slices, removed_ids
from ..tf1 import tf
from .soft_prune import zero_slices, zeros_of

CHECKED_ROLES = ('kernel', 'depthwise')


class Unconverged(NamedTuple):
    """Slices of a kernel that should be zero and are not."""

    parameter: str
    axis: int
    indices: Tuple[int, ...]


def find_unconverged(model: Model, channels: Channels, plan: PruningPlan) -> List[Unconverged]:
    """Returns the slices of kernels that a plan removes and that are not zero.

    With all of them zero, no kernel sees the channels: strip is exact whatever the activations do.
    """
    found = []
    for name, axes in pruned_slices(channels, plan).items():
        if channels.roles.get(name) in CHECKED_ROLES:
            for axis, rest in nonzero_slices_of(model.lazy(name), axes).items():
                if rest.size:
                    found.append(Unconverged(name, axis, tuple(rest.tolist())))
    return found


def strip(model: Model, channels: Channels, plan: PruningPlan, zero_unconverged: bool = False) -> Model:
    """Returns the model without a plan's channels.

    Variables, constants, slots, moving averages, initial values, partitions and numbers that spell channel counts
    all follow. The shapes of the result are compared with what the analysis predicts.

    Args:
        model: the model to strip: the one analysed, or the training graph it was cut out of.
        channels: the analysis of its inference form.
        plan: what goes; must be zero already.
        zero_unconverged: set to zero first what is not.

    Raises:
        NotZeroError: channels are not zero, so that the result would differ.
        UnsupportedError: the result would not have the shapes predicted.
    """
    unconverged = find_unconverged(model, channels, plan)
    if unconverged and not zero_unconverged:
        count = sum(len(each.indices) for each in unconverged)
        raise NotZeroError('%d filters are not zero (%s): retrain with the zeros held, or zero them with '
                           'zero_unconverged (--zero-unconverged)'
                           % (count, '; '.join(_describe(each) for each in unconverged[:3])))
    if unconverged:
        model = zero_slices(model, zeros_of(channels, plan))
    return _cut(model, channels, plan)


def _cut(model: Model, channels: Channels, plan: PruningPlan) -> Model:
    _refuse_functions(model, channels)
    kept_ids = ~removed_ids(channels, plan)
    kept = {name: {axis: np.flatnonzero(kept_ids[channels.axes[name][axis]]) for axis in axes}
            for name, axes in pruned_slices(channels, plan).items()}
    meta = tf.MetaGraphDef()
    meta.CopyFrom(model.meta)
    nodes = {node.name: node for node in meta.graph_def.node}
    for node in nodes.values():
        node.attr.pop('_output_shapes', None)
    constants = {name: axes for name, axes in kept.items() if model.view.op(name) == 'Const'}
    for name, axes in constants.items():
        set_constant(nodes[name], Taken(model.lazy(name), axes).array())
    values = resize_variables(model, meta, nodes, {name: kept[name] for name in kept if name not in constants})
    _rewrite_graph(model.view, nodes, meta.graph_def, channels, kept_ids)
    predicted = predicted_shapes(channels, kept_ids)
    outside = set(model.view.nodes) - set(channels.model.view.nodes)
    _rewrite_gradient_shapes(model.view, nodes, outside, channels.shapes, predicted)
    stripped = model.replace(meta=meta, weights=model.weights.replaced(values))
    _compare(stripped, channels, predicted, bool(outside))
    return stripped


def _refuse_functions(model: Model, channels: Channels) -> None:
    """Sizes inside a function's body have no place in a graph that calls it: there only its inference form is cut.

    Raises:
        UnsupportedError: channels run through such nodes.
    """
    inner = next((tensor.node for tensor in channels.layouts if tensor.node not in model.view
                  and channels.model.view.op(tensor.node) != 'Placeholder'), None)
    if inner is not None:
        raise UnsupportedError('the network runs through a function (%s), whose training graph cannot be stripped: '
                               'strip its inference form (--inference, or get_rebuild_graph())' % inner)


def _rewrite_graph(view: GraphView, nodes: Dict[str, tf.NodeDef], graph: tf.GraphDef, channels: Channels,
                   kept_ids: np.ndarray) -> None:
    """Numbers that spell channel counts, sizes of pieces and indices of picked channels follow."""
    edits: Dict[Tuple[str, int], Dict[int, int]] = {}
    for literal in channels.literals:
        count = int(surviving(literal.block, literal.axis, kept_ids).sum())
        edits.setdefault((literal.node, literal.position), {})[literal.element] = literal.sign * count
    rewrite_literals(view, channels.shapes, nodes, graph, edits)
    for divided in channels.divided:
        if divided.node:
            resize_split(nodes, graph, divided.node, [int(kept_ids[piece].sum()) for piece in divided.pieces])
    for picked in channels.picked:
        kept = kept_ids[picked.source]
        if not kept.all():
            ranks = np.cumsum(kept) - 1
            indices = ranks[picked.indices[kept[picked.indices]]].astype(picked.indices.dtype)
            replace_constant(nodes, graph, picked.node, picked.position, indices)


def predicted_shapes(channels: Channels, kept_ids: np.ndarray) -> Shapes:
    """Returns the shapes of all tensors after channels have gone.

    Args:
        channels: the analysis.
        kept_ids: for every id, whether it stays.
    """
    predicted: Shapes = {name: list(outputs) for name, outputs in channels.shapes.items()}
    counts: Dict[Tuple[int, int], int] = {}  # most tensors share the id arrays of others
    for tensor, layout in channels.layouts.items():
        outputs = predicted.get(tensor.node, [])
        shape = outputs[tensor.output] if tensor.output < len(outputs) else None
        if shape is None or len(shape) <= max((axis for block in layout.blocks for axis in block.axes), default=-1):
            continue  # a resource handle has the shape of a scalar
        sizes = list(shape)
        for block in layout.blocks:
            for axis in block.axes:
                key = (id(block.ids), block.axes.index(axis))
                if key not in counts:
                    counts[key] = int(surviving(block, axis, kept_ids).sum())
                sizes[axis] = counts[key]
        outputs[tensor.output] = tuple(sizes)
    return predicted


def _rewrite_gradient_shapes(view: GraphView, nodes: Dict[str, tf.NodeDef], outside: Set[str], old: Shapes,
                             new: Shapes) -> None:
    """Static shapes that TensorFlow wrote into the gradients follow those of the forward tensors."""
    for name, (forward, value) in shape_literals(view, outside).items():
        tensors = view.inputs[forward] + [TensorName(forward, k) for k in range(len(old.get(forward, ())))]
        alike = ([tensor for tensor in tensors if shape_at(old, tensor) == tuple(value)]
                 or [tensor for tensor in tensors if _is_kept_shape(value, shape_at(old, tensor))])
        if len({shape_at(new, tensor) for tensor in alike}) > 1:
            alike = [tensor for tensor in alike if tensor == _numbered_input(view, forward, name)]
        shape = shape_at(new, alike[0]) if alike else None
        if shape is not None:
            changed = np.where(value == np.array(shape_at(old, alike[0])), np.array(shape), value)
            set_constant(nodes[name], changed.astype(value.dtype))


def _is_kept_shape(value: np.ndarray, shape: Optional[Shape]) -> bool:
    """Whether numbers are a shape in which some axes are reduced to 1, as in the gradient of a mean."""
    return shape is not None and len(shape) == value.size and all(
        number in (size, 1) for number, size in zip(value.tolist(), shape))


def _numbered_input(view: GraphView, forward: str, literal: str) -> Optional[TensorName]:
    """Returns the input that `Shape`, `Shape_1`, … among the gradients of a node stand for."""
    inputs = view.inputs[forward][1:] if view.op(forward) == 'Concat' else view.inputs[forward]
    number = literal.rsplit('/', 1)[1].partition('_')[2] or '0'
    return inputs[int(number)] if number.isdigit() and int(number) < len(inputs) else None


def _compare(stripped: Model, channels: Channels, predicted: Shapes, training: bool) -> None:
    """Compares the predicted shapes with those that TensorFlow infers from the stripped graph."""
    forward = channels.model.view
    try:
        actual = infer_shapes(stripped.view, stripped.view.nodes, {}) if training else stripped.shapes
    except ModelError as error:
        raise UnsupportedError('the stripped graph does not hold together: %s%s' % (
            error, '; strip the inference graph instead of the training graph' if training else '')) from error
    for name in forward.topological(forward.nodes):
        for wanted, found in zip(predicted.get(name, ()), actual.get(name, ())):
            if wanted is not None and found is not None and (len(wanted) != len(found) or any(
                    None not in pair and pair[0] != pair[1] for pair in zip(wanted, found))):
                raise UnsupportedError('after strip %s (%s) has shape %s, expected %s: a size in the graph did not '
                                       'follow' % (name, forward.op(name), list(found), list(wanted)))


def _describe(each: Unconverged) -> str:
    return '%s axis %d: %s%s' % (each.parameter, each.axis, ', '.join(str(index) for index in each.indices[:4]),
                                 ', …' if len(each.indices) > 4 else '')
