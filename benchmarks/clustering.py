"""How long each way of finding shared values takes, and how near to the weights they are, side by side.

    python -m benchmarks.clustering [--clusters 32] [--model PREFIX --outputs logits] [--json]

Without a model, the tensors of a ResNet-50 (25.5 million weights in 54 tensors), drawn from Student's t distribution of
five degrees of freedom, which has tails as trained weights have. All methods are run on one tensor before the next, in
one process; the seconds are those of the processor (it is one thread), summed over all tensors. The distortion of a
method is divided by that of `exact`, tensor by tensor; the bound is how much larger than the least possible the
distortion of `exact` itself may be at most.
"""

import argparse
import json
import time
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

from tf1pruning.clustering import METHODS, shared_values
from tf1pruning.report.table import format_table

STAGES = ((64, 3), (128, 4), (256, 6), (512, 3))
"""Channels inside the bottlenecks, and how many of these, of a ResNet-50 (He et al., CVPR 2016)."""


def resnet_50() -> List[Tuple[int, ...]]:
    """Returns the shapes of its kernels."""
    shapes: List[Tuple[int, ...]] = [(7, 7, 3, 64)]
    incoming = 64
    for channels, count in STAGES:
        shapes.append((1, 1, incoming, 4 * channels))  # the shortcut
        for _ in range(count):
            shapes += [(1, 1, incoming, channels), (3, 3, channels, channels), (1, 1, channels, 4 * channels)]
            incoming = 4 * channels
    return [*shapes, (incoming, 1000)]


def drawn() -> Iterator[Tuple[str, np.ndarray]]:
    """Yields tensors of these shapes."""
    random = np.random.RandomState(0)
    for number, shape in enumerate(resnet_50()):
        scale = (2 / np.prod(shape[:-1])) ** 0.5
        yield 'tensor_%d' % number, (random.standard_t(5, shape) * scale).astype(np.float32)


def of_model(path: str, outputs: str) -> Iterator[Tuple[str, np.ndarray]]:
    """Yields the weight tensors of a model."""
    from tf1pruning.model.load import load_model
    from tf1pruning.weights import weight_tensors
    model = load_model(path, outputs.split(','))
    for name in weight_tensors(model):
        yield name, model.value(name)


def measure(tensors: Iterator[Tuple[str, np.ndarray]], clusters: int) -> Dict[str, Any]:
    """Runs every method on every tensor."""
    seconds, ratios = dict.fromkeys(METHODS, 0.0), {method: [] for method in METHODS}  # type: Any
    values: Dict[str, List[int]] = {method: [] for method in METHODS}
    weights, count, excess = 0, 0, [0.0]
    for _, tensor in tensors:
        distortions = {}
        for method in METHODS:
            start = time.process_time()
            found = shared_values(tensor, clusters, method)
            seconds[method] += time.process_time() - start
            distortions[method] = found.distortion(tensor)
            values[method].append(found.codebook.size)
            if method == 'exact':
                excess.append(found.excess or 0.0)
        for method, distortion in distortions.items():
            ratios[method].append(distortion / distortions['exact'])
        weights, count = weights + tensor.size, count + 1
    return {'weights': weights, 'tensors': count, 'clusters': clusters, 'largest_excess': max(excess), 'methods': {
        method: {'seconds': round(seconds[method], 2), 'median': float(np.median(ratios[method])),
                 'largest': float(max(ratios[method])), 'fewest_values': min(values[method])} for method in METHODS}}


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--clusters', type=int, default=32)
    parser.add_argument('--model', help='a checkpoint, in place of the tensors of a ResNet-50')
    parser.add_argument('--outputs', default='', help='its outputs')
    parser.add_argument('--json', action='store_true')
    args = parser.parse_args()
    found = measure(of_model(args.model, args.outputs) if args.model else drawn(), args.clusters)
    if args.json:
        print(json.dumps(found, indent=1))
        return
    print('%s weights in %d tensors, %d values each; exact is at most %.2f %% above the least distortion' % (
        f"{found['weights']:,}", found['tensors'], found['clusters'], 100 * found['largest_excess']))
    print(format_table(['method', 'seconds', 'distortion / exact: median', 'largest', 'fewest values'], [
        [method, '%.2f' % each['seconds'], '%.4f' % each['median'], '%.4f' % each['largest'], each['fewest_values']]
        for method, each in found['methods'].items()]))


if __name__ == '__main__':
    main()
