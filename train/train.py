"""Trains and evaluates a network.

Examples:
  python -m train.train --output out/digits
  python -m train.train --config configs/cifar10_resnet20.yaml --data cifar10 --output out/resnet20
  python -m train.train --config configs/clustered_mnist_lenet300.yaml --data mnist --output out/clustered_lenet300

The same command again goes on with an interrupted training.
"""

import os
from typing import List, Optional

from absl import flags

from tf1pruning.cli.program import fail, guarded, parse_flags, start

from .classifier import Classifier
from .config import CONFIGS, ClusterConfig
from .distributed.tasks import run_task, train_together
from .program import define_flags, prepare, read_experiment
from .resuming import steps_done
from .sharing import cluster, train_shared

FLAGS = flags.FLAGS
CLUSTERED = 'clustered'
"""Where the network with shared values is, below the output folder: its training, and in `start` where that begins."""


def train() -> int:
    """Trains, evaluates and prints the accuracy; returns the exit code."""
    prepare()
    experiment = read_experiment(FLAGS.config, FLAGS.data, FLAGS.model)
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
