"""The `model_fn` of a classifier: nothing in it knows of pruning."""

from typing import Any, Dict

from tf1pruning.tf1 import tf

from .config import ModelConfig, TrainConfig, one_of
from .models import MODELS

_OPTIMIZERS = {
    'adam': tf.train.AdamOptimizer,
    'momentum': lambda rate: tf.train.MomentumOptimizer(rate, 0.9, use_nesterov=True),
    'rmsprop': lambda rate: tf.train.RMSPropOptimizer(rate, momentum=0.9),
    'adagrad': tf.train.AdagradOptimizer,
}


def classifier_model_fn(features: tf.Tensor, labels: tf.Tensor, mode: str,
                        params: Dict[str, Any]) -> tf.estimator.EstimatorSpec:
    """Builds network, loss, optimizer and accuracy.

    Args:
        features: images `[N, H, W, C]`.
        labels: int `[N]`.
        mode: one of `tf.estimator.ModeKeys`.
        params: `model`, a `ModelConfig`, and `train`, a `TrainConfig`.
    """
    model: ModelConfig = params['model']
    train: TrainConfig = params['train']
    logits = one_of(model.name, MODELS, 'model')(features, model, mode == tf.estimator.ModeKeys.TRAIN)
    classes = tf.argmax(logits, 1, name='classes')
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions={'logits': logits, 'classes': classes})
    loss = _loss(logits, labels, model, train)
    if mode == tf.estimator.ModeKeys.EVAL:
        accuracy = {'accuracy': tf.metrics.accuracy(labels, classes)}
        return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops=accuracy)
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
    optimizer = one_of(train.optimizer, _OPTIMIZERS, 'optimizer')(_learning_rate(step, train))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        return optimizer.minimize(loss, step)


def _learning_rate(step: tf.Tensor, train: TrainConfig) -> tf.Tensor:
    schedules = {
        'cosine': lambda: tf.train.cosine_decay(train.learning_rate, step, train.steps),
        'constant': lambda: tf.constant(train.learning_rate),
    }
    rate = one_of(train.schedule, schedules, 'schedule')()
    if train.warmup_steps:
        rate *= tf.minimum(1.0, tf.cast(step + 1, tf.float32) / train.warmup_steps)
    return rate
