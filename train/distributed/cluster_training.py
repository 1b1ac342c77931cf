"""How a training runs in a cluster, asynchronously on parameter servers or in step on mirrored workers."""

import logging
import os
import tempfile
import time
from typing import Any, Callable, List

from tf1pruning.errors import OptionError, UnsupportedError
from tf1pruning.tf1 import tf

from ..config import MachineConfig
from .cluster import Cluster
from .machine import Training, refuse_averages, run_config

_LOG = logging.getLogger(__name__)
_LOOK = 10.0
"""Seconds between two looks of a worker at whether the chief still trains what it trains."""


def run_in_cluster(training: Training, machine: MachineConfig, cluster: Cluster) -> None:
    """Takes part in a training, as the chief or as a worker.

    Raises:
        OptionError: the batch cannot be shared among the workers, or one was lost that the others cannot do without.
        UnsupportedError: this TensorFlow cannot do it.
    """
    cluster.begin_training()
    run = _run_mirrored if machine.distribute == 'multi_worker_mirrored' else _run_on_servers
    run(training, machine, cluster)


def _run_on_servers(training: Training, machine: MachineConfig, cluster: Cluster) -> None:
    """Takes steps on the variables that all workers share.

    Their place is a container of its own, for they stay on the servers when a training ends: a worker that is late
    would find those of the last training, and add to them. The workers build their graphs while the chief builds its
    own, and begin when the variables are there.
    """
    hooks: List[tf.train.SessionRunHook] = [*training.hooks]
    if cluster.is_chief:
        cluster.announce(ready=False)
        hooks.append(_WhenReady(lambda: cluster.announce(ready=True)))
    else:
        hooks.append(_Following(cluster))
    # A worker that finds no variables looks again by itself; the session would do so every 30 s.
    config = run_config(machine, training.model_dir, training.train,
                        **({} if cluster.is_chief else {'session_creation_timeout_secs': 1}))
    estimator = _InContainer(training, config, cluster.training_id)
    estimator.train(training.input_fn(number=cluster.task.number), max_steps=training.train.steps, hooks=hooks,
                    saving_listeners=list(training.listeners) if cluster.is_chief else None)


def _run_mirrored(training: Training, machine: MachineConfig, cluster: Cluster) -> None:
    """Takes every step together with the other workers.

    They all write checkpoints, as the steps are; those of workers other than the chief go into a folder that is
    thrown away, in which only the chief's latest checkpoint is named.
    """
    strategy = tf.distribute.experimental.MultiWorkerMirroredStrategy()
    replicas = strategy.num_replicas_in_sync
    local = replicas // (1 + len(cluster.task.cluster.get('worker', ())))
    if local > 1:
        refuse_averages(training.train)
    if training.train.average and training.start is not None:
        raise UnsupportedError('TensorFlow waits for ever where several workers warm-start a training with moving '
                               'averages: set average: 0, or distribute: parameter_server')
    input_fn = training.input_fn(replicas, local, cluster.task.number)
    if cluster.is_chief:
        cluster.announce(ready=True)
    with tempfile.TemporaryDirectory() as own:
        folder = training.model_dir if cluster.is_chief else _pointing_to(training.model_dir, own)
        estimator = tf.estimator.Estimator(
            training.model_fn, config=run_config(machine, folder, training.train, strategy),
            warm_start_from=training.start, params=dict(training.params))
        spec = tf.estimator.TrainSpec(input_fn, training.train.steps, [*training.hooks, _OneSession()])
        tf.estimator.train_and_evaluate(estimator, spec, tf.estimator.EvalSpec(input_fn))


def _pointing_to(model_dir: str, folder: str) -> str:
    latest = tf.train.latest_checkpoint(model_dir)
    if latest:
        tf.train.update_checkpoint_state(folder, os.path.abspath(latest))
    return folder


class _InContainer(tf.estimator.Estimator):
    """An estimator whose variables are in a container, and whose checkpoints the chief writes, not the servers."""

    def __init__(self, training: Training, config: tf.estimator.RunConfig, container: str) -> None:
        def model_fn(features: Any, labels: Any, mode: str, params: Any) -> tf.estimator.EstimatorSpec:
            with tf.container(container):
                spec = training.model_fn(features, labels, mode, params)
            saver = tf.train.Saver(max_to_keep=config.keep_checkpoint_max, save_relative_paths=True, defer_build=True)
            tf.add_to_collection(tf.GraphKeys.SAVERS, saver)
            return spec
        super().__init__(model_fn, config=config, warm_start_from=training.start, params=dict(training.params))
        self._container = container

    def _create_and_assert_global_step(self, graph: tf.Graph) -> tf.Tensor:
        with graph.container(self._container):
            return super()._create_and_assert_global_step(graph)


class _WhenReady(tf.train.SessionRunHook):
    """Does something when the variables have their values."""

    def __init__(self, action: Callable[[], None]) -> None:
        self._action = action

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        self._action()


class _Following(tf.train.SessionRunHook):
    """Begins when the chief is ready, and leaves when the chief trains something else."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._looked, self._steps = cluster, time.time(), 0

    def begin(self) -> None:
        self._cluster.wait_until_ready()

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        _LOG.info('taking part')

    def after_run(self, run_context: tf.train.SessionRunContext, run_values: tf.train.SessionRunValues) -> None:
        self._steps += 1
        if time.time() - self._looked > _LOOK:
            self._looked = time.time()
            if not self._cluster.is_current():
                run_context.request_stop()

    def end(self, session: tf.Session) -> None:
        _LOG.info('took %d steps', self._steps)


class _OneSession(tf.train.SessionRunHook):
    """Ends the process where TensorFlow would make another session after a loss.

    The others would go on from what they had, or wait for ever; only when all begin again do they agree.
    """

    def __init__(self) -> None:
        self._sessions = 0

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        self._sessions += 1
        if self._sessions > 1:
            raise OptionError('a worker was lost: start all of them again, they go on after the last checkpoint')
