"""The whole way on real images: `python -m train.demo [--short] [--output DIR] [--seed N]`.

Trains a MobileNetV2 with squeeze-and-excitation on scikit-learn's digits, prunes it in a threshold loop, strips and
verifies it, measures what the frozen graph does, exports it in every format, and writes a report of it all. Everything
is read from `configs/`.
"""

import dataclasses
import json
import os
import shutil
import sys
import time
from typing import List, Tuple

from absl import flags

from tf1pruning.channels import analyse
from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.errors import OutputError
from tf1pruning.exports.formats import FORMATS
from tf1pruning.files import write_text
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.search.settings import LoopResult
from tf1pruning.verify import TOLERANCE, difference_of

from .classifier import Classifier
from .comparison import BATCH, Comparison, Measured
from .config import CONFIGS, Experiment, LoopConfig, TrainConfig, load
from .measure import Frozen, interleaved_latency
from .program import prepare
from .prune_loop import STRIPPED, prune
from .shipping import SHIPPED, report, ship
from .telling import Teller, stages_of

FLAGS = flags.FLAGS
RESULT = 'demo.json'
SHORT_STEPS, SHORT_RETRAINING, SHORT_THRESHOLDS = 100, 25, (0.55, 0.5)
"""For continuous integration: every stage, but the accuracy means nothing."""


def run(classifier: Classifier, train: TrainConfig, loop: LoopConfig, output: str) -> Tuple[Comparison, str]:
    """Trains, prunes, strips, measures and exports; everything is left in `output`.

    Returns:
        What was measured, and a table of the exported files.
    """
    stages = stages_of(loop, train.steps)
    stages.begin('Training the network from scratch, %d steps' % train.steps)
    began = time.time()
    checkpoint = classifier.train(os.path.join(output, 'baseline'), train)
    stages.finish(train.steps, time.time() - began)
    result = prune(classifier, checkpoint, loop, output, Teller(stages, loop))
    before = freeze(classifier, checkpoint, os.path.join(output, 'baseline.pb'))
    print('      running both graphs on %d test images' % len(classifier.images.test.arrays()[1]), flush=True)
    after = os.path.join(output, STRIPPED, 'modify.pb')
    comparison = measure(classifier, result, (before, after))
    print('      exporting to %s' % ', '.join(FORMATS), flush=True)
    assert result.plan is not None
    shipped = ship(classifier, before, after, result.plan, os.path.join(output, SHIPPED))
    return comparison, shipped


def freeze(classifier: Classifier, checkpoint: str, path: str) -> str:
    """Writes the inference graph of a training checkpoint as a frozen graph."""
    return save_frozen(to_inference(classifier.network.load(checkpoint)), path)


def measure(classifier: Classifier, result: LoopResult, paths: Tuple[str, str]) -> Comparison:
    """Measures the frozen graphs before and after, on the files themselves.

    Args:
        classifier: has the test images.
        result: of the loop.
        paths: the frozen graph of the trained network, and `modify.pb`.
    """
    assert result.stripped is not None
    assert result.plan is not None
    test, outputs = classifier.images.test, classifier.network.outputs
    images, _ = test.arrays()
    retrained = to_inference(classifier.network.load(result.checkpoint))
    soft_pruned = soft_prune(retrained, analyse(retrained), result.plan)
    difference = difference_of(soft_pruned, load_frozen(paths[1], outputs), {'input:0': images})
    networks = [Frozen(path) for path in paths]
    one = interleaved_latency(networks, images[:1], 200)
    many = interleaved_latency(networks, images[:BATCH], 20)
    measured = [Measured(network.accuracy(test), result.stripped['parameters'][when], result.stripped['macs'][when],
                         network.bytes, one[place], many[place])
                for place, (network, when) in enumerate(zip(networks, ('before', 'after')))]
    return Comparison(measured[0], measured[1], difference.relative)


def configure(short: bool, seed: int) -> Tuple[Experiment, LoopConfig]:
    """Reads the digits' configuration."""
    loop = load(LoopConfig, os.path.join(CONFIGS, 'loop_digits.yaml'))
    experiment = load(Experiment, os.path.join(CONFIGS, loop.experiment))
    train = dataclasses.replace(experiment.train, seed=seed)
    retrain = dataclasses.replace(loop.retrain, seed=seed)
    if short:
        train = dataclasses.replace(train, steps=SHORT_STEPS)
        retrain = dataclasses.replace(retrain, steps=SHORT_RETRAINING)
        loop = dataclasses.replace(loop, values=SHORT_THRESHOLDS)
    return dataclasses.replace(experiment, train=train), dataclasses.replace(loop, retrain=retrain)


def make_room(output: str) -> None:
    """Removes an earlier demo, and nothing else.

    Raises:
        OutputError: the folder holds something that no demo wrote.
    """
    if os.path.isdir(output) and os.listdir(output):
        if not os.path.exists(os.path.join(output, RESULT)):
            raise OutputError('%s is not empty and holds no earlier demo: choose another --output' % output)
        shutil.rmtree(output)
    write_text(os.path.join(output, RESULT), '{}\n')


def demonstrate() -> int:
    """Runs the demo; returns 1 if a promise is not kept."""
    began = time.time()
    prepare()
    make_room(FLAGS.output)
    experiment, loop = configure(FLAGS.short, FLAGS.seed)
    comparison, shipped = run(Classifier(experiment), experiment.train, loop, FLAGS.output)
    seconds = time.time() - began
    missed = comparison.missed(TOLERANCE, FLAGS.short)
    result = dict(comparison.to_json(), seconds=round(seconds, 1), short=FLAGS.short, seed=FLAGS.seed, missed=missed)
    write_text(os.path.join(FLAGS.output, RESULT), json.dumps(result, indent=1) + '\n')
    print('\n%s\n\n%s\n' % (comparison.table(), shipped))
    print('Everything is in %s, the files to ship in %s.\nOpen the report in a browser: %s\n%.0f s in all.' % (
        FLAGS.output, os.path.join(FLAGS.output, SHIPPED), report(FLAGS.output), seconds))
    for promise in missed:
        print('not reached: %s' % promise, file=sys.stderr)
    return 1 if missed else 0


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(demonstrate, 'demo')


if __name__ == '__main__':
    flags.DEFINE_boolean('short', False, 'The same stages with fewer steps, for continuous integration.')
    flags.DEFINE_string('output', os.path.join('out', 'demo'), 'The folder to write into; an earlier demo is replaced.')
    flags.DEFINE_integer('seed', 0, 'Of initialisation, order and augmentation.')
    start(main, parse_flags)
