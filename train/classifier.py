"""Trains and evaluates a classifier with `tf.estimator`."""

import contextlib
import dataclasses
import logging
import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from tf1pruning.errors import ModelError, OptionError
from tf1pruning.graph.shapes import first_line
from tf1pruning.model.checkpoint import resolve_prefix
from tf1pruning.network import AVERAGE, Network
from tf1pruning.tf1 import tf
from tf1pruning.training import warm_start_from

from .config import Experiment, ImportedConfig, MachineConfig, TrainConfig
from .data import Form, Images, evaluation_input_fn, load_images, training_input_fn
from .distributed.cluster import Cluster
from .distributed.cluster_training import run_in_cluster
from .distributed.machine import Change, ModelFn, Training, evaluation_config, run_here
from .distributed.plain_graph import write_plain_graph
from .held_zeros import held_zeros
from .model_fn import classifier_model_fn
from .progress import EvaluationListener, ProgressHook
from .resuming import latest_checkpoint, record, steps_done
from .sparsifying import sparsifying

_LOG = logging.getLogger(__name__)


class Classifier:
    """One network on one dataset; every training goes into a folder of its own.

    Attributes:
        images: the dataset.
        network: where it begins, behind the iterator that batches come out of, and ends.
    """

    def __init__(self, experiment: Experiment, images: Optional[Images] = None,
                 cluster: Optional[Cluster] = None) -> None:
        """Loads the images, or finds their files.

        Args:
            experiment: network, images and training.
            images: what is loaded already.
            cluster: whose trainings this process takes part in; None to train by itself.

        Raises:
            OptionError: an unknown dataset, or one that does not fit the network.
            DataError: files are missing or damaged, or there are too many bad records.
        """
        self._experiment = experiment
        self.cluster = cluster
        model = experiment.model
        self.images: Images = images or load_images(experiment.images, Form.of(model))
        shape = [None, model.image_size, model.image_size, model.image_channels]
        self.network = Network([model.output if isinstance(model, ImportedConfig) else 'logits'],
                               {'IteratorGetNext:0': ('input', shape)}, averages=True)

    @property
    def trained_on(self) -> Dict[str, Any]:
        """Network and images, as far as results depend on them."""
        images = dataclasses.asdict(self._experiment.images)
        return {'model': dataclasses.asdict(self._experiment.model),
                'images': {name: value for name, value in images.items() if name not in ('folder', 'max_bad_records')}}

    def of_checkpoint(self, checkpoint: str) -> 'Classifier':
        """Returns a classifier for what became of the network: a checkpoint with its graph, such as a stripped one.

        It trains in this process, on one device.
        """
        model = self._experiment.model
        imported = ImportedConfig(
            image_size=model.image_size, image_channels=model.image_channels, classes=model.classes,
            checkpoint=checkpoint, input='IteratorGetNext:0', output=self.network.outputs[0],
            batch_norm_momentum=getattr(model, 'batch_norm_momentum', 0.9))
        alone = dataclasses.replace(self._experiment.machine, distribute=MachineConfig.distribute, replicas=0)
        return Classifier(dataclasses.replace(self._experiment, model=imported, machine=alone), self.images)

    def train(self, model_dir: str, train: Optional[TrainConfig] = None, start: Any = None,
              hooks: Sequence[tf.train.SessionRunHook] = (), change: Optional[Change] = None) -> str:
        """Trains until `train.steps`, going on from the latest checkpoint in `model_dir` if there is one.

        What is gone on with sees the images that it would have seen without the interruption. Weights become zero, or
        stay so, as the experiment says, unless `train` says how to train.

        Args:
            model_dir: the folder for checkpoints and summaries.
            train: how, if not as the experiment says.
            start: `warm_start_from(checkpoint)`; None begins at random weights, or where an imported network is.
            hooks: for example `HoldZeros`.
            change: makes another model_fn of the model_fn.

        Returns:
            The latest checkpoint.

        Raises:
            OutputError: the folder holds another training, checkpoints of something else or a pruning loop.
            ModelError: the latest checkpoint is one of another network.
            OptionError: the loss is no number any more, so the learning rate is too high; or memory does not suffice.
            DataError: files cannot be read, or there are too many bad records.
        """
        if train is None:
            hooks = [*hooks, *self._zeroing()]
        experiment = dataclasses.replace(self._experiment, train=train or self._experiment.train,
                                         sparsify=None if train is not None else self._experiment.sparsify,
                                         cluster=None)
        if self._leads:
            record(model_dir, experiment)
        if start is None and isinstance(experiment.model, ImportedConfig):
            start = warm_start_from(resolve_prefix(experiment.model.checkpoint))
        training = self._training(model_dir, experiment.train, start, hooks, change)
        if training.done >= experiment.train.steps:
            _LOG.info('%s: finished already, with %d steps', model_dir, training.done)
        else:
            self._train(training)
        checkpoint = tf.train.latest_checkpoint(model_dir)
        if self._leads and experiment.machine.distribute != MachineConfig.distribute:
            write_plain_graph(training, checkpoint)
        return str(checkpoint)

    def _zeroing(self) -> List[tf.train.SessionRunHook]:
        """Returns the hooks that make weights zero, or keep them so."""
        sparsify, model = self._experiment.sparsify, self._experiment.model
        if isinstance(model, ImportedConfig) and model.hold_zeros:
            return held_zeros(model, self.network)
        return [sparsifying(sparsify, self.network)] if sparsify is not None else []

    @property
    def _leads(self) -> bool:
        return self.cluster is None or self.cluster.is_chief

    def _training(self, model_dir: str, train: TrainConfig, start: Any, hooks: Sequence[tf.train.SessionRunHook],
                  change: Optional[Change]) -> Training:
        title, done = os.path.basename(os.path.normpath(model_dir)), steps_done(model_dir)
        listeners = []
        if self.images.validation is not None:
            listeners.append(EvaluationListener(title, range(done + 1, train.steps), lambda: self.evaluate(
                tf.train.latest_checkpoint(model_dir), 'validation')['accuracy']))
        progress = [ProgressHook(title, train.steps, done)] if self._leads else []
        model_fn: ModelFn = classifier_model_fn
        return Training(model_dir, train, done, change(model_fn) if change else model_fn, self._params(train), start,
                        [*hooks, *progress], listeners,
                        lambda size, seed, skip: training_input_fn(self.images.train, size, seed,
                                                                   self._experiment.images.augment, skip))

    def _train(self, training: Training) -> None:
        if training.done:
            _LOG.info('%s: going on after step %d of %d', training.model_dir, training.done, training.train.steps)
        machine = self._experiment.machine
        latest = latest_checkpoint(training.model_dir) or training.model_dir
        try:
            with self.images.bad.watched(), _restoring(latest, self._experiment.model.name):
                if self.cluster is None:
                    run_here(training, machine)
                else:
                    run_in_cluster(training, machine, self.cluster)
        except tf.estimator.NanLossDuringTrainingError as error:
            raise OptionError('the loss is no number any more: lower learning_rate, or raise warmup_steps') from error
        except tf.errors.ResourceExhaustedError as error:
            raise OptionError('there is not enough memory for this training (%s): lower batch_size, or take a smaller '
                              'network' % first_line(error)) from error
        self.images.bad.report()

    def evaluate(self, checkpoint: str, part: str = 'test') -> Mapping[str, float]:
        """Returns `accuracy`, between 0 and 1, and `loss`, the mean cross-entropy, of a checkpoint.

        Where the checkpoint has moving averages of the weights, they are what counts; `network` reads them, too.

        Args:
            checkpoint: its prefix.
            part: test, validation or train.

        Raises:
            ModelError: there is no such checkpoint, or it is one of another network.
            OptionError: there is no such part of the images.
            DataError: files cannot be read, or there are too many bad records.
        """
        if not tf.train.checkpoint_exists(checkpoint):
            raise ModelError('no checkpoint %s; train first' % checkpoint)
        examples = self.images._asdict().get(part)
        if examples is None:
            raise OptionError('no %s images: set validation_fraction of the images' % part)
        config = evaluation_config(self._experiment.machine, os.path.dirname(checkpoint))
        estimator = tf.estimator.Estimator(classifier_model_fn, config=config,
                                           params=self._params(self._experiment.train, has_averages(checkpoint)))
        with self.images.bad.watched(), _restoring(checkpoint, self._experiment.model.name):
            measured = estimator.evaluate(evaluation_input_fn(examples), checkpoint_path=checkpoint, name=part)
        return {'accuracy': float(measured['accuracy']), 'loss': float(measured['cross_entropy'])}

    def _params(self, train: TrainConfig, averaged: bool = False) -> Dict[str, Any]:
        return {'model': self._experiment.model, 'train': train, 'averaged': averaged}


@contextlib.contextmanager
def _restoring(checkpoint: str, name: str) -> Iterator[None]:
    """Turns what TensorFlow says of a checkpoint that is not the graph's into one line.

    Raises:
        ModelError: it is another network's.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if 'Restoring from checkpoint failed' not in error.message:
            raise
        raise ModelError('%s is not a checkpoint of the network in the configuration, %s (%s): give the configuration '
                         'that it was trained with; a stripped network is one with the name imported'
                         % (checkpoint, name, _mismatch(error))) from error


def _mismatch(error: tf.errors.OpError) -> str:
    """Returns the sentence of TensorFlow's message that says what does not fit."""
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    return next((line for line in lines if 'shape' in line or 'not found in checkpoint' in line), lines[-1])[:300]


def has_averages(checkpoint: str) -> bool:
    """Whether a checkpoint holds moving averages of the weights."""
    return any(name.endswith(AVERAGE) for name, _ in tf.train.list_variables(checkpoint))
