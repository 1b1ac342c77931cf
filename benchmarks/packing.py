"""Packs and unpacks weights of four kinds, beside zip and xz, and prints a table.

    python -m benchmarks.packing [--megabytes 64] [--repeats 3]

The weights are those of one large matrix: random numbers as training leaves them; a tenth of them; 32 shared values of
all; 32 shared values of a tenth. Speeds are MB of float32 weights per second of this process's own time on one core,
the best of the repeats: packing with its verification, files written and read. `zip` is DEFLATE at its default
level, `xz` LZMA at preset 6, both on the bytes of the tensor in memory, without any files.
"""

import argparse
import functools
import lzma
import os
import tempfile
import time
import zlib
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from tf1pruning.model.model import Model, Weights
from tf1pruning.model.values import Held
from tf1pruning.packing import opened, pack, unpack
from tf1pruning.report.table import format_table
from tf1pruning.tf1 import quiet, tf

COLUMNS = 1024


def weights_of(kind: str, count: int) -> np.ndarray:
    """Returns float32 weights `[rows, 1024]`."""
    random = np.random.RandomState(0)
    dense = random.normal(0, 0.05, count).astype(np.float32)
    if 'shared' in kind:
        dense = np.round(dense / 0.012).clip(-16, 15).astype(np.float32) * np.float32(0.012) + np.float32(0)
    if 'pruned' in kind:
        dense = np.where(random.uniform(size=count) < 0.1, dense, np.float32(0))
    return dense.reshape(-1, COLUMNS)


def model_of(weights: np.ndarray) -> Model:
    """Returns a model that multiplies its input with the weights."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, weights.shape[0]], 'x')
        tf.matmul(x, tf.get_variable('w', weights.shape, tf.float32, use_resource=False), name='y')
        meta = tf.MetaGraphDef(graph_def=graph.as_graph_def())
    return Model('model', meta, Weights(lambda name: Held(weights), ['w']), ['y'])


def best(action: Callable[[], Any], repeats: int) -> Tuple[float, Any]:
    """Returns the shortest time in seconds, and the last result."""
    seconds: List[float] = []
    result = None
    for _ in range(repeats):
        began = time.process_time()
        result = action()
        seconds.append(time.process_time() - began)
    return min(seconds), result


def packed_and_unpacked(model: Model, folder: str, repeats: int) -> Tuple[int, float, float]:
    """Returns the bytes of the file, and the seconds of packing and of unpacking."""
    path, back = os.path.join(folder, 'model.tfp'), os.path.join(folder, 'back')
    os.makedirs(back, exist_ok=True)

    def unpack_it() -> None:
        with opened(path) as packed:
            unpack(packed, back)
    packing = best(lambda: pack(model, path), repeats)
    return os.path.getsize(path), packing[0], best(unpack_it, repeats)[0]


def row(kind: str, megabytes: int, repeats: int, folder: str) -> List[str]:
    """Measures one kind of weights."""
    weights = weights_of(kind, megabytes * 250000 // COLUMNS * COLUMNS)
    size, packing, unpacking = packed_and_unpacked(model_of(weights), folder, repeats)
    others: Dict[str, Tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
        'zip': (zlib.compress, zlib.decompress), 'xz': (functools.partial(lzma.compress, preset=6), lzma.decompress)}
    content, million = weights.tobytes(), weights.nbytes / 1e6
    cells = ['%.2f' % (weights.nbytes / size), '%.0f' % (million / packing), '%.0f' % (million / unpacking)]
    for compress, decompress in others.values():
        there, made = best(functools.partial(compress, content), 1)
        back, _ = best(functools.partial(decompress, made), 1)
        cells += ['%.2f' % (weights.nbytes / len(made)), '%.0f' % (million / there), '%.0f' % (million / back)]
    return [kind, *cells]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--megabytes', type=int, default=64, help='of float32 weights (default: %(default)s)')
    parser.add_argument('--repeats', type=int, default=3)
    arguments = parser.parse_args()
    quiet()
    header = ['weights', *('%s %s' % (name, what) for name in ('pack', 'zip', 'xz')
                           for what in ('× smaller', 'MB/s', 'MB/s back'))]
    with tempfile.TemporaryDirectory() as folder:
        print(format_table(header, [row(kind, arguments.megabytes, arguments.repeats, folder) for kind in (
            'dense', 'pruned', 'shared', 'pruned and shared')]))


if __name__ == '__main__':
    main()
