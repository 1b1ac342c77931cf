"""Optimizers by name, and learning rates over time."""

from typing import Any, Callable, Mapping

from tf1pruning.errors import UnsupportedError
from tf1pruning.tf1 import tf

from .config import TrainConfig


class NadamOptimizer(tf.train.AdamOptimizer):
    """Adam with Nesterov's look-ahead (Dozat, ICLR 2016 workshop), which TensorFlow's own kernel of Adam offers.

    The slots are Adam's, so that checkpoints and `HoldZeros` know them.
    """

    def _apply_dense(self, grad: tf.Tensor, var: tf.Variable) -> tf.Operation:
        slots = {'m': self.get_slot(var, 'm'), 'v': self.get_slot(var, 'v')}
        return tf.raw_ops.ApplyAdam(var=var, grad=grad, use_nesterov=True, use_locking=self._use_locking,
                                    **slots, **self._numbers(var)).op

    def _resource_apply_dense(self, grad: tf.Tensor, var: tf.Variable) -> tf.Operation:
        slots = {'m': self.get_slot(var, 'm').handle, 'v': self.get_slot(var, 'v').handle}
        return tf.raw_ops.ResourceApplyAdam(var=var.handle, grad=grad, use_nesterov=True,
                                            use_locking=self._use_locking, **slots, **self._numbers(var))

    def _apply_sparse(self, grad: tf.IndexedSlices, var: tf.Variable) -> tf.Operation:
        raise UnsupportedError('nadam has no sparse updates, which %s needs: choose adam' % var.op.name)

    _resource_apply_sparse = _apply_sparse

    def _numbers(self, var: tf.Variable) -> Mapping[str, tf.Tensor]:
        beta1_power, beta2_power = self._get_beta_accumulators()
        numbers = {'beta1_power': beta1_power, 'beta2_power': beta2_power, 'lr': self._lr_t, 'beta1': self._beta1_t,
                   'beta2': self._beta2_t, 'epsilon': self._epsilon_t}
        return {name: tf.cast(number, var.dtype.base_dtype) for name, number in numbers.items()}


Make = Callable[[tf.Tensor, TrainConfig], tf.train.Optimizer]
OPTIMIZERS: Mapping[str, Make] = {
    'adam': lambda rate, train: tf.train.AdamOptimizer(rate, train.beta1, train.beta2, train.epsilon or 1e-8),
    'nadam': lambda rate, train: NadamOptimizer(rate, train.beta1, train.beta2, train.epsilon or 1e-8, name='Adam'),
    'momentum': lambda rate, train: tf.train.MomentumOptimizer(rate, train.momentum, use_nesterov=train.nesterov),
    'rmsprop': lambda rate, train: tf.train.RMSPropOptimizer(rate, train.decay, train.momentum,
                                                             train.epsilon or 1e-10),
    'adagrad': lambda rate, train: tf.train.AdagradOptimizer(rate),
    'sgd': lambda rate, train: tf.train.GradientDescentOptimizer(rate),
}


def make_optimizer(step: tf.Tensor, train: TrainConfig) -> tf.train.Optimizer:
    """Returns the optimizer of a training."""
    return OPTIMIZERS[train.optimizer](learning_rate(step, train), train)


def learning_rate(step: tf.Tensor, train: TrainConfig) -> tf.Tensor:
    """Returns the learning rate after some updates."""
    rate = SCHEDULES[train.schedule](step, train)
    if train.warmup_steps:
        rate *= tf.minimum(1.0, tf.cast(step + 1, tf.float32) / train.warmup_steps)
    return rate


def _in_steps(step: tf.Tensor, train: TrainConfig) -> tf.Tensor:
    rates = [train.learning_rate * train.decay_rate ** times for times in range(len(train.decay_at) + 1)]
    # A boundary belongs to what is before it.
    return tf.train.piecewise_constant(step, [at - 1 for at in train.decay_at], rates)


SCHEDULES: Mapping[str, Callable[[tf.Tensor, TrainConfig], Any]] = {
    'cosine': lambda step, train: tf.train.cosine_decay(train.learning_rate, step, train.steps),
    'step': _in_steps,
    'exponential': lambda step, train: tf.train.exponential_decay(train.learning_rate, step, train.decay_steps,
                                                                  train.decay_rate),
    'constant': lambda step, train: tf.constant(train.learning_rate),
}
