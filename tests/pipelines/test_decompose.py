"""The stage that decomposes kernels."""

import os
from typing import Any

import pytest

from tests import builders, plain
from tf1pruning.errors import OptionError
from tf1pruning.pipelines import run_pipeline

from .test_pipelines import YAML, made, read

STAGE = '- {name: decompose, compression_factor: 0.6, cost: params}\n'
CHAIN = YAML.replace('- {name: fold}', STAGE + '- {name: fold}')


@pytest.fixture(autouse=True)
def network(tmp_path: Any, monkeypatch: Any) -> None:
    """A folder with a network."""
    (tmp_path / 'net').mkdir()
    builders.save_network('nested_se', tmp_path / 'net')
    monkeypatch.chdir(tmp_path)


def test_it_is_verified_beside_the_kernels_that_it_made() -> None:
    """Pruned, stripped, decomposed, folded, verified, shipped; run again, everything is there."""
    found = run_pipeline(read(CHAIN))
    assert made(found) == ['model', 'soft_prune', 'strip', 'decompose', 'fold', 'verify', 'export']
    assert 0.594 <= found[3].record['kept'] <= 0.6 + 1e-9
    assert found[5].record['relative'] < 1e-5
    feeds = plain.feeds_for({'image': builders.IMAGE})
    stripped = plain.run_checkpoint('out/02_strip/model', ['output'], feeds)[0]
    decomposed = plain.run_checkpoint('out/03_decompose/model', ['output'], feeds)[0]
    assert plain.relative(decomposed, plain.run_frozen('out/06_export/model.pb', ['output'], feeds)[0]) < 1e-5
    assert plain.relative(stripped, decomposed) > 1e-3
    assert os.path.isfile('out/03_decompose/rate_distortion.png')
    assert made(run_pipeline(read(CHAIN))) == []
    assert made(run_pipeline(read(CHAIN.replace('0.6', '0.7'))))[0] == 'decompose'


@pytest.mark.parametrize(('stage', 'message'), [
    ('method: fixed_loss', 'give data'), ('method: fixed_params', 'give compression_factor'),
    ('compression_factor: 2', 'must be above 0 and below 1'), ('compression_type: svd', 'svd'),
    ('compression_factor: 0.5, block_size: [4]', 'two numbers')])
def test_what_cannot_be(stage: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read(YAML.replace('- {name: fold}', '- {name: decompose, %s}\n- {name: fold}' % stage))
