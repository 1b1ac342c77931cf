"""Models without their source: a checkpoint's graph, also one for inference, is trained on."""

from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence

import numpy as np

from ..errors import ModelError, OptionError, UnsupportedError
from ..graph.constants import make_constant
from ..graph.rewiring import Rewiring
from ..graph.shapes import first_line
from ..graph.view import TensorName
from ..model.meta_graph import rebuilt
from ..model.model import Model
from ..passes.to_inference import to_inference
from ..tf1 import VariableDef, tf
from .batch_statistics import BatchNorm, use_batch_statistics
from .renaming import without_collisions

Loss = Callable[[Any, tf.Tensor], tf.Tensor]
"""Labels and output → a scalar, as the functions of `tf.losses` are."""
Metrics = Callable[[Any, tf.Tensor], Dict[str, Any]]
"""Labels and output → `eval_metric_ops`."""
_TRAINABLE, _GLOBAL = tf.GraphKeys.TRAINABLE_VARIABLES, tf.GraphKeys.GLOBAL_VARIABLES


def to_training(model: Model, momentum: float = 0.99) -> Model:
    """Returns a model whose graph, imported, trains as the network did that the model was made of.

    Given `FusedBatchNorm(x, γ, β, m, v)` with moving statistics. Result: it normalises by its batch, and
    `AssignSub(m, (m − batch mean) · (1 − momentum))` and its like for v are in the collection `UPDATE_OPS`. Unfused
    batch norms likewise. Dropout is not put back: an inference graph does not say where it was.

    Args:
        model: a checkpoint with its graph, for training or inference; with outputs.
        momentum: what stays of the moving statistics in a step.

    Raises:
        ModelError: the model is frozen.
        OptionError: the momentum is outside [0, 1).
        UnsupportedError: a batch norm's statistics are no variables.
    """
    if not 0 <= momentum < 1:
        raise OptionError('momentum %g is outside [0, 1)' % momentum)
    if model.frozen:
        raise ModelError('%s is frozen, it has no variables to train: give its checkpoint' % model.name)
    forward = to_inference(model)
    rewiring = Rewiring(forward.view)
    norms = use_batch_statistics(rewiring, forward)
    updates = [update for norm in norms for update in _add_updates(rewiring, norm, momentum)]
    outputs = [forward.view.require(name) for name in forward.outputs]
    result = rebuilt(forward, rewiring.build(outputs + [TensorName(name) for name in updates]))
    result.meta.collection_def[tf.GraphKeys.UPDATE_OPS].node_list.value.extend(updates)
    if _TRAINABLE not in result.meta.collection_def:
        moving = {name for norm in norms for name in (norm.moving_mean, norm.moving_variance)}
        _call_trainable(result.meta, moving)
    return result.replace(inputs=forward.inputs)


def model_fn_from_meta(model: Model, loss: Loss, optimizer: Callable[[], tf.train.Optimizer], momentum: float = 0.99,
                       metrics: Optional[Metrics] = None) -> Callable[..., tf.estimator.EstimatorSpec]:
    """Returns a model_fn for `tf.estimator`, made of a checkpoint's graph.

    The variables keep their names; `warm_start_from(prefix)` gives them the checkpoint's values. What the estimator
    saves is a training graph like any other, which can be pruned and stripped.

    Args:
        model: the model as `load_model` reads it, with its outputs and inputs; the first output is what the loss and
            the metrics see, and all of them are the predictions.
        loss: e.g. `tf.losses.sparse_softmax_cross_entropy`; regularisers are added here if they are wanted.
        optimizer: makes the optimizer, in the graph; e.g. `lambda: tf.train.AdamOptimizer(1e-4)`.
        momentum: of batch norm's moving statistics.
        metrics: for evaluation.

    Raises:
        ModelError: the model is frozen.

    Example:
        `model = load_model('stripped', ['logits'], {'input': Input()})`
        `model_fn = model_fn_from_meta(model, tf.losses.sparse_softmax_cross_entropy, make_optimizer)`
        `tf.estimator.Estimator(model_fn, 'finetuned', warm_start_from=warm_start_from('stripped/model.ckpt-1'))`
    """
    training, inference = to_training(model, momentum), to_inference(model)

    def model_fn(features: Any, labels: Any, mode: str) -> tf.estimator.EstimatorSpec:
        trains = mode == tf.estimator.ModeKeys.TRAIN
        outputs = import_model(training if trains else inference, features)
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions=dict(zip(model.outputs, outputs)))
        value = loss(labels, outputs[0])
        if not trains:
            measured = metrics(labels, outputs[0]) if metrics is not None else None
            return tf.estimator.EstimatorSpec(mode, loss=value, eval_metric_ops=measured)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            train_op = optimizer().minimize(value, tf.train.get_or_create_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=value, train_op=train_op)
    return model_fn


def import_model(model: Model, features: Any) -> List[tf.Tensor]:
    """Imports a model into the default graph, reading some tensors; returns its outputs.

    Nodes whose names are taken get others; variables keep theirs.

    Args:
        model: from `to_training` or `to_inference`.
        features: a tensor for a model with one input, else a dictionary by the names of the inputs.

    Raises:
        ModelError: TensorFlow refuses the import, or a variable's name is taken.
        OptionError: features for other inputs than the model has.
    """
    inputs = list(model.inputs) or [name for name, node in model.view.nodes.items() if node.op == 'Placeholder']
    given = features if isinstance(features, Mapping) else dict.fromkeys(inputs[:1], features)
    if set(inputs) != set(given):
        raise OptionError('the features are for %s, the inputs are %s'
                          % (', '.join(sorted(given)) or 'nothing', ', '.join(sorted(inputs)) or 'none'))
    graph = tf.get_default_graph()
    meta, names = without_collisions(model.meta, {op.name for op in graph.get_operations()})
    mapped = {'%s:0' % names.get(name, name): tf.convert_to_tensor(tensor) for name, tensor in given.items()}
    try:
        tf.train.import_meta_graph(meta, clear_devices=True, input_map=mapped)
    except (ValueError, tf.errors.OpError) as error:
        raise ModelError('the graph cannot be imported: %s' % first_line(error)) from error
    outputs = [model.view.require(name) for name in model.outputs]
    return [graph.get_tensor_by_name('%s:%d' % (names.get(each.node, each.node), each.output)) for each in outputs]


def _add_updates(rewiring: Rewiring, norm: BatchNorm, momentum: float) -> List[str]:
    """Adds what moves the statistics; returns the assignments."""
    return [_add_update(rewiring, norm.moving_mean, norm.mean, momentum, norm.node, 'mean'),
            _add_update(rewiring, norm.moving_variance, norm.variance, momentum, norm.node, 'variance')]


def _add_update(rewiring: Rewiring, variable: str, statistic: TensorName, momentum: float, norm: str,
                what: str) -> str:
    """Adds `AssignSub(variable, (variable − statistic) · (1 − momentum))`, as `assign_moving_average` spells it."""
    holder = rewiring.view.nodes[variable]
    if holder.op == 'Const':
        raise UnsupportedError('the moving %s of batch norm %s is a constant (%s): it cannot be moved'
                               % (what, norm, variable))
    kind, resource = holder.attr['dtype'].type, holder.op == 'VarHandleOp'
    scope = '%s/moving_%s' % (norm, what)
    decay = make_constant(scope + '/decay', np.asarray(1 - momentum, tf.as_dtype(kind).as_numpy_dtype))
    read = _node(scope + '/read', 'ReadVariableOp' if resource else 'Identity', [variable], kind, resource)
    away = _node(scope + '/difference', 'Sub', [read.name, str(statistic)], kind)
    delta = _node(scope + '/delta', 'Mul', [away.name, decay.name], kind)
    update = _node(scope, 'AssignSubVariableOp' if resource else 'AssignSub', [variable, delta.name], kind, resource)
    for node in (decay, read, away, delta, update):
        rewiring.add_node(node, before=norm)
    return str(update.name)


def _node(name: str, operation: str, inputs: Sequence[str], kind: int, resource: bool = False) -> tf.NodeDef:
    node = tf.NodeDef(name=name, op=operation, input=inputs)
    node.attr['dtype' if resource else 'T'].type = kind
    return node


def _call_trainable(meta: tf.MetaGraphDef, moving: Iterable[str]) -> None:
    """Of a graph whose collections do not say what is trained: all that is a number and no statistic."""
    held = set(moving)
    types = {node.name: node.attr['dtype'].type for node in meta.graph_def.node}
    for text in meta.collection_def[_GLOBAL].bytes_list.value:
        definition = VariableDef.FromString(text)
        name = definition.variable_name.split(':')[0]
        if name not in held and tf.as_dtype(types[name]).is_floating:
            definition.trainable = True
            meta.collection_def[_TRAINABLE].bytes_list.value.append(definition.SerializeToString())
