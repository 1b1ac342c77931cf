"""How long ResNet-50 takes to decompose: 53 convolutions and the classifier, one setting for all of them.

Half of the ranks and 1 % of the entries. The kernels' entries have heavy tails, as trained ones do (Student's t with 3
degrees of freedom).

Run: `python -m benchmarks.decomposition [--network ResNet50]`, which prints the seconds by size of kernel and in all.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from typing import Dict, List

import numpy as np

from benchmarks.zoo.making import build
from benchmarks.zoo.networks import keras_network
from tf1pruning.lowrank import decompose
from tf1pruning.model.load import load_model
from tf1pruning.passes.decompose import decompose as rewrite
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import quiet, tf, use_tf1_behavior
from tf1pruning.weights.linear_layers import linear_layers

DENSITY = 0.01


def measure(name: str) -> Dict[str, List[float]]:
    """Returns the seconds of every layer by the sizes of its kernel, and those of what is around them."""
    random = np.random.RandomState(0)
    seconds: Dict[str, List[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        built = build(keras_network(name), folder)
        model = to_inference(load_model(built.path, built.outputs, built.inputs))
        start = time.perf_counter()
        layers, _ = linear_layers(model)
        seconds['finding the layers'].append(time.perf_counter() - start)
        branches = {}
        for key, layer in layers.items():
            kernel = random.standard_t(3, layer.shape).astype(np.float32)
            ranks = tuple(max(1, size // 2) for size in layer.shape[2:])
            ranks = (min(ranks),) * 2 if layer.shape[:2] == (1, 1) else ranks
            start = time.perf_counter()
            branches[key] = decompose(kernel, (ranks[0], ranks[1]), DENSITY)
            seconds['×'.join(map(str, layer.shape))].append(time.perf_counter() - start)
        start = time.perf_counter()
        rewrite(model, layers, branches)
        seconds['the graph'].append(time.perf_counter() - start)
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
    print('in all %.1f s; %.1f s of processor time, making the network included' % (
        sum(map(sum, seconds.values())), time.process_time() - start))


if __name__ == '__main__':
    main()
