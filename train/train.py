"""Trains and evaluates a network.

Examples:
  python -m train.train --output out/digits
  python -m train.train --config configs/cifar10_resnet20.yaml --data cifar10 --output out/resnet20

The same command again goes on with an interrupted training.
"""

import dataclasses
import logging
import os
import sys
import warnings
from typing import List

from absl import flags

from tf1pruning.cli.program import fail, guarded, parse_flags, start
from tf1pruning.errors import OptionError
from tf1pruning.tf1 import quiet, use_tf1_behavior

from .classifier import Classifier
from .config import CONFIGS, Experiment, FilesConfig, load
from .resuming import steps_done

FLAGS = flags.FLAGS


def define_flags(config: str) -> None:
    """Defines the flags that the programs here share.

    Args:
        config: the configuration that is read where none is named.
    """
    flags.DEFINE_string('config', config, 'What to do, as a YAML file.')
    flags.DEFINE_string('data', None, 'The folder of the images, if not as in the configuration.')
    flags.DEFINE_string('output', None, 'The folder to write into; a training that is there is gone on with.',
                        required=True)


def read_experiment(path: str) -> Experiment:
    """Reads a network, its images and its training.

    Args:
        path: the file; --data may name another folder of images.

    Raises:
        OptionError: the file is missing or wrong, or its images are in no folder that could be another one.
    """
    experiment = load(Experiment, path)
    if FLAGS.data is None:
        return experiment
    if not isinstance(experiment.images, FilesConfig):
        raise OptionError('--data %s: %s come without files; leave it out' % (FLAGS.data, experiment.images.name))
    return dataclasses.replace(experiment, images=dataclasses.replace(experiment.images, folder=FLAGS.data))


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
    classifier = Classifier(read_experiment(FLAGS.config))
    try:
        checkpoint = classifier.train(FLAGS.output)
    except KeyboardInterrupt:
        return fail('train', 'interrupted; the same command goes on after step %d' % steps_done(FLAGS.output), 130)
    for part in ('validation', 'test'):
        if part == 'test' or classifier.images.validation is not None:
            print('%s: accuracy %.2f %% on the %s images' % (checkpoint, 100 * classifier.evaluate(checkpoint, part),
                                                            part))
    return 0


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(train, 'train')


if __name__ == '__main__':
    define_flags(os.path.join(CONFIGS, 'digits.yaml'))
    start(main, parse_flags)
