"""Stripping a large checkpoint: time beside copying its bytes, memory beside its largest tensor.

    python -m benchmarks.streaming [--rounds 5] [--json]

VGG16 for images of 224×224 with random weights (553 MB), soft-pruned by half, is stripped: it is read and analysed, the
zeros are checked, the stripped checkpoint and the frozen graph are written and flushed to the disk (fsync). The import
of TensorFlow is left out of the times. Measured alternately, each in a process of its own:

- copy: the bytes of the data file to a new file, with fsync;
- analysis: read and analyse, no more; its peak memory is TensorFlow's own;
- strip: as above, without running the models;
- verified: the whole command, which also runs the soft-pruned model and both files that were written.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Dict, Iterable

from tf1pruning.latency.memory import peak_mb

DATA = '.data-00000-of-00001'
OUTPUT = 'output'
_CHUNK = 1 << 20


def save_vgg16(folder: str) -> str:
    """Writes VGG16 with random weights; returns the prefix."""
    import numpy as np

    from benchmarks.zoo.layers import conv, dense, image
    from tf1pruning.model.bundle_writer import write_tensors
    from tf1pruning.tf1 import tf
    prefix = os.path.join(folder, 'model.ckpt')
    with tf.Graph().as_default():
        x = image(224)
        for filters, layers in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(layers):
                x = conv(x, filters, 3, norm=False)
            x = tf.nn.max_pool2d(x, 2, 2, 'VALID')
        x = tf.reshape(x, [-1, 7 * 7 * 512])
        for units in (4096, 4096):
            x = dense(x, units, tf.nn.relu)
        tf.identity(dense(x, 1000), OUTPUT)
        tf.train.Saver().export_meta_graph(prefix + '.meta')
        random = np.random.RandomState(0)
        shapes = {each.op.name: each.shape.as_list() for each in tf.global_variables()}
    write_tensors(prefix, ((name, '', random.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape).astype(np.float32))
                           for name, shape in shapes.items()))
    return prefix


def build(prefix: str, folder: str) -> Dict[str, float]:
    """Writes VGG16 with half of every group set to zero, and the plan beside it; returns sizes in MB."""
    from tf1pruning.channels import analyse
    from tf1pruning.choice import choose
    from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
    from tf1pruning.passes.soft_prune import soft_prune
    from tf1pruning.passes.to_inference import to_inference
    from tf1pruning.ranking import Amount
    channels = analyse(to_inference(load_checkpoint(save_vgg16(folder), (OUTPUT,))))
    plan = choose(channels, channels.groups, Amount(ratio=0.5), 'random')
    plan.save(_plan_path(prefix))
    soft = soft_prune(channels.model, channels, plan)
    save_checkpoint(soft, os.path.dirname(prefix))
    sizes = [soft.weights.lazy(name).nbytes / 1e6 for name in soft.weights]
    return {'checkpoint_mb': sum(sizes), 'largest_tensor_mb': max(sizes)}


def _plan_path(prefix: str) -> str:
    return os.path.join(os.path.dirname(prefix), 'plan.json')


def copy(prefix: str, folder: str) -> None:
    """Copies the data file."""
    with open(prefix + DATA, 'rb') as source, open(os.path.join(folder, 'copy'), 'wb') as target:
        while True:
            piece = source.read(_CHUNK)
            if not piece:
                break
            target.write(piece)
    _flush([os.path.join(folder, 'copy')])


def analysis(prefix: str, folder: str) -> None:
    """Reads and analyses."""
    from tf1pruning import pipeline
    from tf1pruning.channels import analyse
    from tf1pruning.model.load import load_model
    analyse(pipeline.runnable_part(load_model(prefix, [OUTPUT])))


def strip(prefix: str, folder: str) -> None:
    """Strips and writes."""
    from tf1pruning import pipeline
    from tf1pruning.channels import analyse
    from tf1pruning.model.load import load_model
    from tf1pruning.passes.strip import strip
    from tf1pruning.plan import PruningPlan
    plan = PruningPlan.load(_plan_path(prefix))
    channels = analyse(pipeline.runnable_part(load_model(prefix, [OUTPUT])))
    pipeline.write_stripped(strip(channels.model, channels, plan), folder, plan)
    _flush_folder(folder)


def verified(prefix: str, folder: str) -> None:
    """Does what the command `strip` does."""
    from tf1pruning import pipeline
    from tf1pruning.model.load import load_model
    from tf1pruning.plan import PruningPlan
    plan = PruningPlan.load(_plan_path(prefix))
    pipeline.strip_only(load_model(prefix, [OUTPUT]), prefix, plan, os.path.join(folder, 'out'))
    _flush_folder(folder)


JOBS: Dict[str, Callable[[str, str], None]] = {'copy': copy, 'analysis': analysis, 'strip': strip, 'verified': verified}


def _flush_folder(folder: str) -> None:
    _flush(os.path.join(each, name) for each, _, names in os.walk(folder) for name in names)


def _flush(paths: Iterable[str]) -> None:
    for path in paths:
        with open(path, 'rb') as stream:
            os.fsync(stream.fileno())


def _run_job(name: str, prefix: str) -> None:
    """Runs one job and prints what it returns, seconds and peak memory."""
    from tf1pruning.tf1 import quiet, tf
    quiet()
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.dirname(prefix))) as folder:
        start = time.perf_counter()
        result: Dict[str, Any] = {**JOBS, 'build': build}[name](prefix, folder) or {}
        result['seconds'] = time.perf_counter() - start
    result['peak_mb'] = peak_mb()
    print(json.dumps(dict(result, version=tf.__version__)))


def _job(name: str, prefix: str) -> Dict[str, Any]:
    """Runs a job in a new process."""
    done = subprocess.run([sys.executable, '-m', 'benchmarks.streaming', '--job', name, prefix], check=True,
                          stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def measure(rounds: int) -> Dict[str, Any]:
    """Runs all jobs alternately; returns medians."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, 'soft', 'model.ckpt')
        os.mkdir(os.path.dirname(prefix))
        built = _job('build', prefix)
        runs = [{name: _job(name, prefix) for name in JOBS} for _ in range(rounds)]
    medians = {name: {key: statistics.median(run[name][key] for run in runs) for key in ('seconds', 'peak_mb')}
               for name in JOBS}
    for each in medians.values():
        each['times_copy'] = each['seconds'] / medians['copy']['seconds']
        each['largest_tensors'] = (each['peak_mb'] - medians['analysis']['peak_mb']) / built['largest_tensor_mb']
    return {'tensorflow_version': built['version'], 'rounds': rounds, 'checkpoint_mb': built['checkpoint_mb'],
            'largest_tensor_mb': built['largest_tensor_mb'], 'jobs': medians}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--job', nargs=2, metavar=('NAME', 'PREFIX'), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        _run_job(*args.job)
        return
    result = measure(args.rounds)
    if args.json:
        print(json.dumps(result, indent=1))
        return
    print('TensorFlow {tensorflow_version}, checkpoint of {checkpoint_mb:.0f} MB, largest tensor '
          '{largest_tensor_mb:.0f} MB; medians of {rounds} rounds'.format(**result))
    for name, each in result['jobs'].items():
        print('{:<9} {seconds:6.2f} s, {times_copy:5.2f} × copy; peak {peak_mb:5.0f} MB, TensorFlow\'s own '
              '{largest_tensors:+.2f} × the largest tensor'.format(name, **each))


if __name__ == '__main__':
    main()
