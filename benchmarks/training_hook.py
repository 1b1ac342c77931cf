"""What training hooks cost: the training step of the demo's network with and without one, in pairs.

Held or pruned is half of the channels inside every block; regularised are all channels. Both graphs are trained in one
process, one step of each in turn, first one and then the other first; the ratio is the median of the pairs' ratios.
Soft filter pruning chooses at the end of every epoch, and magnitude pruning, of half of all weights, by its schedule:
with `--every_steps=1` they choose after every step, and the difference is what one choice costs. Shared are 16
values in every kernel.

Run: `python -m benchmarks.training_hook [--hook=hold_zeros] [--pairs=300] [--optimizer=adam]`, which prints JSON.
"""

import dataclasses
import json
import os
import tempfile
import time
from typing import Any, Callable, Dict, List

import numpy as np
from absl import app, flags

from tf1pruning.choice import Selection
from tf1pruning.clustering import Clustered
from tf1pruning.passes.soft_prune import zeros_of
from tf1pruning.ranking import Amount
from tf1pruning.tf1 import tf
from tf1pruning.training import (
    ConstantSparsity,
    GroupLasso,
    HoldZeros,
    MagnitudePruning,
    Network,
    NetworkSlimming,
    SharedWeights,
    SoftFilterPruning,
    Strength,
)
from tf1pruning.training.live_graph import LiveChannels
from train.classifier import Classifier
from train.config import Experiment, load
from train.data import Form, load_images, training_input_fn
from train.model_fn import classifier_model_fn
from train.program import prepare

FLAGS = flags.FLAGS
HALF = Selection(Amount(ratio=0.5), ('blocks',), criterion='l2')


class HoldHalf(HoldZeros):
    """Holds what a choice on the graph itself says."""

    def __init__(self, network: Network) -> None:
        super().__init__({})
        self._network = network

    def begin(self) -> None:
        """Chooses, and puts the masks into the graph."""
        channels = LiveChannels(tf.get_default_graph(), self._network).structure
        self._zeros = zeros_of(channels, HALF.plan(channels))
        super().begin()


class ShareSixteen(SharedWeights):
    """Lets the weights of every kernel share 16 values; which ones share makes no difference to what it costs."""

    def __init__(self) -> None:
        super().__init__({})

    def begin(self) -> None:
        """Draws the clusters, and puts them into the graph."""
        random = np.random.RandomState(0)
        self._shared = {variable.op.name: Clustered(np.arange(1, 17, dtype=np.float32), np.append(
            np.arange(16), random.randint(0, 16, np.prod(variable.shape.as_list()) - 16)).astype(np.uint8).reshape(
                variable.shape.as_list())) for variable in tf.trainable_variables() if variable.shape.rank > 1}
        super().begin()


HOOKS: Dict[str, Callable[[Network], tf.train.SessionRunHook]] = {
    'hold_zeros': HoldHalf,
    'soft_filter_pruning': lambda network: SoftFilterPruning(
        network, HALF, FLAGS.every_steps, os.path.join(tempfile.mkdtemp(), 'plan.json')),
    'group_lasso': lambda network: GroupLasso(network, Strength(1e-3, grow_steps=100), emphasis=16),
    'magnitude_pruning': lambda network: MagnitudePruning(
        network, ConstantSparsity(0, None, FLAGS.every_steps, 0.5)),
    'shared_weights': lambda network: ShareSixteen(),
    'network_slimming': lambda network: NetworkSlimming(network, Strength(1e-3, grow_steps=100)),
}


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
    network = Classifier(experiment).network
    without = training_session(experiment, [])
    hooked = training_session(experiment, [HOOKS[FLAGS.hook](network)])
    for _ in range(20):
        without(), hooked()
    pairs = []
    for number in range(FLAGS.pairs):
        pairs.append((without(), hooked()) if number % 2 else (hooked(), without())[::-1])
    plain, other = np.array(pairs).T * 1e3
    print(json.dumps({'tensorflow': tf.__version__, 'hook': FLAGS.hook, 'optimizer': FLAGS.optimizer,
                      'batch_size': FLAGS.batch_size, 'pairs': FLAGS.pairs, 'every_steps': FLAGS.every_steps,
                      'step_ms': round(float(np.median(plain)), 2),
                      'step_with_hook_ms': round(float(np.median(other)), 2),
                      'difference_ms': round(float(np.median(other - plain)), 2),
                      'ratio': round(float(np.median(other / plain)), 4)}))


if __name__ == '__main__':
    flags.DEFINE_enum('hook', 'hold_zeros', sorted(HOOKS), 'Which hook.')
    flags.DEFINE_integer('every_steps', 1000000, 'Steps between two choices of soft filter or magnitude pruning.')
    flags.DEFINE_integer('pairs', 300, 'How many pairs of steps.')
    flags.DEFINE_integer('batch_size', 64, 'Images per step.')
    flags.DEFINE_string('optimizer', 'adam', 'adam, momentum, rmsprop or adagrad.')
    app.run(main)
