"""Trains and evaluates a network.

Examples:
  python -m train.train --output out/digits
  python -m train.train --config configs/cifar10_resnet20.yaml --data cifar10 --output out/resnet20
  python -m train.train --config configs/clustered_mnist_lenet300.yaml --data mnist --output out/clustered_lenet300

The same command again goes on with an interrupted training.
"""

import dataclasses
import logging
import os
import sys
import warnings
from typing import List, Optional

from absl import flags

from tf1pruning.cli.program import fail, guarded, parse_flags, start
from tf1pruning.errors import OptionError
from tf1pruning.tf1 import quiet, use_tf1_behavior

from .classifier import Classifier
from .config import CONFIGS, ClusterConfig, Experiment, FilesConfig, ImportedConfig, load
from .distributed.tasks import run_task, train_together
from .resuming import steps_done
from .sharing import cluster, train_shared

FLAGS = flags.FLAGS
CLUSTERED = 'clustered'
"""Where the network with shared values is, below the output folder: its training, and in `start` where that begins."""


def define_flags(config: str) -> None:
    """Defines the flags that the programs here share.

    Args:
        config: the configuration that is read where none is named.
    """
    define_experiment_flags(config)
    flags.DEFINE_string('output', None, 'The folder to write into; a training that is there is gone on with.',
                        required=True)


def define_experiment_flags(config: str) -> None:
    """Defines the flags that say which network is trained on which images; see `read_experiment`."""
    flags.DEFINE_string('config', config, 'What to do, as a YAML file.')
    flags.DEFINE_string('data', None, 'The folder of the images, if not as in the configuration.')
    flags.DEFINE_string('model', None, 'The checkpoint of a network that is imported, if not as in the configuration.')


def read_experiment(path: str) -> Experiment:
    """Reads a network, its images and its training.

    Args:
        path: the file; --data may name another folder of images, --model another checkpoint.

    Raises:
        OptionError: the file is missing or wrong, or what a flag names has no place in it.
    """
    experiment = load(Experiment, path)
    images, model = experiment.images, experiment.model
    if FLAGS.data is not None:
        if not isinstance(images, FilesConfig):
            raise OptionError('--data %s: %s come without files; leave it out' % (FLAGS.data, images.name))
        images = dataclasses.replace(images, folder=FLAGS.data)
    if FLAGS.model is not None:
        if not isinstance(model, ImportedConfig):
            raise OptionError('--model %s: %s is built, not imported; leave it out, or set the name of the model to '
                              'imported' % (FLAGS.model, model.name))
        model = dataclasses.replace(model, checkpoint=FLAGS.model)
    return dataclasses.replace(experiment, images=images, model=model)


def prepare() -> None:
    """Sets TF1 behaviour and the log format, for programs."""
    quiet()
    warnings.filterwarnings('ignore', message='.*tf.layers.*')
    use_tf1_behavior()
    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(logging.Formatter('%(message)s'))
    for package in (__package__, 'tf1pruning'):
        log = logging.getLogger(package)
        log.addHandler(lines)
        log.setLevel(logging.INFO)
        log.propagate = False


def train() -> int:
    """Trains, evaluates and prints the accuracy; returns the exit code."""
    prepare()
    experiment = read_experiment(FLAGS.config)
    return run_task(experiment, FLAGS.output, lambda classifier: _lead(classifier, experiment.cluster),
                    lambda worker: {'train': worker.train}) or 0


def _lead(classifier: Classifier, shared: Optional[ClusterConfig]) -> int:
    folder = FLAGS.output
    try:
        checkpoint = train_together(classifier, folder)
        _tell(classifier, checkpoint)
        if shared is not None:
            clustered = cluster(classifier, shared, checkpoint, os.path.join(FLAGS.output, CLUSTERED, 'start'))
            _tell(classifier, clustered)
            folder = os.path.join(FLAGS.output, CLUSTERED)
            _tell(classifier, train_shared(classifier, shared, clustered, folder))
    except KeyboardInterrupt:
        return fail('train', 'interrupted; the same command goes on after step %d%s' % (
            steps_done(folder), ' with shared values' if folder != FLAGS.output else ''), 130)
    return 0


def _tell(classifier: Classifier, checkpoint: str) -> None:
    for part in ('validation', 'test'):
        if part == 'test' or classifier.images.validation is not None:
            accuracy = classifier.evaluate(checkpoint, part)['accuracy']
            print('%s: accuracy %.2f %% on the %s images' % (checkpoint, 100 * accuracy, part))


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(train, 'train')


if __name__ == '__main__':
    define_flags(os.path.join(CONFIGS, 'digits.yaml'))
    start(main, parse_flags)
