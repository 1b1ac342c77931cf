"""The stage that sets weights to zero."""

from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tf1pruning.errors import NameNotFoundError, OptionError
from tf1pruning.model.load import load_model
from tf1pruning.pipelines import run_pipeline
from tf1pruning.weights import weight_tensors

from .test_pipelines import YAML, made, read

CHAIN = YAML.replace('- {name: fold}', '- {name: sparsify, sparsity: 0.5, exclude: [stem]}\n- {name: fold}')


@pytest.fixture(autouse=True)
def network(tmp_path: Any, monkeypatch: Any) -> None:
    """A folder with a network."""
    (tmp_path / 'net').mkdir()
    builders.save_network('nested_se', tmp_path / 'net')
    monkeypatch.chdir(tmp_path)


def test_it_is_verified_beside_what_it_made() -> None:
    """Pruned, stripped, sparse, folded, verified, shipped: the zeros stay, and so does what is computed."""
    found = run_pipeline(read(CHAIN))
    assert made(found) == ['model', 'soft_prune', 'strip', 'sparsify', 'fold', 'verify', 'export']
    record = found[3].record
    assert all(each['zeros'] == each['pruned'] for each in record['tensors'])
    assert record['zipped_bytes']['after'] < record['zipped_bytes']['before']
    feeds = plain.feeds_for({'image': builders.IMAGE})
    sparse = plain.run_checkpoint('out/03_sparsify/model', ['output'], feeds)[0]
    assert plain.relative(sparse, plain.run_frozen('out/06_export/model.pb', ['output'], feeds)[0]) < 1e-5
    assert plain.relative(plain.run_checkpoint('out/02_strip/model', ['output'], feeds)[0], sparse) > 1e-3
    assert made(run_pipeline(read(CHAIN))) == []


def test_after_folding_it_works_on_constants() -> None:
    """A frozen graph."""
    run_pipeline(read(CHAIN.replace('- {name: sparsify, sparsity: 0.5, exclude: [stem]}\n- {name: fold}',
                                    '- {name: fold}\n- {name: sparsify, structure: "2:4"}')))
    model = load_model('out/04_sparsify/model.pb', ['output'])
    kernels = [model.value(name) for name, tensor in weight_tensors(model).items()
               if tensor.operation == 'Conv2D' and tensor.shape[2] % 4 == 0]
    assert kernels
    assert all(np.count_nonzero(value.reshape(-1, 4, value.shape[3]), axis=1).max() <= 2 for value in kernels)


def test_levels_are_read_again_when_they_change() -> None:
    """A stage depends on the file."""
    text = CHAIN.replace('sparsity: 0.5, exclude: [stem]', 'levels: levels.yaml')
    with open('levels.yaml', 'w') as stream:
        stream.write('levels: {stem/kernel: 0.5}\n')
    assert 'sparsify' in made(run_pipeline(read(text)))
    assert made(run_pipeline(read(text))) == []
    with open('levels.yaml', 'w') as stream:
        stream.write('levels: {stem/kernel: 0.25}\n')
    found = run_pipeline(read(text))
    assert made(found) == ['sparsify', 'fold', 'verify', 'export']
    assert found[3].record['sparsity'] == 0.25


@pytest.mark.parametrize(('keys', 'message'), [
    ('sparsity: 1.5', r'sparsity 1.5 is not in \[0, 1\)'), ('structure: "4:2"', '4 of 2 cannot stay'),
    ('together: true', 'say how sparse'), ('sparsity: 0.5, levels: x.yaml', 'not by both'),
    ('levels: x.yaml, together: true', 'levels say how sparse every tensor becomes'),
    ('sparsity: 0.5, structures: block', 'unknown key .*closest: structure')])
def test_mistakes_are_found_when_the_file_is_read(keys: str, message: str) -> None:
    """With its line."""
    with pytest.raises(OptionError, match=message):
        read(CHAIN.replace('sparsity: 0.5, exclude: [stem]', keys))


def test_unknown_names_are_refused() -> None:
    """With the closest."""
    with pytest.raises(NameNotFoundError, match='closest: .*stem/kernel'):
        run_pipeline(read(CHAIN.replace('[stem]', '[stem/kernl]')))
