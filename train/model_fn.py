"""The `model_fn` of a classifier: nothing in it knows of pruning."""

from typing import Any, Dict, Optional

from tf1pruning.tf1 import tf

from .config import ModelConfig, TrainConfig, one_of
from .models import MODELS
from .optimizers import make_optimizer


def classifier_model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str,
                        params: Dict[str, Any]) -> tf.estimator.EstimatorSpec:
    """Builds network, loss, optimizer and accuracy.

    Args:
        features: images `[N, H, W, C]`.
        labels: int `[N]`.
        mode: one of `tf.estimator.ModeKeys`.
        params: `model`, a `ModelConfig`; `train`, a `TrainConfig`; `averaged`, whether to evaluate or predict with
            the moving averages of the weights (False).
    """
    model: ModelConfig = params['model']
    train: TrainConfig = params['train']
    logits = one_of(model.name, MODELS, 'model')(features, model, mode == tf.estimator.ModeKeys.TRAIN)
    classes = tf.argmax(logits, 1, name='classes')
    scaffold = _averaged(train) if params.get('averaged') and mode != tf.estimator.ModeKeys.TRAIN else None
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits, 'classes': classes}, scaffold=scaffold)
    loss = _loss(logits, labels, model, train)
    if mode == tf.estimator.ModeKeys.EVAL:
        entropies = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        metrics = {'accuracy': tf.metrics.accuracy(labels, classes), 'cross_entropy': tf.metrics.mean(entropies)}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=metrics, scaffold=scaffold)
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=_train_op(loss, train))


def _loss(logits: tf.Tensor, labels: tf.Tensor, model: ModelConfig, train: TrainConfig) -> tf.Tensor:
    loss = tf.losses.softmax_cross_entropy(tf.one_hot(labels, model.classes), logits,
                                           label_smoothing=train.label_smoothing)
    if train.weight_decay:
        kernels = [each for each in tf.trainable_variables() if each.shape.rank and each.shape.rank > 1]
        loss += train.weight_decay * tf.add_n([tf.nn.l2_loss(kernel) for kernel in kernels])
    return tf.identity(loss, name='loss')


def _train_op(loss: tf.Tensor, train: TrainConfig) -> tf.Operation:
    step = tf.train.get_or_create_global_step()
    optimizer = make_optimizer(step, train)
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        update = optimizer.minimize(loss, step)
    if not train.average:
        return update
    with tf.control_dependencies([update]):
        return tf.train.ExponentialMovingAverage(train.average, step).apply(tf.trainable_variables())


def _averaged(train: TrainConfig) -> Optional[tf.train.Scaffold]:
    """Returns what restores the averages in the place of the weights."""
    averages = tf.train.ExponentialMovingAverage(train.average)
    return tf.train.Scaffold(saver=tf.train.Saver(averages.variables_to_restore()))
