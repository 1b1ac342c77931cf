"""The stage that writes a packed file."""

import os
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tf1pruning.pipelines import pack as pack_stage
from tf1pruning.pipelines import run_pipeline

from .test_pipelines import YAML, made, read

CHAIN = YAML.replace('- {name: fold}', '- {name: sparsify, sparsity: 0.9}\n- {name: pack}\n- {name: fold}\n'
                                       '- {name: pack}')


@pytest.fixture(autouse=True)
def network(tmp_path: Any, monkeypatch: Any) -> None:
    """A folder with a network."""
    (tmp_path / 'net').mkdir()
    builders.save_network('nested_se', tmp_path / 'net')
    monkeypatch.chdir(tmp_path)


def test_checkpoints_and_frozen_graphs() -> None:
    """Pruned, stripped, sparse, packed; folded, and packed again; what follows has the model as it was."""
    found = run_pipeline(read(CHAIN))
    assert made(found) == ['model', 'soft_prune', 'strip', 'sparsify', 'pack', 'fold', 'pack', 'verify', 'export']
    records = [each.record for each in found if each.name == 'pack']
    assert records[0]['packed']['total'] == os.path.getsize('out/04_pack/model.tfp')
    assert sum(each['total'] for each in records[0]['packed']['tensors']) < records[0]['packed']['float32_bytes']
    assert records[0]['difference']['relative'] == 0
    feeds = plain.feeds_for({'image': (2, 8, 8, 3)})
    sparse, packed = (plain.run_checkpoint(prefix, ['output'], feeds)[0]
                      for prefix in ('out/03_sparsify/model', 'out/04_pack/unpacked/model'))
    assert np.array_equal(sparse, packed)
    folded, packed = (plain.run_frozen(path, ['output'], feeds)[0]
                      for path in ('out/05_fold/model.pb', 'out/06_pack/unpacked/model.pb'))
    assert np.array_equal(folded, packed)
    assert not made(run_pipeline(read(CHAIN)))


def test_an_error_leaves_the_stage_undone(monkeypatch: Any) -> None:
    def fail(*arguments: Any) -> None:
        raise KeyboardInterrupt
    monkeypatch.setattr(pack_stage, 'verify', fail)
    with pytest.raises(KeyboardInterrupt):
        run_pipeline(read(CHAIN))
    assert sorted(os.listdir('out'))[-1] == '03_sparsify'
