"""Measures decompositions of CIFAR-10 networks: errors at equal cost, accuracy against cost, latency.

Run: `python -m benchmarks.lowrank STEP --models DIR --data DIR`, where STEP is errors, accuracy, search, latency or
finetune, which takes what searches have found, too; each adds to `benchmarks/results/lowrank_STEP.json` what is not
there yet, and can be interrupted. `python -m benchmarks.lowrank.table` makes the tables of `docs/results.md` of these
files.
"""

import argparse
import json
import os
from typing import Any, Callable, Dict

from benchmarks.lowrank.case import JPEG, Places, accuracy, equal_cost, examples, latency, network
from benchmarks.lowrank.finetuning import Finetuning, settings_file
from tf1pruning.decomposition import DecomposeOrder
from tf1pruning.files import write_text
from tf1pruning.lowrank.allocation import ALLOCATIONS
from tf1pruning.lowrank.costs import KINDS
from tf1pruning.tf1 import quiet, tf
from train.program import prepare

RESULTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'results', 'lowrank_%s.json')
SHARES = (0.3, 0.5)
FACTORS = (0.7, 0.5, 0.3)


class Results:
    """A file of results, written after each."""

    def __init__(self, step: str) -> None:
        self._path = path = RESULTS % step
        self._held: Dict[str, Any] = {}
        if os.path.exists(path):
            with open(path) as stream:
                self._held = json.load(stream)

    def get(self, key: str) -> Any:
        """Returns what was measured; None if it was not."""
        return self._held[key]['value'] if key in self._held else None

    def once(self, key: str, measure: Callable[..., Any], *arguments: Any) -> None:
        """Measures what is not there yet."""
        if key not in self._held:
            self._held[key] = {'tensorflow': tf.__version__, 'value': measure(*arguments)}
            write_text(self._path, json.dumps(self._held, indent=1, sort_keys=True) + '\n')
        print('%s: done' % key, flush=True)


def measure_errors(results: Results, places: Places, args: argparse.Namespace) -> None:
    """Errors of every layer at equal cost."""
    model = network(args.network or 'resnet56', places)
    for share in SHARES:
        results.once('%s %s' % (args.network or 'resnet56', share), equal_cost, model, share)


def measure_accuracy(results: Results, places: Places, args: argparse.Namespace) -> None:
    """Accuracy against cost, without data."""
    name = args.network or 'resnet56'
    model = network(name, places)
    labelled = examples(model, places, args.count)
    for factor in FACTORS:
        for allocation in ALLOCATIONS:
            for kind in KINDS:
                order = DecomposeOrder(factor=factor, kind=kind, allocation=allocation)
                results.once('%s %s %s %s' % (name, kind, allocation, factor), accuracy, model, labelled, order)


def measure_search(results: Results, places: Places, args: argparse.Namespace) -> None:
    """Cost at a given loss of accuracy, by the search."""
    name = args.network or 'resnet20'
    model = network(name, places)
    labelled, given = examples(model, places, args.count), examples(model, places, args.search_count)
    for kind in args.kinds.split(','):
        order = DecomposeOrder('fixed_loss', max_loss=args.max_loss, kind=kind)
        journal = RESULTS % '-'.join((name, kind, str(args.max_loss), str(given.size), 'journal'))
        key = '%s %s %s %d' % (name, kind, args.max_loss, given.size)
        results.once(key, accuracy, model, labelled, order, journal, given)
        if os.path.exists(journal):
            os.remove(journal)


def measure_latency(results: Results, places: Places, args: argparse.Namespace) -> None:
    """Latency of some settings."""
    name = args.network or 'resnet56'
    orders = {'hybrid, macs 0.5': DecomposeOrder(factor=0.5),
              'tucker, macs 0.5': DecomposeOrder(factor=0.5, kind='tucker'),
              'tucker, latency 0.8': DecomposeOrder(factor=0.8, kind='tucker', cost='latency', times=args.times),
              'tucker, latency 0.7': DecomposeOrder(factor=0.7, kind='tucker', cost='latency', times=args.times)}
    results.once(name, latency, network(name, places), orders, args.rounds)


def measure_finetuning(results: Results, places: Places, args: argparse.Namespace) -> None:
    """Accuracy before and after training on: without data, and with what searches found."""
    prepare()
    name, searches = args.network or 'resnet56', Results('search')
    tuning = Finetuning(name, places, args.output, args.updates)
    results.once('%s as it is' % name, tuning.as_it_is)
    for kind in args.kinds.split(','):
        key = '%s %s spread %s' % (name, kind, args.factor)
        results.once(key, tuning.run, key, DecomposeOrder(factor=args.factor, kind=kind))
    for kind in args.kinds.split(','):
        found = searches.get('%s %s %s %d' % (name, kind, args.max_loss, args.search_count))
        if found is not None:
            key = '%s %s fixed_loss %s' % (name, kind, args.max_loss)
            settings = settings_file(args.output, key, found)
            results.once(key, tuning.run, key, DecomposeOrder(settings=settings, kind=kind))


STEPS = {'errors': measure_errors, 'accuracy': measure_accuracy, 'search': measure_search, 'latency': measure_latency,
         'finetune': measure_finetuning}


def main() -> None:
    """Does one step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument('step', choices=sorted(STEPS))
    parser.add_argument('--models', required=True, help='folder with cifar10_resnet20 and cifar10_resnet56')
    parser.add_argument('--data', required=True, help='folder with cifar10')
    parser.add_argument('--network', default='', help='resnet20, resnet56, or resnet56_jpeg of --checkpoint')
    parser.add_argument('--checkpoint', default='', help='the network trained on on these images, such as the baseline '
                                                         'that benchmarks.accuracy.run resnet56 trains')
    parser.add_argument('--count', type=int, default=500, help='test images to measure on')
    parser.add_argument('--search-count', type=int, default=600, help='test images for the search and its report')
    parser.add_argument('--max-loss', type=float, default=0.02)
    parser.add_argument('--kinds', default=','.join(KINDS), help='for search and finetune')
    parser.add_argument('--factor', type=float, default=0.5, help='for finetune: the part of the MACs that is kept')
    parser.add_argument('--updates', type=int, default=702, help='for finetune')
    parser.add_argument('--output', default='lowrank', help='for finetune: folder for checkpoints')
    parser.add_argument('--rounds', type=int, default=40)
    parser.add_argument('--times', help='file that remembers the times of layers')
    args = parser.parse_args()
    if args.network.endswith(JPEG) != bool(args.checkpoint):
        parser.error('--checkpoint goes with --network resnet56_jpeg')
    quiet()
    STEPS[args.step](Results(args.step), Places(args.models, args.data, args.checkpoint), args)


if __name__ == '__main__':
    main()
