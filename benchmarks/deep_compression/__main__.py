"""Compresses LeNet-300-100 and LeNet-5 on MNIST: trained, pruned, weights shared, packed, all measured.

    python -m benchmarks.deep_compression --data DIR --output DIR [--networks lenet_300_100,lenet_5] [--seeds 0,1,2]

DIR with MNIST's four files. First the network is trained with every seed. While weights go, and while they share
values, each learns from the mean of all these dense networks' answers to the training images. Every stage is measured
on the test images after its last epoch. Interrupted and started again, it goes on with the stage that it was in. A line
for each run is kept in `benchmarks/results/deep_compression.json`; `python -m benchmarks.deep_compression.table` makes
the tables of them.
"""

import argparse
import os
import time
from typing import Any, Dict, List

import numpy as np

from tf1pruning.calibration.idx import read_idx
from tf1pruning.model.load import load_model
from tf1pruning.packing import opened, pack, unpack
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import quiet, use_tf1_behavior

from .recipes import RECIPES
from .results import add, has
from .stages import Examples, error_of, logits_of, pruning, run_stage, sharing


def run_dense(name: str, seed: int, train: Examples, test: Examples, folder: str) -> str:
    """Trains one network; returns its checkpoint."""
    dense = run_stage(RECIPES[name], RECIPES[name].dense, seed, os.path.join(folder, 'dense'), train)
    tell(name, seed, 'dense', error_of(dense, test))
    return dense


def run(name: str, seed: int, train: Examples, test: Examples, folder: str, dense: str,
        answers: np.ndarray) -> Dict[str, Any]:
    """Makes one network small; returns what was measured.

    Args:
        name: of its recipe.
        seed: of the order of the images.
        train: what it is trained on.
        test: what it is measured on.
        folder: for what is made.
        dense: checkpoint to begin with.
        answers: logits that it learns from, for all of `train`.
    """
    recipe = RECIPES[name]
    stages = [os.path.join(folder, stage) for stage in ('pruned', 'shared')]
    pruned = run_stage(recipe, recipe.pruned, seed, stages[0], train, dense, answers,
                       [pruning(recipe, len(train.labels))])
    tell(name, seed, 'pruned', error_of(pruned, test))
    shared = run_stage(recipe, recipe.shared, seed, stages[1], train, pruned, answers,
                       [sharing(recipe, pruned)])
    tell(name, seed, 'shared', error_of(shared, test))
    path = os.path.join(folder, 'model.tfp')
    model = to_inference(load_model(shared, ['logits']))
    packing = pack(model, path)
    unpacked = unpacked_from(path, os.path.join(folder, 'unpacked'))
    found = packing.as_json()
    kernels = [model.value(tensor['name']) for tensor in found['tensors'] if len(tensor['shape']) > 1]
    density = sum(np.count_nonzero(kernel) for kernel in kernels) / sum(kernel.size for kernel in kernels)
    return {'errors': {'dense': error_of(dense, test), 'pruned': error_of(pruned, test),
                       'shared': error_of(shared, test), 'unpacked': error_of(unpacked, test)},
            'density': round(float(density), 5), 'bytes': os.path.getsize(path), 'parameters': found['numbers'],
            'graph': found['graph'], 'frame': found['frame'], 'tensors': found['tensors']}


def unpacked_from(path: str, folder: str) -> str:
    """Unpacks a file; returns the checkpoint's prefix."""
    os.makedirs(folder, exist_ok=True)
    with opened(path) as packed:
        return unpack(packed, folder)


def tell(name: str, seed: int, stage: str, error: float) -> None:
    """Says how far it is."""
    print('%s, seed %d, %s: %.2f %% wrong' % (name, seed, stage, error), flush=True)


def load(folder: str, stem: str) -> Examples:
    """Reads images with their labels."""
    images, labels = (read_idx(os.path.join(folder, '%s-%s-idx%d-ubyte.gz' % (stem, what, axes)), axes)
                      for what, axes in (('images', 3), ('labels', 1)))
    return Examples(images[..., np.newaxis], labels.astype(np.int32))


def main() -> None:
    """Runs what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help="folder of MNIST's files")
    parser.add_argument('--output', required=True, help='folder for checkpoints; what is there is gone on with')
    parser.add_argument('--networks', default=','.join(RECIPES), help='which of %s' % ', '.join(RECIPES))
    parser.add_argument('--seeds', default='0,1,2')
    arguments = parser.parse_args()
    quiet()
    use_tf1_behavior()
    train, test = load(arguments.data, 'train'), load(arguments.data, 't10k')
    for name in arguments.networks.split(','):
        run_network(name, [int(seed) for seed in arguments.seeds.split(',')], train, test, arguments.output)


def run_network(name: str, seeds: List[int], train: Examples, test: Examples, output: str) -> None:
    """Trains a network with every seed; then makes each small, with the mean of all their answers as its teacher."""
    folders = {seed: os.path.join(output, '%s_%d' % (name, seed)) for seed in seeds}
    dense = {seed: run_dense(name, seed, train, test, folder) for seed, folder in folders.items()}
    answers = sum(logits_of(checkpoint, train.images) for checkpoint in dense.values()) / len(dense)
    for seed, folder in folders.items():
        if not has(name, seed, seeds):
            began = time.time()
            taught = os.path.join(folder, 'taught_by_' + '_'.join(map(str, seeds)))
            found = run(name, seed, train, test, taught, dense[seed], np.asarray(answers))
            add(network=name, seed=seed, teachers=seeds, seconds=round(time.time() - began), **found)
            print('%s, seed %d: %d bytes, %.1f times smaller' % (
                name, seed, found['bytes'], 4 * found['parameters'] / found['bytes']), flush=True)


if __name__ == '__main__':
    main()
