"""Prunes a network by several methods, with several seeds, and notes what each makes of the test images.

    python -m benchmarks.accuracy.run CASE --data DIR --output DIR [--model CHECKPOINT] [--seeds 0,1,2]
        [--last-training STEPS]

CASE is the name of a `benchmarks/accuracy/<case>.yaml`. The network is trained first; then every cut is made by every
method, seed after seed, each with the same number of training steps, and measured after the last one. Interrupted and
started again, it goes on. A line for each is kept in `benchmarks/results/accuracy_<case>.json`;
`python -m benchmarks.accuracy.table` makes the tables of them.
"""

import argparse
import json
import os
import time
from typing import Any, Dict, List

from tf1pruning.files import write_text
from tf1pruning.tf1 import tf
from train.classifier import Classifier
from train.config import CONFIGS, load
from train.program import prepare, read_experiment

from .case import CaseConfig, CutConfig, updates_of
from .methods import METHODS

FOLDER = os.path.dirname(os.path.abspath(__file__))
RESULTS = os.path.join(os.path.dirname(CONFIGS), 'benchmarks', 'results')


class Results:
    """The file of a case's results.

    Args:
        case: its name.
    """

    def __init__(self, case: str) -> None:
        self._path = os.path.join(RESULTS, 'accuracy_%s.json' % case)
        self.rows: List[Dict[str, Any]] = []
        if os.path.exists(self._path):
            with open(self._path, encoding='utf-8') as stream:
                self.rows = json.load(stream)

    def has(self, **key: Any) -> bool:
        """Whether there is a row with these values."""
        return any(all(row.get(name) == value for name, value in key.items()) for row in self.rows)

    def add(self, **row: Any) -> None:
        """Adds a row and writes the file."""
        self.rows.append(dict(row, tensorflow=tf.__version__))
        write_text(self._path, '[\n%s\n]\n' % ',\n'.join(json.dumps(each) for each in self.rows))


def run_case(name: str, arguments: argparse.Namespace) -> None:
    """Runs what is not done yet of a case."""
    case = case_of(name).trained_on(arguments.last_training)
    results = Results(name)
    experiment = read_experiment(os.path.join(FOLDER, case.loop.experiment), arguments.data, arguments.model)
    classifier = Classifier(experiment)
    began = time.time()
    dense = classifier.train(os.path.join(arguments.output, 'baseline'))
    if not results.has(method='baseline'):
        results.add(method='baseline', accuracy=classifier.evaluate(dense, 'test')['accuracy'],
                    seconds=round(time.time() - began))
    for seed in (int(each) for each in arguments.seeds.split(',')):
        for cut in case.cuts:
            for method in arguments.methods.split(','):
                if not results.has(cut=cut.name, method=method, seed=seed, updates=updates_of(case.loop_of(cut, seed))):
                    run_one(case, cut, method, seed, classifier, dense, arguments.output, results)


def run_one(case: CaseConfig, cut: CutConfig, method: str, seed: int, classifier: Classifier, dense: str, output: str,
            results: Results) -> None:
    """Makes one cut by one method."""
    loop, began = case.loop_of(cut, seed), time.time()
    updates = updates_of(loop)
    folder = os.path.join(output, '%s_%s_%d_%d' % (cut.folder, method, updates, seed))
    found = METHODS[method](classifier, dense, loop, folder)
    results.add(cut=cut.name, method=method, seed=seed, updates=updates, seconds=round(time.time() - began),
                **found)
    print('%s, %s, seed %d: %.2f %%' % (cut.name, method, seed, 100 * found['accuracy']), flush=True)


def case_of(name: str) -> CaseConfig:
    """Reads a case."""
    return load(CaseConfig, os.path.join(FOLDER, name + '.yaml'))


def cases() -> List[str]:
    """Returns the names of all cases."""
    names = (os.path.splitext(each) for each in sorted(os.listdir(FOLDER)))
    return [name for name, ending in names if ending == '.yaml' and not name.endswith('_experiment')]


def main() -> None:
    """Runs a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('case', choices=cases())
    parser.add_argument('--data', required=True, help='folder of the images')
    parser.add_argument('--model', help='checkpoint of a network that is imported')
    parser.add_argument('--output', required=True, help='folder for checkpoints; what is there is gone on with')
    parser.add_argument('--seeds', default='0', help='seeds of the trainings after the choice, and of random choices')
    parser.add_argument('--last-training', metavar='STEPS', type=int, default=0,
                        help='steps of the training after the strip, if not those of the case')
    parser.add_argument('--methods', default=','.join(METHODS), help='which of %s' % ', '.join(METHODS))
    arguments = parser.parse_args()
    prepare()
    run_case(arguments.case, arguments)


if __name__ == '__main__':
    main()
