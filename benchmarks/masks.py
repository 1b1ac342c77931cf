"""How long masks by magnitude take, for each structure, on one matrix of normal numbers.

Run: `python -m benchmarks.masks [--side=5000]`, which prints JSON: seconds, the fastest of three.
"""

import json
import time
from typing import List

import numpy as np
from absl import app, flags

from tf1pruning.sparsity import mask_of, parse_structure
from tf1pruning.weights import WeightTensor

FLAGS = flags.FLAGS
STRUCTURES = ('unstructured', 'filter', 'channel', 'block:4,4', '2:4')


def main(arguments: List[str]) -> None:
    """Measures and prints JSON."""
    weights = np.random.RandomState(0).normal(size=(FLAGS.side, FLAGS.side)).astype(np.float32)
    tensor = WeightTensor('weights', weights.shape, 'MatMul', 0, 1, ())
    found = {}
    for text in STRUCTURES:
        sparsity = None if parse_structure(text).own_sparsity is not None else FLAGS.sparsity
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            mask_of(weights, text, sparsity, tensor)
            seconds.append(time.perf_counter() - began)
        found[text] = round(min(seconds), 3)
    print(json.dumps({'weights': weights.size, 'sparsity': FLAGS.sparsity, 'seconds': found}))


if __name__ == '__main__':
    flags.DEFINE_integer('side', 5000, 'Rows and columns.')
    flags.DEFINE_float('sparsity', 0.8, 'Of the structures that have none by themselves.')
    app.run(main)
