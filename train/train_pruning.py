"""Prunes a trained network in a threshold loop: `python -m train.train_pruning --checkpoint DIR --output DIR`.

This is the file to copy: `prune_in_steps` is the loop, and `Classifier` is all that belongs to this example. Put your
own `tf.estimator` training in its place; the model_fn needs no change, only `hooks` and `warm_start_from`.
"""

import logging
import os
import sys
from typing import Iterator, List, NamedTuple

from absl import app, flags

from tf1pruning import Pruning, PruningError
from tf1pruning.training import HoldZeros, warm_start_from

from .classifier import Classifier
from .config import CONFIGS, PruneConfig, load
from .train import define_flags, prepare, read_experiment

FLAGS = flags.FLAGS
_LOG = logging.getLogger(__name__)


class Step(NamedTuple):
    """One threshold of the loop, after retraining.

    Attributes:
        threshold: filters with a larger fraction of small weights went.
        pruning: ready for the next step, or to be stripped.
        checkpoint: the retrained checkpoint.
        failed_rate: fraction of the chosen filters that are not zero in it.
    """

    threshold: float
    pruning: Pruning
    checkpoint: str
    failed_rate: float


def prune_in_steps(classifier: Classifier, checkpoint: str, output: str, config: PruneConfig) -> Iterator[Step]:
    """Yields one step after the other; each begins where the one before ended.

    Args:
        classifier: trains.
        checkpoint: the trained network: a prefix, or a folder with a `checkpoint` file.
        output: each step writes into `TH<threshold>` there, and `TH<threshold>_Repruned<n>` if it is repeated.
        config: thresholds and retraining.
    """
    for threshold in config.thresholds:
        folder = os.path.join(output, 'TH%g' % threshold)
        pruning = Pruning(checkpoint, config.scope_names, output_dir=folder, output_nodes=classifier.output_node,
                          input_tensors_map=classifier.input_tensors_map)
        pruning.set_threshold(threshold)
        pruning.pruning_process()
        failed_rate = retrain(classifier, pruning, config)
        for retry in range(1, config.max_retries + 1):
            if failed_rate <= config.max_failed_rate:
                break
            pruning.set_output_dir('%s_Repruned%d' % (folder, retry))
            pruning.pruning_process(retrain=True)
            failed_rate = retrain(classifier, pruning, config)
        checkpoint = pruning.retrained_ckpt_path
        yield Step(threshold, pruning, checkpoint, failed_rate)


def retrain(classifier: Classifier, pruning: Pruning, config: PruneConfig) -> float:
    """Trains the soft-pruned network with its zeros held; returns the fraction of filters that came back."""
    classifier.train(pruning.output_dir, config.retrain, start=warm_start_from(pruning.pruned_ckpt_path),
                     hooks=[HoldZeros(pruning.zeros)])
    pruning.get_retrained_ckpt(pruning.output_dir)
    return pruning.get_pruning_summary()


def strip(pruning: Pruning, output: str) -> str:
    """Removes the zero filters; returns the frozen graph. The stripped checkpoint lies beside it."""
    pruning.set_output_dir(output)
    pruning.get_rebuild_graph()
    pruning.get_strip_params()
    return os.path.join(os.path.dirname(pruning.get_strip_ckpt()), 'modify.pb')


def main(arguments: List[str]) -> int:
    """Runs the loop, evaluates every step and strips; exit code 2 at a user's mistake."""
    try:
        prepare()
        classifier = Classifier(read_experiment())
        for step in prune_in_steps(classifier, FLAGS.checkpoint, FLAGS.output, load(PruneConfig, FLAGS.pruning)):
            print('threshold %g: failed_rate %.3f, accuracy %.2f %%'
                  % (step.threshold, step.failed_rate, 100 * classifier.evaluate(step.checkpoint)))
        print('stripped: %s' % strip(step.pruning, FLAGS.output))
        return 0
    except PruningError as error:
        print('error: %s' % error, file=sys.stderr)
        return 2


if __name__ == '__main__':
    define_flags()
    flags.DEFINE_string('pruning', os.path.join(CONFIGS, 'pruning_digits.yaml'), 'The threshold loop.')
    flags.DEFINE_string('checkpoint', None, 'The trained network: a checkpoint prefix or its folder.', required=True)
    app.run(main)
