"""Prunes a network in a loop: soft-prune, retrain, measure, and accept, repeat or go back; then strip.

Examples:
  python -m train.prune_loop --config configs/loop_digits.yaml --output out/digits
  python -m train.prune_loop --config configs/loop_cifar10_resnet20.yaml --data cifar10 --output out/resnet20

The network is trained first, unless --checkpoint names one that is. The same command again goes on with a loop that
was interrupted, at any moment. This is the file to copy: put your own `tf.estimator` training in the place of
`Classifier`; the model_fn needs no change.
"""

import dataclasses
import os
import time
from typing import List, Optional

from absl import flags

from tf1pruning.cli.program import fail, guarded, parse_flags, start
from tf1pruning.errors import OptionError
from tf1pruning.ranking import Amount
from tf1pruning.search.journal import Tell
from tf1pruning.search.loop import prune_loop
from tf1pruning.search.settings import LoopResult, LoopSettings
from tf1pruning.search.steps import parse_step
from tf1pruning.training import require_batch_norm

from .classifier import Classifier
from .config import CONFIGS, LoopConfig, load
from .distributed.tasks import following, retrain_together, run_task, train_together
from .program import define_flags, prepare, read_experiment
from .retraining import Retraining
from .telling import Stages, Teller, stages_of

FLAGS = flags.FLAGS
STRIPPED = os.path.join('stripped', 'Stripped_Dir')
"""Where the loop leaves the network, below its output folder."""


def prune(classifier: Classifier, checkpoint: str, config: LoopConfig, output: str,
          tell: Optional[Tell] = None, lock: bool = True) -> LoopResult:
    """Runs the loop on a trained network.

    Args:
        classifier: trains and measures.
        checkpoint: the trained network.
        config: the loop.
        output: everything is written below it.
        tell: called with the name and the result of every stage.
        lock: keeps other loops out of the folder; not for a caller who does already.

    Raises:
        OptionError: there is an accuracy floor, but no images to measure it on that are not the test images; or there
            is no batch norm to recalibrate.
    """
    part = part_to_decide_by(classifier, config)
    if config.recalibrate:
        require_batch_norm(classifier.network.load(checkpoint))

    training, settings = Retraining(classifier, config, checkpoint, part), settings_of(config)
    settings = settings._replace(training={**(settings.training or {}), **classifier.trained_on})
    return prune_loop(checkpoint, output, classifier.network, settings,
                      retrain_together(classifier, training.retrain), training.evaluate,
                      training.prepare if config.sparse is not None else None, training.finish(), tell, lock)


def part_to_decide_by(classifier: Classifier, config: LoopConfig) -> str:
    """Returns which images the loop measures on.

    Raises:
        OptionError: there is an accuracy floor, but no images to measure it on that are not the test images.
    """
    if classifier.images.validation is not None:
        return 'validation'
    if config.has_floor:
        raise OptionError('an accuracy floor needs validation images: set validation_fraction of the images')
    return 'test'


def settings_of(config: LoopConfig) -> LoopSettings:
    """Returns the loop's settings.

    Raises:
        OptionError: a step is none.
    """
    limits = Amount(align=config.align, min_channels=config.min_channels, max_ratio=config.max_ratio,
                    together=config.together, tolerance=config.target_tolerance)
    return LoopSettings(tuple(parse_step(config.kind, value) for value in config.values), config.scopes, config.exclude,
                        config.criterion, limits=limits, least_accuracy=config.least_accuracy or None,
                        largest_loss=config.largest_loss if config.largest_loss < 1 else None,
                        max_failed_rate=config.max_failed_rate, max_retries=config.max_retries,
                        max_halvings=config.max_halvings, training={
                            name: value for name, value in dataclasses.asdict(config).items()
                            if name in ('retrain', 'sparse', 'soft', 'distill', 'recalibrate', 'finetune')})


def run() -> Optional[int]:
    """Trains, if need be, prunes, and says what came out; returns the exit code."""
    prepare()
    config = load(LoopConfig, FLAGS.config)
    settings_of(config).check()
    experiment = read_experiment(os.path.join(os.path.dirname(FLAGS.config), config.experiment), FLAGS.data,
                                 FLAGS.model)
    return run_task(experiment, FLAGS.output, lambda classifier: lead(classifier, config, experiment.train.steps),
                    lambda worker: following(worker, lambda checkpoint, folder, plan: Retraining(
                        worker, config, checkpoint, 'test').retrain(checkpoint, folder, plan)),
                    [name for name in ('sparse', 'soft', 'distill') if getattr(config, name) is not None])


def lead(classifier: Classifier, config: LoopConfig, steps: int) -> int:
    """Does all of it, alone in the output folder; in a cluster the others take part in the trainings.

    Returns:
        The exit code.
    """
    part_to_decide_by(classifier, config)
    stages = stages_of(config, 0 if FLAGS.checkpoint else steps)
    try:
        checkpoint = FLAGS.checkpoint or trained(classifier, steps, stages)
        result = prune(classifier, checkpoint, config, FLAGS.output, Teller(stages, config), lock=False)
    except KeyboardInterrupt:
        return fail('prune_loop', 'interrupted; the same command goes on from here', 130)
    print(outcome(result, FLAGS.output))
    return 0


def outcome(result: LoopResult, output: str) -> str:
    """Returns what came out of a loop, in a line."""
    history = os.path.join(output, 'history.csv')
    if result.plan is None:
        return 'no step was accepted: the network stays as it was (%s)' % result.checkpoint
    if result.final is None:
        return ('no network to ship: stripped, what was accepted is below the floor (%s); in another folder, lower '
                'max_failed_rate, or train it after the strip (finetune)' % history)
    return '%s MACs, %s parameters remain, accuracy %.2f %%; the network to ship: %s; the way there: %s' % (
        f"{result.final['macs']:,}", f"{result.final['parameters']:,}", 100 * result.final['accuracy'],
        os.path.join(output, result.final['pb']), history)


def trained(classifier: Classifier, steps: int, stages: Stages) -> str:
    """Trains the network that the loop begins with; returns its checkpoint."""
    stages.begin('training the network, %d steps' % steps)
    began = time.time()
    checkpoint = train_together(classifier, os.path.join(FLAGS.output, 'baseline'))
    stages.finish(steps, time.time() - began)
    return checkpoint


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(run, 'prune_loop')


if __name__ == '__main__':
    define_flags(os.path.join(CONFIGS, 'loop_digits.yaml'))
    flags.DEFINE_string('checkpoint', None, 'A trained network to begin with: a checkpoint prefix or its folder.')
    start(main, parse_flags)
