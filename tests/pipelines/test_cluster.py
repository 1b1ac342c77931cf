"""The stage that gives weights few values."""

import dataclasses
import os
import re
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tf1pruning.cli.run import _told
from tf1pruning.errors import OptionError
from tf1pruning.pipelines import run_pipeline

from .test_pipelines import YAML, made, read

CHAIN = YAML.replace('- {name: fold}', '- {name: sparsify, sparsity: 0.5}\n- {name: cluster, clusters: 4}\n'
                                       '- {name: verify}\n- {name: fold}')


@pytest.fixture(autouse=True)
def network(tmp_path: Any, monkeypatch: Any) -> None:
    """A folder with a network."""
    (tmp_path / 'net').mkdir()
    builders.save_network('nested_se', tmp_path / 'net')
    monkeypatch.chdir(tmp_path)


def test_it_is_verified_beside_what_it_made() -> None:
    """Pruned, stripped, sparse, clustered, folded, verified, shipped: what is shipped computes the same."""
    found = run_pipeline(read(CHAIN))
    assert made(found) == ['model', 'soft_prune', 'strip', 'sparsify', 'cluster', 'verify', 'fold', 'verify', 'export']
    values = plain.values_of('out/04_cluster/model')
    sparse = plain.values_of('out/03_sparsify/model')
    for record in found[4].record['tensors']:
        value = values[record['name']]
        assert np.unique(value).size <= 4
        assert not np.any(value[sparse[record['name']] == 0])
    feeds = plain.feeds_for({'image': builders.IMAGE})
    clustered = plain.run_checkpoint('out/04_cluster/model', ['output'], feeds)[0]
    assert plain.relative(clustered, plain.run_frozen('out/08_export/model.pb', ['output'], feeds)[0]) < 1e-5
    assert made(run_pipeline(read(CHAIN))) == []


def test_another_file_of_bits_makes_it_again(tmp_path: Any) -> None:
    """The file is part of what the stage's result depends on."""
    text = YAML.replace('- {name: fold}', '- {name: cluster, bits: bits.yaml}\n- {name: fold}')
    for bits in (1, 2):
        (tmp_path / 'bits.yaml').write_text('bits: {stem/kernel: %d}' % bits)
        assert 'cluster' in made(run_pipeline(read(text)))
        assert np.unique(plain.values_of('out/03_cluster/model')['stem/kernel']).size == 2 ** bits


@pytest.mark.parametrize(('keys', 'message'), [
    ('', 'one of clusters, bits'), (', clusters: 4, bits: b.yaml', 'one of clusters, bits'),
    (', clusters: 1', '2 to 1024'), (', clusters: 4, method: best', "no method named 'best'")])
def test_refused(keys: str, message: str) -> None:
    """Before anything runs."""
    with pytest.raises(OptionError, match=message):
        read(YAML.replace('- {name: fold}', '- {name: cluster%s}' % keys))


def test_the_example_has_every_key_of_its_stages(tmp_path: Any) -> None:
    """And takes the network the whole way, with what is told of it."""
    with open(os.path.join(os.path.dirname(__file__), '..', '..', 'configs', 'pipelines', 'compress.yaml')) as stream:
        text = stream.read()
    changes = {'model.ckpt ': 'net/model.ckpt ', '[logits]': '[output]', 'macs: 0.7': 'ratio: 0.5'}  # it is small
    own = text
    for there, here in changes.items():
        assert there in own
        own = own.replace(there, here)
    config = read(own)
    for stage in config.stages:
        if stage.name in ('sparsify', 'cluster', 'pack'):
            assert all(field.name + ':' in text for field in dataclasses.fields(stage))
    found = run_pipeline(config)
    assert [each.record['relative'] for each in found if each.name == 'verify'] == pytest.approx([0] * 3, abs=1e-5)
    told = _told(found[6].record)
    assert re.match(r'[\d,]+ weights, [\d,]+ → [\d,]+ values; zipped [\d,]+ → [\d,]+ bytes$', told)
