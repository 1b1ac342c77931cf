"""Numbers added to the results of convolutions and matrix products, channel by channel, where they cost nothing."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

import numpy as np

from ..graph.batch_norm import FUSED_BATCH_NORMS
from ..graph.constants import make_constant
from ..graph.literals import unused_name
from ..graph.shapes import set_declared_shape
from ..graph.view import PASSING_OPS, VARIABLE_OPS, GraphView, TensorName, Use
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..tf1 import VariableDef, tf
from ..weights import with_values

_MEAN = 3
_THROUGH = ('Identity', 'BatchToSpaceND')


class Shift(NamedTuple):
    """What is added to a node's result.

    Attributes:
        amount: one number for each channel.
        axis: where the channels lie, counted from the end.
    """

    amount: np.ndarray
    axis: int


class Place(NamedTuple):
    """A parameter that takes a shift.

    Attributes:
        parameter: its node.
        sign: −1 for a mean, which is subtracted.
    """

    parameter: str
    sign: int


def shift_outputs(model: Model, shifts: Mapping[str, Shift]) -> Model:
    """Returns the model with a number added to each channel of some nodes' results.

    Given `Conv2D → FusedBatchNorm(γ, β, m, v)` and a shift s. Result: the mean is m − s, which is right for training
    as well: it is what the shifted results have. Given `Conv2D → BiasAdd(b)`. Result: the bias is b + s. Where neither
    follows, or others read it too, a new `BiasAdd` takes the node's name.

    Args:
        model: in inference form.
        shifts: by the node of a convolution or matrix product.
    """
    wanted = {name: shift for name, shift in shifts.items() if shift.amount.any()}
    model, places = with_places(model, {name: shift.axis for name, shift in wanted.items()})
    return with_values(model, shifted_values(model, places, wanted))


def shifted_values(model: Model, places: Mapping[str, Place], shifts: Mapping[str, Shift]) -> Dict[str, np.ndarray]:
    """Returns the values that some parameters have after the shifts, for a model in which each has its place."""
    totals: Dict[str, np.ndarray] = {}
    for name, shift in shifts.items():
        parameter, sign = places[name]
        before = totals.get(parameter, model.value(parameter).astype(np.float64))
        totals[parameter] = before + sign * shift.amount.reshape(before.shape)
    return {name: value.astype(model.lazy(name).dtype) for name, value in totals.items()}


def with_places(model: Model, axes: Mapping[str, int]) -> Tuple[Model, Dict[str, Place]]:
    """Returns a model in which every one of some nodes has a parameter to take a shift; new ones are zero.

    Args:
        model: in inference form.
        axes: for each node, the axis of its channels, counted from the end.
    """
    places: Dict[str, Place] = {}
    lacking: Dict[str, int] = {}
    for name, axis in axes.items():
        found = place_of(model, name)
        if found is None:
            lacking[name] = axis
        else:
            places[name] = found
    if lacking:
        model, made = _with_biases(model, lacking)
        places.update(made)
    return model, places


def place_of(model: Model, name: str) -> Optional[Place]:
    """Returns the mean or the bias right behind a node, if nobody else reads anything of it."""
    view, tensor = model.view, TensorName(name)
    outputs = {view.require(output) for output in model.outputs}
    forward = _forward(model)
    while tensor not in outputs:
        uses = [use for use in view.uses.get(tensor.node, ()) if use.node in forward]
        if len(uses) != 1 or uses[0].position:
            break
        use = uses[0]
        if view.op(use.node) in _THROUGH:
            tensor = TensorName(use.node)
        elif view.op(use.node) in FUSED_BATCH_NORMS:
            return _own(model, view.inputs[use.node][_MEAN], -1, forward) if _is_inference(view, use, forward) else None
        elif view.op(use.node) == 'BiasAdd':
            return _own(model, view.inputs[use.node][1], 1, forward)
        else:
            break
    return None


def _forward(model: Model) -> Set[str]:
    """Returns the nodes that the outputs need."""
    return model.view.ancestors((model.view.require(name).node for name in (*model.outputs, *model.inputs)),
                                controls=True)


def _is_inference(view: GraphView, use: Use, forward: Set[str]) -> bool:
    attributes = view.nodes[use.node].attr
    others = any(each.output > 0 and each.node in forward for each in view.uses.get(use.node, ()))
    return 'is_training' in attributes and not attributes['is_training'].b and not others


def _own(model: Model, tensor: TensorName, sign: int, forward: Set[str]) -> Optional[Place]:
    """Returns the parameter that a tensor is the value of, if it is read here only."""
    view = model.view
    while True:
        if len([use for use in view.uses.get(tensor.node, ()) if use.node in forward]) != 1:
            return None
        if view.op(tensor.node) not in PASSING_OPS:
            break
        tensor = view.inputs[tensor.node][0]
    is_parameter = view.op(tensor.node) in (*VARIABLE_OPS, 'Const')
    return Place(tensor.node, sign) if is_parameter and model.lazy(tensor.node).size > 1 else None


def _with_biases(model: Model, axes: Mapping[str, int]) -> Tuple[Model, Dict[str, Place]]:
    """Adds a bias of zeros behind some nodes.

    Given `y = Conv2D(x, w)`. Result: `y/without_bias = Conv2D(x, w)`, `y = BiasAdd(y/without_bias, y/bias)`.
    """
    graph = tf.GraphDef(versions=model.graph.versions, library=model.graph.library)
    known = dict(model.view.nodes)
    values: Dict[str, np.ndarray] = {}
    places: Dict[str, Place] = {}
    forward = _forward(model)
    for name, node in model.view.nodes.items():
        if name not in axes:
            graph.node.extend([node] if name in forward else [])
            continue
        inner, bias = unused_name(name + '/without_bias', known), unused_name(name + '/bias', known)
        values[bias] = np.zeros(_width(model, name, axes[name]), tf.as_dtype(node.attr['T'].type).as_numpy_dtype)
        places[name] = Place(bias, 1)
        graph.node.extend(_parameter(bias, values[bias], model.frozen))
        moved = graph.node.add()
        moved.CopyFrom(node)
        moved.name = inner
        graph.node.add().CopyFrom(_bias_add(node, inner, bias if model.frozen else bias + '/read', axes[name]))
    return _adopted(model, graph, {} if model.frozen else values), places


def _width(model: Model, name: str, axis: int) -> int:
    shape = model.shapes[name][0]
    assert shape is not None
    return int(shape[axis] or 0)


def _parameter(name: str, value: np.ndarray, frozen: bool) -> List[tf.NodeDef]:
    if frozen:
        return [make_constant(name, value)]
    variable = tf.NodeDef(name=name, op='VariableV2')
    variable.attr['dtype'].type = tf.as_dtype(value.dtype).as_datatype_enum
    set_declared_shape(variable, value.shape)
    read = tf.NodeDef(name=name + '/read', op='Identity', input=[name])
    read.attr['T'].type = variable.attr['dtype'].type
    return [variable, read]


def _bias_add(like: tf.NodeDef, data: str, bias: str, axis: int) -> tf.NodeDef:
    node = tf.NodeDef(name=like.name, op='BiasAdd', input=[data, bias])
    node.attr['T'].type = like.attr['T'].type
    node.attr['data_format'].s = b'NHWC' if axis == -1 else b'NCHW'
    return node


def _adopted(model: Model, graph: tf.GraphDef, variables: Mapping[str, np.ndarray]) -> Model:
    """Returns the model with another forward graph, which has some new trainable variables."""
    meta = tf.MetaGraphDef()
    meta.CopyFrom(model.meta)
    meta.graph_def.node.extend(node for node in graph.node if node.name in variables)
    for name in variables:
        definition = VariableDef(variable_name=name + ':0', snapshot_name=name + '/read:0', trainable=True)
        for collection in ('variables', 'trainable_variables'):
            meta.collection_def[collection].bytes_list.value.append(definition.SerializeToString())
    return rebuilt(model.replace(meta=meta, weights=model.weights.replaced(variables)), graph)
