"""What holding zeros costs: the training step of the demo's network with and without `HoldZeros`, in pairs.

Half of the channels inside every block are zero. Both graphs are trained in one process, one step of each in turn,
first one and then the other first; the ratio is the median of the pairs' ratios.

Run: `python -m benchmarks.training_hook [--pairs=300] [--optimizer=adam]`, which prints JSON.
"""

import dataclasses
import json
import time
from typing import Any, Dict, List

import numpy as np
from absl import app, flags

from tf1pruning.tf1 import tf
from tf1pruning.training import HoldZeros
from train.config import Experiment, ModelConfig, TrainConfig, load
from train.data import Form, load_images, training_input_fn
from train.model_fn import classifier_model_fn
from train.train import prepare

FLAGS = flags.FLAGS


def half_of_the_channels(model: ModelConfig) -> Dict[str, Dict[int, np.ndarray]]:
    """Returns zeros as `Pruning.zeros` has them: every second expanded channel and every second squeezed one."""
    axes = {'expand/weights': 3, 'depthwise/depthwise_weights': 2, 'project/weights': 2, 'se/squeeze/biases': 0,
            'excite/weights': 3, 'excite/biases': 0, 'expand/BatchNorm/gamma': 0, 'expand/BatchNorm/beta': 0,
            'depthwise/BatchNorm/gamma': 0, 'depthwise/BatchNorm/beta': 0}
    with tf.Graph().as_default():
        images = tf.zeros([1, model.image_size, model.image_size, model.image_channels])
        classifier_model_fn(images, tf.zeros([1], tf.int32), tf.estimator.ModeKeys.EVAL,
                            {'model': model, 'train': TrainConfig(steps=1)})
        variables = [each for each in tf.trainable_variables() if 'expanded_conv' in each.name]
    zeros: Dict[str, Dict[int, np.ndarray]] = {}
    for variable in variables:
        for ending, axis in axes.items():
            if variable.op.name.endswith(ending):
                zeros.setdefault(variable.op.name, {})[axis] = np.arange(0, int(variable.shape[axis]), 2)
        for ending, both in {'se/squeeze/weights': (2, 3), 'se/excite/weights': (2, 3)}.items():
            if variable.op.name.endswith(ending):
                zeros[variable.op.name] = {axis: np.arange(0, int(variable.shape[axis]), 2) for axis in both}
    return zeros


def training_session(experiment: Experiment, hooks: List[Any]) -> Any:
    """Returns a function that runs one training step and returns its seconds."""
    model, train, images = experiment.model, experiment.train, experiment.images
    with tf.Graph().as_default():
        examples = load_images(images, Form.of(model)).train
        batch = training_input_fn(examples, train.batch_size, train.seed, images.augment)()
        features, labels = tf.data.make_one_shot_iterator(batch).get_next()
        spec = classifier_model_fn(features, labels, tf.estimator.ModeKeys.TRAIN, {'model': model, 'train': train})
        session = tf.train.MonitoredTrainingSession(hooks=hooks, log_step_count_steps=None)

    def step() -> float:
        began = time.perf_counter()
        session.run([spec.train_op, spec.loss])
        return time.perf_counter() - began
    return step


def main(arguments: List[str]) -> None:
    """Measures and prints JSON: milliseconds per step and their ratio."""
    prepare()
    experiment = load(Experiment, 'configs/digits.yaml')
    train = dataclasses.replace(experiment.train, optimizer=FLAGS.optimizer, batch_size=FLAGS.batch_size)
    experiment = dataclasses.replace(experiment, train=train)
    without = training_session(experiment, [])
    holding = training_session(experiment, [HoldZeros(half_of_the_channels(experiment.model))])
    for _ in range(20):
        without(), holding()
    pairs = []
    for number in range(FLAGS.pairs):
        pairs.append((without(), holding()) if number % 2 else (holding(), without())[::-1])
    plain, held = np.array(pairs).T * 1e3
    print(json.dumps({'tensorflow': tf.__version__, 'optimizer': FLAGS.optimizer, 'batch_size': FLAGS.batch_size,
                      'pairs': FLAGS.pairs, 'step_ms': round(float(np.median(plain)), 2),
                      'step_with_hook_ms': round(float(np.median(held)), 2),
                      'ratio': round(float(np.median(held / plain)), 4)}))


if __name__ == '__main__':
    flags.DEFINE_integer('pairs', 300, 'How many pairs of steps.')
    flags.DEFINE_integer('batch_size', 64, 'Images per step.')
    flags.DEFINE_string('optimizer', 'adam', 'adam, momentum, rmsprop or adagrad.')
    app.run(main)
