"""Trains and evaluates a classifier with `tf.estimator`."""

import os
from typing import Any, Optional, Sequence

from tf1pruning.errors import ModelError
from tf1pruning.tf1 import tf

from .config import ModelConfig, TrainConfig, TrainingFile, one_of
from .data import DATASETS, Images, evaluation_input_fn, training_input_fn
from .model_fn import classifier_model_fn
from .progress import ProgressHook


class Classifier:
    """One network on one dataset; every training goes into a folder of its own.

    Attributes:
        images: the dataset.
        output_node: the network's output, as `Pruning` wants it.
        input_tensors_map: the input of the training graph, as `Pruning` wants it: batches come out of an iterator,
            and a placeholder named `input` takes its place.
    """

    output_node = 'logits'

    def __init__(self, model: ModelConfig, training: TrainingFile) -> None:
        """Loads the images.

        Raises:
            OptionError: an unknown dataset.
        """
        self._model, self._training = model, training
        images = training.images
        self.images: Images = one_of(images.name, DATASETS, 'dataset')(
            images.test_fraction, images.split_seed, model.image_size)
        shape = [None, model.image_size, model.image_size, model.image_channels]
        self.input_tensors_map = {'IteratorGetNext:0': ('input', shape)}

    def train(self, model_dir: str, train: Optional[TrainConfig] = None, start: Any = None,
              hooks: Sequence[tf.train.SessionRunHook] = ()) -> str:
        """Trains until `train.steps`, going on from the latest checkpoint in `model_dir` if there is one.

        Args:
            model_dir: the folder for checkpoints and summaries.
            train: how, if not as the training file says.
            start: `warm_start_from(checkpoint)`, or None to begin at random weights.
            hooks: for example `HoldZeros`.

        Returns:
            The latest checkpoint.
        """
        train = train or self._training.train
        estimator = self._estimator(model_dir, train, start)
        remaining = train.steps - _global_step(model_dir)
        if remaining > 0:
            input_fn = training_input_fn(self.images.train, train.batch_size, train.seed, self._training.images.shift)
            progress = ProgressHook(os.path.basename(os.path.normpath(model_dir)), remaining)
            estimator.train(input_fn, max_steps=train.steps, hooks=list(hooks) + [progress])
        return estimator.latest_checkpoint()

    def evaluate(self, checkpoint: str) -> float:
        """Returns the accuracy, between 0 and 1, of a checkpoint on the test split.

        Raises:
            ModelError: there is no such checkpoint.
        """
        if not tf.train.checkpoint_exists(checkpoint):
            raise ModelError('no checkpoint %s; train first' % checkpoint)
        estimator = self._estimator(os.path.dirname(checkpoint), self._training.train, None)
        measured = estimator.evaluate(evaluation_input_fn(self.images.test), checkpoint_path=checkpoint)
        return float(measured['accuracy'])

    def _estimator(self, model_dir: str, train: TrainConfig, start: Any) -> tf.estimator.Estimator:
        config = tf.estimator.RunConfig(model_dir, train.seed, save_summary_steps=100, log_step_count_steps=None,
                                        save_checkpoints_steps=max(1, train.steps), keep_checkpoint_max=2)
        return tf.estimator.Estimator(classifier_model_fn, config=config, warm_start_from=start,
                                      params={'model': self._model, 'train': train})


def _global_step(model_dir: str) -> int:
    checkpoint = tf.train.latest_checkpoint(model_dir)
    return int(tf.train.load_variable(checkpoint, tf.GraphKeys.GLOBAL_STEP)) if checkpoint else 0
