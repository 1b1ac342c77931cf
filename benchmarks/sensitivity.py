"""The sensitivity analysis beside doing without it: a checkpoint restored, or rewritten and restored, for every trial.

For each weight tensor in turn: all levels as `tf1pruning sensitivity` measures them, then some of the levels in the two
other ways, everything on one thread. *restored*: a new graph and session, the original checkpoint restored, the tensor
assigned, the examples in memory evaluated. *rewritten*: the pruned checkpoint is saved first, and the examples are read
from their file again, as a training program's evaluation does. All figures must be the same. Times are those of the
processor, so that what else it does counts little.

Run: `python -m benchmarks.sensitivity MODEL --outputs logits --data IMAGES [--count 2000] [--probes 1]`; prints JSON.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from typing import Dict, List, Sequence

import numpy as np

from tf1pruning.cli import labelled_options, options
from tf1pruning.evaluation import Labelled, Measured
from tf1pruning.evaluation.measured import judged
from tf1pruning.model.load import model_path
from tf1pruning.pipeline import runnable_part
from tf1pruning.sensitivity.analysis import THREADS, Alone
from tf1pruning.sensitivity.kinds import Kind, LevelKind
from tf1pruning.tf1 import quiet, tf

CONFIG = tf.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
TOLERANCE = 1e-5
"""Largest relative difference of losses that counts as the same figure."""


def main() -> None:
    """Measures and prints JSON."""
    quiet()
    args = parse()
    kind = LevelKind(runnable_part(options.read_model(args)))
    labelled = labelled_options.read_labelled(args, kind.model)
    levels = [float(level) for level in args.levels.split(',')]
    probes = levels[len(levels) // 2:][:args.probes]
    seconds: Dict[str, List[float]] = {'sensitivity': [], 'restored': [], 'rewritten': []}
    worst = 0.0
    begun = time.process_time()
    with Alone(kind, labelled, args.batch) as here:
        ready = time.process_time() - begun
        for name in kind.sizes:
            begun = time.process_time()
            measured = dict(zip(levels, here.one(name, levels)))
            seconds['sensitivity'] += [(time.process_time() - begun) / len(levels)] * len(levels)
            for level in probes:
                for way, rewrite in (('restored', False), ('rewritten', True)):
                    begun = time.process_time()
                    found = plain_trial(args, kind, labelled, name, level, rewrite)
                    seconds[way].append(time.process_time() - begun)
                    worst = max(worst, difference(found, measured[level]))
    means = {way: float(np.mean(times)) for way, times in seconds.items()}
    print(json.dumps({
        'tensorflow': tf.__version__, 'examples': labelled.size, 'parameters': len(kind.sizes), 'levels': len(levels),
        'seconds_to_make_ready': round(ready, 3),
        'seconds_per_trial': {way: round(mean, 4) for way, mean in means.items()},
        'times_faster': {way: round(means[way] / means['sensitivity'], 2) for way in ('restored', 'rewritten')},
        'largest_relative_difference': worst, 'same_figures': worst <= TOLERANCE}, indent=1))


def parse() -> argparse.Namespace:
    """Understands the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_model(parser)
    options.add_graph_options(parser)
    labelled_options.add_labelled(parser)
    parser.add_argument('--levels', default='0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9', help='sparsities')
    parser.add_argument('--probes', type=int, default=1, help='how many of them are measured in the other ways')
    return parser.parse_args()


def plain_trial(args: argparse.Namespace, kind: Kind, labelled: Labelled, name: str, level: float,
                rewrite: bool) -> Measured:
    """Measures one pruned tensor by restoring a checkpoint."""
    prefix, value = model_path(args.model), kind.changed({name: level})[name]
    if not rewrite:
        return evaluate(prefix, {name: value}, args.outputs, labelled, args.batch)
    folder = tempfile.mkdtemp()
    try:
        pruned = os.path.join(folder, 'model.ckpt')
        with tf.Graph().as_default(), tf.Session(config=CONFIG) as session:
            saver = tf.train.import_meta_graph(prefix + '.meta', clear_devices=True)
            saver.restore(session, prefix)
            load(session, name, value)
            saver.save(session, pruned)
        return evaluate(pruned, {}, args.outputs, labelled_options.read_labelled(args, kind.model), args.batch)
    finally:
        shutil.rmtree(folder)


def load(session: tf.Session, name: str, value: np.ndarray) -> None:
    """Gives a variable a value."""
    variable = next(each for each in tf.global_variables() if each.op.name == name)
    session.run(variable.initializer, {variable.initializer.inputs[1]: value})


def evaluate(prefix: str, changed: Dict[str, np.ndarray], output: str, labelled: Labelled, batch: int) -> Measured:
    """Restores a checkpoint into a new session, changes variables, and evaluates logits."""
    sums: List[Sequence[float]] = []
    with tf.Graph().as_default() as graph, tf.Session(config=CONFIG) as session:
        tf.train.import_meta_graph(prefix + '.meta', clear_devices=True).restore(session, prefix)
        for name, value in changed.items():
            load(session, name, value)
        tensor = graph.get_tensor_by_name(output if ':' in output else output + ':0')
        for start in range(0, labelled.size, batch):
            part = labelled.taken(slice(start, start + batch))
            correct, losses = judged(session.run(tensor, part.inputs), part.labels, 'logits')
            sums.append((correct.sum(), losses.sum()))
    accuracy, loss = np.sum(sums, axis=0) / labelled.size
    return Measured(float(accuracy), float(loss))


def difference(first: Measured, second: Measured) -> float:
    """Returns how far two results are apart; infinitely where the accuracy is another one."""
    return abs(first.loss - second.loss) / second.loss if first.accuracy == second.accuracy else float('inf')


if __name__ == '__main__':
    main()
