"""How long ResNet-50 takes to decompose: 53 convolutions and the classifier, one setting for all of them.

Half of the ranks and 1 % of the entries. The kernels' entries have heavy tails, as trained ones do (Student's t with 3
degrees of freedom).

Run: `python -m benchmarks.decomposition [--network ResNet50]`, which prints the seconds by size of kernel and in all.
"""

import argparse
import time
from collections import defaultdict
from typing import Dict, List, Tuple

import numpy as np

from benchmarks.zoo.networks import keras_network
from tf1pruning.lowrank import decompose
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior

DENSITY = 0.01


def shapes(name: str) -> List[Tuple[int, ...]]:
    """Returns the shapes of the kernels of convolutions and matrix products, `[kh, kw, Cin, Cout]`."""
    build = keras_network(name).build
    assert build is not None
    with tf.Graph().as_default():
        build()
        found = [tuple(each.shape.as_list()) for each in tf.trainable_variables() if 'depthwise' not in each.op.name]
    return [(1, 1, *each) if len(each) == 2 else each for each in found if len(each) in (2, 4)]


def measure(name: str) -> Dict[str, List[float]]:
    """Returns the seconds of every kernel by its sizes."""
    random = np.random.RandomState(0)
    seconds: Dict[str, List[float]] = defaultdict(list)
    for shape in shapes(name):
        kernel = random.standard_t(3, shape).astype(np.float32)
        ranks = tuple(max(1, size // 2) for size in shape[2:])
        ranks = (min(ranks),) * 2 if shape[:2] == (1, 1) else ranks
        start = time.perf_counter()
        decompose(kernel, (ranks[0], ranks[1]), DENSITY)
        seconds['×'.join(map(str, shape))].append(time.perf_counter() - start)
    return seconds


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument('--network', default='ResNet50')
    args = parser.parse_args()
    quiet()
    use_tf1_behavior()
    start = time.process_time()
    seconds = measure(args.network)
    print('TensorFlow %s, NumPy %s, %s' % (tf.__version__, np.__version__, args.network))
    for name, each in seconds.items():
        print('%-20s %3d × %8.3f s' % (name, len(each), sum(each) / len(each)))
    print('in all %.1f s; %.1f s of processor time, making the kernels included' % (
        sum(map(sum, seconds.values())), time.process_time() - start))


if __name__ == '__main__':
    main()
