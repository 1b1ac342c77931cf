"""How long it takes to find out what can be pruned and to prune half of it, beside Torch-Pruning.

    python -m benchmarks.analysis --torch-python ~/torch/bin/python

From the parsed GraphDef, with the weights in memory, to the sliced arrays: static shapes, analysis, choice, soft-prune,
strip (with its own check of all shapes). Torch-Pruning's side: dependency graph and pruning of the same architectures
in PyTorch. Both on one core, in turns, medians of the processes' own seconds; then our side alone on more networks.
"""

import argparse
import contextlib
import json
import os
import platform
import statistics
import sys
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence

from benchmarks.analysis.case import chain_case, counts, keras_case, measure
from benchmarks.analysis.peer import TorchPruning
from benchmarks.analysis.table import FORMS, PARTS, STAGES, markdown, plain
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior

EXAMPLES = """examples:
  python -m benchmarks.analysis                                 both sides; ours, where Torch-Pruning is missing
  python -m benchmarks.analysis --torch-python PATH             Torch-Pruning with another interpreter
  python -m benchmarks.analysis --torch-python PATH --markdown  the tables of docs/performance.md
  python -m benchmarks.analysis --networks ResNet50 --chains    one network
  python -m benchmarks.analysis --quick                         two small networks of ours, a few seconds
"""
COMPARED = ('MobileNetV2', 'ResNet50', 'DenseNet121', 'InceptionV3')
NETWORKS = ('MobileNet', 'MobileNetV2', 'ResNet50', 'DenseNet121', 'DenseNet201', 'InceptionV3', 'InceptionResNetV2',
            'NASNetMobile', 'NASNetLarge')
CHAINS = (50, 100, 200, 490)
"""Blocks of the synthetic networks; about 102 nodes each."""

Seconds = Dict[str, float]


class Job(NamedTuple):
    """What to measure.

    Attributes:
        networks: of `tf.keras.applications`.
        chains: numbers of blocks of synthetic networks.
        rounds: how often.
    """

    networks: List[str]
    chains: List[int]
    rounds: int


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keeps this process, and those that it starts, on one core and to one thread."""
    for library in ('OMP', 'OPENBLAS', 'MKL'):
        os.environ[library + '_NUM_THREADS'] = '1'
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run(job: Job, torch_python: Optional[str]) -> Dict[str, Any]:
    """Measures our side, and beside it Torch-Pruning, if there is an interpreter that has it."""
    quiet()
    use_tf1_behavior()
    result: Dict[str, Any] = {
        'tensorflow': tf.__version__, 'python': platform.python_version(), 'cores': os.cpu_count(),
        'rounds': job.rounds, 'load_before': round(os.getloadavg()[0], 2), 'torch': {}, 'problem': '', 'networks': []}
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(TorchPruning(torch_python)) if torch_python else None
        if peer is not None:
            result.update(torch=peer.versions, problem=peer.problem)
        for name in [*job.networks, *job.chains]:
            print('%s …' % _title(name), file=sys.stderr, flush=True)
            other = peer if peer is not None and peer.versions and name in COMPARED else None
            result['networks'].append(_measure(name, job.rounds, other))
    return dict(result, load_after=round(os.getloadavg()[0], 2))


def _title(name: Any) -> str:
    return 'chain of %d blocks' % name if isinstance(name, int) else str(name)


def _measure(name: Any, rounds: int, peer: Optional[TorchPruning]) -> Dict[str, Any]:
    """Measures one network, in turns; the first turn warms up."""
    case = chain_case(name) if isinstance(name, int) else keras_case(name)
    ours: Dict[str, List[Seconds]] = {form: [] for form in FORMS}
    theirs: List[Seconds] = []
    for _ in range(rounds + 1):
        ours['at_once'].append(measure(case.alone, soft=False))
        theirs.extend([peer.measure(name)] if peer is not None else [])
        ours['softly'].append(measure(case.alone, soft=True))
        ours['whole'].append(measure(case.model, soft=True))
    found = dict(counts(case), name=_title(name), **{form: _medians(runs[1:], STAGES) for form, runs in ours.items()})
    if theirs:
        found['torch'] = _medians(theirs[1:], PARTS)
        found['ratios'] = {form: _ratio(theirs[1:], runs[1:]) for form, runs in ours.items()}
    return found


def _sum(seconds: Seconds, stages: Sequence[str]) -> float:
    return sum(seconds[stage] for stage in stages)


def _medians(runs: Sequence[Seconds], stages: Sequence[str]) -> Seconds:
    medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return dict(medians, total=statistics.median(_sum(run, stages) for run in runs))


def _ratio(theirs: Sequence[Seconds], ours: Sequence[Seconds]) -> float:
    """Returns how many times as long the others need: neighbours in time are compared, so that the load cancels."""
    return statistics.median(_sum(other, PARTS) / _sum(own, STAGES) for other, own in zip(theirs, ours))


def main(arguments: Optional[List[str]] = None) -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--networks', nargs='*', default=list(NETWORKS), metavar='NAME',
                        help='of tf.keras.applications; beside Torch-Pruning: ' + ', '.join(COMPARED))
    parser.add_argument('--chains', nargs='*', type=int, default=list(CHAINS), metavar='BLOCKS',
                        help='synthetic networks of so many blocks, about 102 nodes each')
    parser.add_argument('--rounds', type=int, default=9, help='how often each is measured (default 9)')
    parser.add_argument('--torch-python', metavar='PATH', default=sys.executable,
                        help='an interpreter that has PyTorch and torch-pruning; default: this one')
    parser.add_argument('--quick', action='store_true', help='two small networks of ours, three rounds')
    form = parser.add_mutually_exclusive_group()
    form.add_argument('--markdown', action='store_true', help='print the tables for docs/performance.md')
    form.add_argument('--json', action='store_true', help='print everything that was measured')
    args = parser.parse_args(arguments)
    unknown = [name for name in args.networks if not hasattr(tf.keras.applications, name)]
    if unknown or args.rounds < 1 or min(args.chains, default=1) < 1:
        parser.error('TensorFlow %s has no network %s' % (tf.__version__, unknown[0]) if unknown
                     else 'rounds and blocks are positive numbers')
    job = Job(['MobileNet'], [5], 3) if args.quick else Job(args.networks, args.chains, args.rounds)
    with one_core():
        result = run(job, None if args.quick else args.torch_python)
    print(json.dumps(result, indent=1) if args.json else markdown(result) if args.markdown else plain(result))


if __name__ == '__main__':
    main()
