"""One training, and how the configuration of the machine goes into `tf.estimator.RunConfig`."""

import contextlib
import os
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Optional, Sequence

from tf1pruning.errors import OptionError, UnsupportedError
from tf1pruning.tf1 import is_tf1, tf

from ..config import MachineConfig, TrainConfig
from ..data.pipeline import InputFn
from .bfloat16 import switch_on_bfloat16

CLUSTER = 'TF_CONFIG'
"""The variable of the environment by which TensorFlow's processes know of each other."""

ModelFn = Callable[..., tf.estimator.EstimatorSpec]
Change = Callable[[ModelFn], ModelFn]


class Training(NamedTuple):
    """One training, wherever it runs.

    Attributes:
        model_dir: the folder for checkpoints and summaries.
        train: how to train.
        done: how many updates were done before.
        model_fn: the network.
        params: what the model_fn is given.
        start: what to warm-start from; None for random weights.
        hooks: of every process that takes part.
        listeners: of checkpoints.
        batches: makes an input function of a batch size, a seed and how many images to skip.
    """

    model_dir: str
    train: TrainConfig
    done: int
    model_fn: ModelFn
    params: Mapping[str, Any]
    start: Any
    hooks: Sequence[tf.train.SessionRunHook]
    listeners: Sequence[tf.train.CheckpointSaverListener]
    batches: Callable[[int, int, int], InputFn]

    def input_fn(self, replicas: int = 1, local: int = 1, number: int = 0) -> InputFn:
        """Returns what one process reads; each has an order of its own.

        Args:
            replicas: how many devices share a batch.
            local: how many of them this process feeds, one after the other.
            number: of this process, the chief's is 0.

        Raises:
            OptionError: the batch cannot be shared.
        """
        size, rest = divmod(self.train.batch_size, replicas)
        if rest or not size:
            raise OptionError('batch_size %d is no multiple of %d, the number of devices that share a batch'
                              % (self.train.batch_size, replicas))
        return self.batches(size, self.train.seed + number, self.done * size * local)


def run_here(training: Training, machine: MachineConfig) -> None:
    """Trains in this process, on one device or on all of the machine.

    Raises:
        OptionError: the batch cannot be shared among the devices, or the distribution needs a cluster.
        UnsupportedError: this TensorFlow cannot do it.
    """
    if machine.distribute not in ('none', 'mirrored'):
        raise OptionError('distribute: %s needs %s in the environment of every process; docs/distributed.md says how'
                          % (machine.distribute, CLUSTER))
    strategy = mirrored(machine) if machine.distribute == 'mirrored' else None
    replicas = strategy.num_replicas_in_sync if strategy else 1
    if replicas > 1:
        refuse_averages(training.train)
    with alone():
        config = run_config(machine, training.model_dir, training.train, strategy)
    estimator = tf.estimator.Estimator(training.model_fn, config=config, warm_start_from=training.start,
                                       params=dict(training.params))
    estimator.train(training.input_fn(replicas, replicas), max_steps=training.train.steps, hooks=list(training.hooks),
                    saving_listeners=list(training.listeners))


def mirrored(machine: MachineConfig) -> tf.distribute.Strategy:
    """Returns the strategy for the devices of this machine."""
    gpus = len(tf.config.experimental.list_physical_devices('GPU'))
    kind, count = ('gpu', machine.replicas or gpus) if gpus else ('cpu', machine.replicas or 1)
    return tf.distribute.MirroredStrategy(['/%s:%d' % (kind, number) for number in range(count)])


def refuse_averages(train: TrainConfig) -> None:
    """Checks that TensorFlow has moving averages of mirrored variables.

    Raises:
        UnsupportedError: 1.15 looks for them under the name of the copy, and finds none.
    """
    if train.average and is_tf1():
        raise UnsupportedError('TensorFlow 1.15 has no moving averages of mirrored variables: set average: 0, or '
                               'distribute: parameter_server')


def run_config(machine: MachineConfig, model_dir: str, train: TrainConfig,
               strategy: Optional[tf.distribute.Strategy] = None, **changes: Any) -> tf.estimator.RunConfig:
    """Returns how to train, in the cluster that the environment tells of.

    Args:
        machine: what it runs on.
        model_dir: the folder for checkpoints and summaries.
        train: how to train.
        strategy: how it is distributed.
        changes: other arguments of `RunConfig`.
    """
    settings = {'model_dir': model_dir, 'tf_random_seed': train.seed, 'save_summary_steps': 100,
                'save_checkpoints_steps': min(train.steps, train.checkpoint_steps), 'keep_checkpoint_max': 2,
                'log_step_count_steps': None, 'train_distribute': strategy, **changes}
    own = tf.estimator.RunConfig(**settings).session_config
    return tf.estimator.RunConfig(session_config=session_config(machine, own, training=True), **settings)


def evaluation_config(machine: MachineConfig, model_dir: str) -> tf.estimator.RunConfig:
    """Returns how to evaluate: in this process, on one device.

    Several devices would leave out the last batches where these are not a multiple of them.
    """
    with alone():
        return tf.estimator.RunConfig(model_dir, session_config=session_config(machine, None, training=False))


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hides the cluster from TensorFlow."""
    known = os.environ.pop(CLUSTER, None)
    try:
        yield
    finally:
        if known is not None:
            os.environ[CLUSTER] = known


def session_config(machine: MachineConfig, own: Optional[tf.ConfigProto], training: bool) -> Optional[tf.ConfigProto]:
    """Returns the options of a session; None, for the estimator's own, where the machine asks for nothing.

    Args:
        machine: what it runs on.
        own: what `RunConfig` would take, such as the filter that lets a worker do without the others.
        training: whether it is for training.

    Raises:
        UnsupportedError: bfloat16 on a TensorFlow that has none on CPUs.
    """
    bfloat16 = machine.bfloat16 and training
    if not (machine.allow_growth or bfloat16 or machine.replicas):
        return own
    options = tf.ConfigProto(allow_soft_placement=True)
    rewriting = options.graph_options.rewrite_options
    rewriting.meta_optimizer_iterations = rewriting.ONE  # As the estimator's own options have it.
    if own is not None:
        options.MergeFrom(own)
    options.gpu_options.allow_growth = machine.allow_growth
    if machine.replicas:
        options.device_count['CPU'] = machine.replicas
    if bfloat16:
        switch_on_bfloat16(rewriting)
    return options
