"""Torch-Pruning's side of `benchmarks.analysis`: a process that prunes the networks it is asked for and says how long.

    echo ResNet50 | python -m benchmarks.analysis.torch_side

It needs PyTorch (a CPU build is enough) and torch-pruning, nothing of TensorFlow. A line of JSON for every line read.
"""

import gc
import json
import sys
import time
from typing import Any, Dict


def measure(name: str) -> Dict[str, Any]:
    """Prunes half of the channels of a network, the outputs left alone.

    Args:
        name: one of `benchmarks.analysis.torch_networks.ARCHITECTURES`.

    Returns:
        Seconds of `build` (the dependency graph, by tracing one image) and `prune` (importance and removal, one
        step), and how many `parameters` there were and how many are `left`.
    """
    import torch
    import torch_pruning

    from benchmarks.analysis.torch_networks import ARCHITECTURES
    architecture = ARCHITECTURES[name]
    network = architecture.build().eval()
    image = torch.zeros(1, 3, architecture.size, architecture.size)
    parameters = _count(network)
    gc.collect()
    gc.freeze()
    start = time.process_time()
    pruner = torch_pruning.pruner.MagnitudePruner(
        network, image, importance=torch_pruning.importance.MagnitudeImportance(p=1), pruning_ratio=0.5,
        ignored_layers=[list(network.modules())[-1]])
    built = time.process_time()
    pruner.step()
    done = time.process_time()
    gc.unfreeze()
    return {'build': built - start, 'prune': done - built, 'parameters': parameters, 'left': _count(network)}


def _count(network: Any) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def main() -> None:
    """Says which versions are at hand, then answers."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever libraries print must not get between
    try:
        import torch
        import torch_pruning
    except ImportError as error:
        print(json.dumps({'error': str(error)}), file=answers, flush=True)
        return
    torch.set_num_threads(1)
    print(json.dumps({'torch': torch.__version__, 'torch_pruning': torch_pruning.__version__}), file=answers,
          flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(line.strip())), file=answers, flush=True)


if __name__ == '__main__':
    main()
