"""How long the surgery takes, beside what TensorFlow itself needs to import, restore and save the same checkpoint.

    python -m benchmarks.surgery [--rounds 7] [--json]

Times `get_pruning_params()` … `get_strip_ckpt()` on `benchmarks.pose_network`; the import of TensorFlow is left out.
Both are measured alternately in one process; the median is reported. Peak memory is measured in a process of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, List

from tf1pruning.latency.memory import peak_mb

STEPS = ('get_pruning_params', 'get_pruning_filters', 'get_pruning_ckpt', 'get_rebuild_graph', 'get_strip_params',
         'get_strip_ckpt')
_EARLIER_SECONDS = 56
"""What an earlier implementation of the same steps takes on 2 cores (stated with the task, not measured here)."""


def surgery(prefix: str, folder: str) -> Dict[str, float]:
    """Runs the steps; returns seconds of each."""
    from tf1pruning import Pruning
    seconds: Dict[str, float] = {}
    start = time.perf_counter()
    pruning = Pruning(prefix, output_dir=folder, output_nodes='output')
    pruning.set_threshold(0.55)
    seconds['constructor'] = time.perf_counter() - start
    for step in STEPS:
        start = time.perf_counter()
        getattr(pruning, step)()
        seconds[step] = time.perf_counter() - start
    return seconds


def tensorflow(prefix: str, folder: str) -> Dict[str, float]:
    """Imports, restores and saves with TensorFlow; returns seconds of each."""
    from tf1pruning.tf1 import tf
    seconds: Dict[str, float] = {}
    with tf.Graph().as_default() as graph:
        start = time.perf_counter()
        saver = tf.train.import_meta_graph(prefix + '.meta')
        seconds['import_meta_graph'] = time.perf_counter() - start
        with tf.Session(graph=graph) as session:
            for name, step in (('restore', lambda: saver.restore(session, prefix)),
                               ('save', lambda: saver.save(session, os.path.join(folder, 'again')))):
                start = time.perf_counter()
                step()
                seconds[name] = time.perf_counter() - start
    return seconds


def measure(rounds: int) -> Dict[str, Any]:
    """Measures both alternately."""
    from benchmarks.pose_network import save_pose_network
    from tf1pruning.model.checkpoint import load_checkpoint
    from tf1pruning.tf1 import quiet, tf
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        prefix = save_pose_network(folder)
        model = load_checkpoint(prefix)
        runs: Dict[str, List[Dict[str, float]]] = {'surgery': [], 'tensorflow': []}
        jobs: Dict[str, Callable[[str, str], Dict[str, float]]] = {'surgery': surgery, 'tensorflow': tensorflow}
        for number in range(rounds + 1):
            for name, job in jobs.items():
                target = os.path.join(folder, '%s_%d' % (name, number))
                os.mkdir(target)
                seconds = job(prefix, target)
                if number:  # the first round warms up
                    runs[name].append(seconds)
        medians = {name: _medians(each) for name, each in runs.items()}
        parameters = sum(model.value(name).size for name in model.variables)
        memory = _memory(prefix)
        return {'tensorflow_version': tf.__version__, 'nodes': len(model.graph.node),
                'variables': len(model.variables), 'values': parameters, 'rounds': rounds, 'seconds': medians,
                'ratio_to_tensorflow': medians['surgery']['total'] / medians['tensorflow']['total'],
                'earlier_implementation_seconds': _EARLIER_SECONDS, 'memory': memory}


def _medians(runs: List[Dict[str, float]]) -> Dict[str, float]:
    medians = {step: round(statistics.median(run[step] for run in runs), 4) for step in runs[0]}
    medians['total'] = round(statistics.median(sum(run.values()) for run in runs), 4)
    return medians


def _memory(prefix: str) -> Dict[str, float]:
    """Peak memory in MB of a fresh process: after importing TensorFlow, and after the surgery."""
    done = subprocess.run([sys.executable, '-m', 'benchmarks.surgery', '--memory-of', prefix], check=True,
                          stdout=subprocess.PIPE, text=True)
    measured = json.loads(done.stdout)
    measured['checkpoint_mb'] = round(os.path.getsize(prefix + '.data-00000-of-00001') / 1e6, 1)
    measured['allowed_mb'] = round(measured['after_import_mb'] + 2 * measured['checkpoint_mb'] + 100, 1)
    return dict(measured)


def _print_memory(prefix: str) -> None:
    import tf1pruning  # noqa: F401
    after_import = peak_mb()
    with tempfile.TemporaryDirectory() as folder:
        surgery(prefix, folder)
    print(json.dumps({'after_import_mb': round(after_import, 1), 'peak_mb': round(peak_mb(), 1)}))


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--memory-of', metavar='PREFIX', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.memory_of:
        _print_memory(args.memory_of)
        return
    result = measure(args.rounds)
    if args.json:
        print(json.dumps(result, indent=1))
        return
    print('TensorFlow {tensorflow_version}, {nodes:,} nodes, {variables} variables, {values:,} values; median of '
          '{rounds} rounds'.format(**result))
    for name, steps in result['seconds'].items():
        print(name)
        for step, seconds in steps.items():
            print('  %-20s %.3f s' % (step, seconds))
    print('surgery / TensorFlow: %.2f' % result['ratio_to_tensorflow'])
    print('peak memory {peak_mb} MB, {after_import_mb} MB of it after the import; allowed {allowed_mb} MB'.format(
        **result['memory']))


if __name__ == '__main__':
    main()
