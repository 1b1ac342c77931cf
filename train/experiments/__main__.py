"""Runs named experiments on a network and its images, and compares them.

Examples:
  python -m train.experiments --tasks all --results-path out/experiments
  python -m train.experiments --config configs/mnist_lenet5.yaml --data mnist --tasks pruned-all,clustered-16-fp32 \
      --results-path out/lenet5 --test-dataset-fraction 0.2

Tasks: all, quantized-all, pruned-all, clustered-all, float32, quantized-float16, quantized-dynamic, quantized-int8,
pruned-<sparsity>-fp32, clustered-<values>-fp32. The network is trained first, unless --checkpoint names one that is.
The same command again goes on where it was interrupted; other tasks may be added to a folder.
"""

import dataclasses
import os
from typing import Any, Dict, List

from absl import flags

from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.clustering import METHODS
from tf1pruning.errors import OptionError
from tf1pruning.exports.certificate import files_of, sha256
from tf1pruning.files import alone_in
from tf1pruning.model.checkpoint import resolve_prefix
from tf1pruning.search.journal import Journal

from ..classifier import Classifier
from ..config import CONFIGS, Experiment
from ..program import define_experiment_flags, prepare, read_experiment
from .compressing import FineTuning
from .measuring import some_images
from .running import Experiments
from .summary import ordered
from .tasks import Task, parse_tasks

FLAGS = flags.FLAGS
JOURNAL = 'experiments.json'


def run() -> None:
    """Trains, if need be, and does what is asked for."""
    prepare()
    tasks = parse_tasks(FLAGS.tasks)
    if FLAGS.finetune_steps is not None and FLAGS.finetune_steps < 1:
        raise OptionError('--finetune_steps %d: it must be at least 1' % FLAGS.finetune_steps)
    experiment = read_experiment(FLAGS.config, FLAGS.data, FLAGS.model)
    classifier = Classifier(experiment)
    tests = some_images(classifier.images.test, FLAGS.test_dataset_fraction)
    folder = FLAGS.results_path
    tuning = FineTuning(FLAGS.finetune_steps or max(1, experiment.train.steps // 4), FLAGS.finetune_rate,
                        FLAGS.clustering)
    with alone_in(folder):
        journal = Journal(os.path.join(folder, JOURNAL), _settings(classifier, experiment, tuning))
        checkpoint = FLAGS.checkpoint or classifier.train(os.path.join(folder, 'trainings', 'float32'))
        experiments = Experiments(classifier, experiment.train, resolve_prefix(checkpoint), tuning, tests, folder,
                                  experiment.model.name)
        for task in tasks:
            _do(task, experiments, journal)
        text = experiments.compare(ordered(journal.records.values()), '%s on %s' % (
            experiment.model.name, experiment.images.name))
    print('\n%s\nwritten to %s' % (text, folder))


def _do(task: Task, experiments: Experiments, journal: Journal) -> None:
    record = journal.once(task.name, lambda: experiments.run(task))
    print('%s: accuracy %.2f %%, %s bytes, %s zipped' % (
        task.name, 100 * record['accuracy'], f"{record['bytes']:,}", f"{record['deflated']:,}"))


def _settings(classifier: Classifier, experiment: Experiment, tuning: FineTuning) -> Dict[str, Any]:
    """Returns what results depend on."""
    files = files_of(resolve_prefix(FLAGS.checkpoint)) if FLAGS.checkpoint else []
    return dict(classifier.trained_on, train=dataclasses.asdict(experiment.train), tuning=tuning._asdict(),
                fraction=FLAGS.test_dataset_fraction, checkpoint=[sha256(path) for path in files])


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(run, 'experiments')


def define_flags() -> None:
    """Defines the program's flags."""
    define_experiment_flags(os.path.join(CONFIGS, 'digits.yaml'))
    flags.DEFINE_string('tasks', 'all', 'Experiments, separated by commas.')
    flags.DEFINE_string('results-path', None, 'The folder for the results.', required=True)
    flags.DEFINE_alias('results_path', 'results-path')
    flags.DEFINE_float('test-dataset-fraction', 1.0, 'The part of the test images that files are measured on.')
    flags.DEFINE_alias('test_dataset_fraction', 'test-dataset-fraction')
    flags.DEFINE_string('checkpoint', None, 'A trained network to begin with: a checkpoint prefix or its folder.')
    flags.DEFINE_integer('finetune_steps', None, 'Updates after compressing; default: a quarter of the training.')
    flags.DEFINE_float('finetune_rate', 0.3, "Part of the training's learning rate with which they begin.")
    flags.DEFINE_enum('clustering', 'exact', sorted(METHODS), 'What finds shared values.')


if __name__ == '__main__':
    define_flags()
    start(main, parse_flags)
