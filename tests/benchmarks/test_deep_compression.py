"""The benchmark of deep compression, on a few noisy images with a short training; and its tables."""

import gzip
import json
import os
import struct
from typing import Any

import numpy as np
import pytest

from benchmarks.deep_compression import __main__ as benchmark
from benchmarks.deep_compression import results, table
from benchmarks.deep_compression.recipes import RECIPES, TOGETHER, Phase

COUNT = 600


@pytest.fixture
def mnist(tmp_path: Any, monkeypatch: Any) -> str:
    """A folder with files like MNIST's: a bright row says which class it is."""
    random = np.random.RandomState(0)
    for stem in ('train', 't10k'):
        labels = random.randint(0, 10, COUNT).astype(np.uint8)
        images = random.randint(0, 60, (COUNT, 28, 28)).astype(np.uint8)
        images[np.arange(COUNT), 2 * labels + 3] = 255
        for name, array in (('images-idx3', images), ('labels-idx1', labels)):
            with gzip.open(str(tmp_path / ('%s-%s-ubyte.gz' % (stem, name))), 'wb') as stream:
                stream.write(bytes([0, 0, 8, array.ndim]) + struct.pack('>%dI' % array.ndim, *array.shape))
                stream.write(array.tobytes())
    monkeypatch.setattr(results, 'PATH', str(tmp_path / 'results.json'))
    short = RECIPES['lenet_300_100']._replace(dense=Phase(2, 1e-3, 0.0, 20), pruned=Phase(8, 1e-3, 1e-5, 20),
                                              shared=Phase(1, 1e-4, 0.0, 20), densities={TOGETHER: 0.1})
    monkeypatch.setitem(RECIPES, 'lenet_300_100', short)
    return str(tmp_path)


@pytest.mark.slow
def test_a_run(mnist: str, monkeypatch: Any) -> None:
    """Pruned to the density, few values, packed, unpacked the same; again, nothing is done."""
    words = ['deep_compression', '--data', mnist, '--output', os.path.join(mnist, 'out'), '--networks',
             'lenet_300_100', '--seeds', '0']
    monkeypatch.setattr('sys.argv', words)
    benchmark.main()
    row, = results.rows()
    assert row['errors']['unpacked'] == row['errors']['shared'] < 50
    assert row['density'] == pytest.approx(0.1, abs=1e-4)
    assert row['bytes'] == os.path.getsize(os.path.join(mnist, 'out', 'lenet_300_100_0', 'taught_by_0', 'model.tfp'))
    assert 4 * row['parameters'] / row['bytes'] > 30
    assert {each['codebook'] for each in row['tensors'] if each['name'] == 'LeNet/fc1/weights'} == {28}
    text = table.tables(results.rows())
    assert '| lenet_300_100 | 0 | 0 | %.2f |' % row['errors']['dense'] in text
    monkeypatch.setattr(benchmark, 'add', None)
    benchmark.main()
    assert len(results.rows()) == 1


def test_the_tables(tmp_path: Any, monkeypatch: Any) -> None:
    """Means, and what was reached or missed of the aims."""
    tensor = dict.fromkeys(('values', 'indices', 'codebook', 'tables', 'total'), 1000)
    rows = [{'network': name, 'seed': seed, 'errors': {'dense': 1.6, 'pruned': 1.5, 'shared': error, 'unpacked': error},
             'density': 0.05, 'teachers': [0], 'bytes': size, 'parameters': 25000, 'graph': 400, 'frame': 15,
             'tensorflow': '2.15.1', 'tensors': [dict(tensor, name='LeNet/fc1/weights')]}
            for name, seed, error, size in (('lenet_300_100', 1, 1.7, 1000), ('lenet_300_100', 0, 1.5, 1000),
                                            ('lenet_5', 0, 0.9, 2000))]
    monkeypatch.setattr(results, 'PATH', str(tmp_path / 'results.json'))
    with open(results.PATH, 'w') as stream:
        json.dump(rows, stream)
    text = table.tables(results.rows())
    assert '| lenet_300_100 | mean | | **1.60** | **1.50** | **1.60** | **1.60** | | | 1,000 | **100.0** |' in text
    assert 'error 1.60 % against 1.60 % dense (aim: not above it, and at most 1.64 %; reached)' in text
    assert '100.0 × against 64 × of Soft Weight-Sharing (reached)' in text
    assert 'at most 0.80 %; missed)' in text
    assert '50.0 × against 162 × of Soft Weight-Sharing (not at an error that counts)' in text
    assert '| LeNet/fc1/weights | 1,000 | 1,000 | 1,000 | 1,000 | 1,000 |' in text
