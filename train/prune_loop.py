"""Prunes a network in a loop: soft-prune, retrain, measure, and accept, repeat or go back; then strip.

Examples:
  python -m train.prune_loop --config configs/loop_digits.yaml --output out/digits
  python -m train.prune_loop --config configs/loop_cifar10_resnet20.yaml --data cifar10 --output out/resnet20

The network is trained first, unless --checkpoint names one that is. The same command again goes on with a loop that
was interrupted, at any moment. This is the file to copy: put your own `tf.estimator` training in the place of
`Classifier`; the model_fn needs no change.
"""

import os
from typing import List, Mapping, Optional

from absl import flags

from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.errors import OptionError
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.search.journal import Record
from tf1pruning.search.loop import Retrain, Tell, prune_loop
from tf1pruning.search.settings import Graph, LoopResult, LoopSettings
from tf1pruning.search.steps import parse_step
from tf1pruning.training import HoldZeros, warm_start_from
from tf1pruning.workbench import parse_input

from .classifier import Classifier
from .config import CONFIGS, LoopConfig, load
from .train import define_flags, prepare, read_experiment

FLAGS = flags.FLAGS
STRIPPED = os.path.join('stripped', 'Stripped_Dir')
"""Where the loop leaves the network, below its output folder."""


def graph_of(classifier: Classifier) -> Graph:
    """Returns what the classifier's checkpoints do not say of themselves."""
    return Graph((classifier.output_node,),
                 dict(parse_input(*item) for item in classifier.input_tensors_map.items()))


def retraining(classifier: Classifier, config: LoopConfig) -> Retrain:
    """Returns the function that trains a soft-pruned checkpoint while its zeros are held."""
    graph = graph_of(classifier)

    def retrain(checkpoint: str, folder: str, plan: PruningPlan) -> str:
        classifier.train(folder, config.retrain, start=warm_start_from(checkpoint),
                         hooks=[HoldZeros(graph.zeros(checkpoint, plan))])
        return folder
    return retrain


def prune(classifier: Classifier, checkpoint: str, config: LoopConfig, output: str,
          tell: Optional[Tell] = None) -> LoopResult:
    """Runs the loop on a trained network.

    Args:
        classifier: trains and measures.
        checkpoint: the trained network.
        config: the loop.
        output: everything is written below it.
        tell: called with the name and the result of every stage.

    Raises:
        OptionError: there is an accuracy floor, but no images to measure it on that are not the test images.
    """
    part = 'test' if classifier.images.validation is None else 'validation'
    if part == 'test' and config.has_floor:
        raise OptionError('an accuracy floor needs validation images: set validation_fraction of the images')

    def evaluate(path: str) -> Mapping[str, float]:
        return {'accuracy': classifier.evaluate(path, part)}
    return prune_loop(checkpoint, output, graph_of(classifier), settings_of(config), retraining(classifier, config),
                      evaluate, tell)


def settings_of(config: LoopConfig) -> LoopSettings:
    """Returns the loop's settings.

    Raises:
        OptionError: a step is none.
    """
    limits = Amount(align=config.align, min_channels=config.min_channels, max_ratio=config.max_ratio,
                    together=config.together)
    return LoopSettings(tuple(parse_step(config.kind, value) for value in config.values), config.scopes, config.exclude,
                        config.criterion, limits=limits, least_accuracy=config.least_accuracy or None,
                        largest_loss=config.largest_loss if config.largest_loss < 1 else None,
                        max_failed_rate=config.max_failed_rate, max_retries=config.max_retries,
                        max_halvings=config.max_halvings)


def say(name: str, record: Record) -> None:
    """Prints a line for every stage that a person wants to know of."""
    folder = name.split('/')[0]
    if name == 'baseline':
        print('baseline: accuracy %.2f %%, %s MACs, %s parameters' % (
            100 * record['accuracy'], f"{record['macs']:,}", f"{record['parameters']:,}"), flush=True)
    elif name.endswith('/soft') and 'macs' in record:
        print('%s: soft-pruned to %s MACs, retraining' % (folder, f"{record['macs']:,}"), flush=True)
    elif name.endswith('/measured'):
        print('%s: accuracy %.2f %%, failed_rate %.3f (%.0f s)' % (
            folder, 100 * record['accuracy'], record['failed_rate'], record['seconds']), flush=True)


def run() -> None:
    """Trains, if need be, prunes, and says what came out."""
    prepare()
    config = load(LoopConfig, FLAGS.config)
    experiment = read_experiment(os.path.join(os.path.dirname(FLAGS.config), config.experiment))
    classifier = Classifier(experiment)
    checkpoint = FLAGS.checkpoint or classifier.train(os.path.join(FLAGS.output, 'baseline'))
    result = prune(classifier, checkpoint, config, FLAGS.output, say)
    if result.stripped is None:
        print('no step was accepted: the network stays as it was (%s)' % result.checkpoint)
        return
    print('%s MACs, %s parameters remain; stripped: %s; the way there: %s' % (
        f"{result.stripped['macs']['after']:,}", f"{result.stripped['parameters']['after']:,}",
        os.path.join(FLAGS.output, STRIPPED), os.path.join(FLAGS.output, 'history.csv')))


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(run, 'prune_loop')


if __name__ == '__main__':
    define_flags(os.path.join(CONFIGS, 'loop_digits.yaml'))
    flags.DEFINE_string('checkpoint', None, 'A trained network to begin with: a checkpoint prefix or its folder.')
    start(main, parse_flags)
