"""Prunes half of every group of every architecture at hand and proves that nothing else changed.

    python -m benchmarks.zoo [NAME …] [--json FILE] [--resume] [--markdown docs/zoo.md]

Each network is built with random weights (those of ../shared/models, where they are there, keep their own),
soft-pruned, stripped, written, and compared element by element from its files, in a process of its own: soft-pruned
with stripped, checkpoint with frozen graph. A line of JSON for each is kept in FILE (default
`benchmarks/results/zoo_<TensorFlow>.json`); `--resume` leaves out what is in there already. `--markdown` makes the
table of all results in that folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional, Set

from benchmarks.zoo.table import markdown, verdict

RESULTS = os.path.join('benchmarks', 'results')


def run_case(name: str, timeout: float) -> Dict[str, Any]:
    """Measures one network in a process of its own; what went wrong is part of the result."""
    with tempfile.TemporaryDirectory(prefix='zoo-') as folder:
        try:
            done = subprocess.run([sys.executable, '-m', 'benchmarks.zoo.case', name, folder], timeout=timeout,
                                  capture_output=True, text=True, check=False)
        except subprocess.TimeoutExpired:
            return {'name': name, 'error': 'not done after %d s' % timeout}
    try:
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
    except (ValueError, IndexError):
        lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith(' ')]
        lines = lines or ['exit code %d' % done.returncode]
        return {'name': name, 'error': lines[-1][:300]}


def read_results(path: str) -> Dict[str, Dict[str, Any]]:
    """Reads the lines of a results file, by name; the last one of a name counts."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as stream:
        return {result['name']: result for result in map(json.loads, stream)}


def run(names: List[str], path: str, timeout: float, version: str) -> bool:
    """Measures networks one after the other; returns whether all agreed."""
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    began, passed = time.time(), True
    for number, name in enumerate(names):
        start = time.time()
        result = {'tensorflow': version, **run_case(name, timeout)}
        results = {**read_results(path), name: result}
        with open(path + '.tmp', 'w', encoding='utf-8') as stream:
            stream.writelines(json.dumps(each) + '\n' for each in results.values())
        os.replace(path + '.tmp', path)
        passed = passed and verdict(result) == 'ok'
        left = (time.time() - began) / (number + 1) * (len(names) - number - 1)
        print('%d/%d %-24s %s  (%.0f s, about %.0f min left)' % (
            number + 1, len(names), name, describe(result), time.time() - start, left / 60), flush=True)
    return passed


def describe(result: Dict[str, Any]) -> str:
    """Says in a few words how a network went."""
    if 'error' in result:
        return 'FAILED: ' + result['error']
    numbers = '%d groups, %d of %d filters' % (result['groups'], result['filters_prunable'], result['filters'])
    return '%s, %s: difference %.1e, checkpoint and pb %.1e, spread %.2f' % (
        numbers, verdict(result), result['difference'], result['difference_frozen'], result['spread'])


def main(arguments: Optional[List[str]] = None) -> int:
    """Measures, keeps the results, writes the table; the exit code tells whether every network agreed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help='networks; default: all, of Keras with TensorFlow 2 those that 1.15 lacks')
    parser.add_argument('--json', metavar='FILE', help='where results are kept')
    parser.add_argument('--resume', action='store_true', help='leave out networks that have agreed already')
    parser.add_argument('--markdown', metavar='FILE', help='write the table of all results in that folder')
    parser.add_argument('--table-only', action='store_true', help='measure nothing')
    parser.add_argument('--timeout', type=float, default=1800, metavar='SECONDS', help='for each network')
    args = parser.parse_args(arguments)
    passed = args.table_only or measure(parser, args)
    if args.markdown:
        write_table(os.path.dirname(args.json) if args.json else RESULTS, args.markdown)
    return 0 if passed else 1


def measure(parser: argparse.ArgumentParser, args: argparse.Namespace) -> bool:
    """Measures what the arguments ask for; returns whether all agreed."""
    from benchmarks.zoo.models import model_networks
    from benchmarks.zoo.networks import default_names, networks
    from tf1pruning.tf1 import tf
    known = {**networks(), **model_networks()}
    unknown = [name for name in args.names if name not in known]
    if unknown:
        parser.error('TensorFlow %s has no %s; it has %s' % (tf.__version__, unknown[0], ', '.join(known)))
    path = args.json or os.path.join(RESULTS, 'zoo_%s.json' % tf.__version__.rsplit('.', 1)[0])
    done: Set[str] = set()
    if args.resume:
        done = {name for name, result in read_results(path).items() if verdict(result) == 'ok'}
    names = [name for name in args.names or default_names() if name not in done]
    return run(names, path, args.timeout, tf.__version__)


def write_table(folder: str, path: str) -> None:
    """Writes the page of all results in a folder."""
    found = [result for file in sorted(os.listdir(folder)) if file.startswith('zoo_') and file.endswith('.json')
             for result in read_results(os.path.join(folder, file)).values()]
    with open(path, 'w', encoding='utf-8') as stream:
        stream.write(markdown(found))


if __name__ == '__main__':
    sys.exit(main())
