"""How to train."""

import dataclasses
from typing import Tuple

from tf1pruning.typed_yaml import one_of, require

from .images import SEEDS

OPTIMIZERS = ('adagrad', 'adam', 'momentum', 'nadam', 'rmsprop', 'sgd')
SCHEDULES = ('constant', 'cosine', 'exponential', 'step')


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A training.

    Attributes:
        steps: number of updates.
        batch_size: images per update.
        optimizer: adam, nadam, momentum, rmsprop, adagrad or sgd.
        momentum: of momentum and rmsprop.
        nesterov: whether momentum looks ahead (Nesterov).
        beta1: decay of the mean of the gradients in adam and nadam.
        beta2: decay of the mean of their squares in adam and nadam.
        decay: decay of the mean of the squares in rmsprop.
        epsilon: added to what adam, nadam and rmsprop divide by; 0 is the optimizer's own default.
        learning_rate: at its highest.
        schedule: cosine (down to zero), step, exponential or constant.
        decay_at: for step: the updates at which the learning rate is multiplied by `decay_rate`.
        decay_steps: for exponential: every so many updates it has been multiplied by `decay_rate`, smoothly.
        decay_rate: for step and exponential.
        warmup_steps: the learning rate rises linearly over so many steps.
        weight_decay: factor of half the sum of squares of all kernels, added to the loss.
        label_smoothing: see `tf.losses.softmax_cross_entropy`.
        average: decay of a moving average of all weights, with which the network is evaluated; 0 keeps none.
        checkpoint_steps: a checkpoint every so many updates, from which an interrupted training goes on.
        seed: of initialisation, order and augmentation.
    """

    steps: int
    batch_size: int = 64
    optimizer: str = 'adam'
    momentum: float = 0.9
    nesterov: bool = True
    beta1: float = 0.9
    beta2: float = 0.999
    decay: float = 0.9
    epsilon: float = 0.0
    learning_rate: float = 0.003
    schedule: str = 'cosine'
    decay_at: Tuple[int, ...] = ()
    decay_steps: int = 0
    decay_rate: float = 0.1
    warmup_steps: int = 0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    average: float = 0.0
    checkpoint_steps: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses unknown names and values outside their range."""
        one_of(self.optimizer, dict.fromkeys(OPTIMIZERS), 'optimizer')
        one_of(self.schedule, dict.fromkeys(SCHEDULES), 'schedule')
        for name in ('steps', 'batch_size', 'checkpoint_steps'):
            require(getattr(self, name) >= 1, '%s must be at least 1, not %s' % (name, getattr(self, name)))
        for name in ('epsilon', 'warmup_steps', 'weight_decay', 'decay_steps'):
            require(getattr(self, name) >= 0, '%s must not be negative: %s' % (name, getattr(self, name)))
        for name in ('momentum', 'beta1', 'beta2', 'decay', 'label_smoothing', 'average'):
            require(0 <= getattr(self, name) < 1, '%s must be from 0 to below 1, not %s' % (name, getattr(self, name)))
        for name in ('learning_rate', 'decay_rate'):
            require(0 < getattr(self, name) < float('inf'), '%s must be above 0, not %s' % (name, getattr(self, name)))
        require(0 <= self.seed < SEEDS, 'seed must be from 0 to below %d, not %d' % (SEEDS, self.seed))
        require(list(self.decay_at) == sorted(set(self.decay_at)), 'decay_at must ascend: %s' % list(self.decay_at))
        require(self.schedule != 'step' or bool(self.decay_at), 'schedule step needs decay_at, the updates to decay at')
        require(self.schedule != 'exponential' or self.decay_steps > 0,
                'schedule exponential needs decay_steps, in how many updates it decays by decay_rate')
