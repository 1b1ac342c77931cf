"""Trains and evaluates a network: `python -m train.train --output DIR`."""

import logging
import os
import sys
import warnings
from typing import List

from absl import app, flags

from tf1pruning.errors import PruningError
from tf1pruning.tf1 import quiet, use_tf1_behavior

from .classifier import Classifier
from .config import CONFIGS, ModelConfig, TrainingFile, load

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the flags of the configuration, which the other programs here share."""
    for name, what in (('model', 'The network.'), ('training', 'The images and the training.')):
        flags.DEFINE_string(name, os.path.join(CONFIGS, '%s_digits.yaml' % name), what)
    flags.DEFINE_string('output', None, 'The folder to write into; a training that is there is gone on with.',
                        required=True)


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


def main(arguments: List[str]) -> int:
    """Trains, evaluates and prints the accuracy; exit code 2 at a user's mistake."""
    try:
        prepare()
        classifier = Classifier(load(ModelConfig, FLAGS.model), load(TrainingFile, FLAGS.training))
        checkpoint = classifier.train(FLAGS.output)
        print('%s: accuracy %.2f %% on the test split' % (checkpoint, 100 * classifier.evaluate(checkpoint)))
        return 0
    except PruningError as error:
        print('error: %s' % error, file=sys.stderr)
        return 2


if __name__ == '__main__':
    define_flags()
    app.run(main)
