"""Meta graphs without a checkpoint."""

import os
import shutil
from typing import Any

import pytest

from tests import builders
from tf1pruning.errors import ModelError
from tf1pruning.model.graph_only import find_meta_only, load_graph_only
from tf1pruning.model.load import load_model


def _meta(tmp_path: Any) -> str:
    saved = builders.save_network('dense_se', tmp_path / 'whole')
    os.makedirs(str(tmp_path / 'alone'))
    return shutil.copy(saved.prefix + '.meta', str(tmp_path / 'alone' / 'net.meta'))


def test_a_meta_alone_is_found(tmp_path: Any) -> None:
    """By its own name, by its prefix and by its folder; not where its checkpoint is there."""
    path = _meta(tmp_path)
    for name in (path, path[:-len('.meta')], os.path.dirname(path)):
        assert find_meta_only(name) == path
    assert find_meta_only(str(tmp_path / 'whole')) == ''
    assert find_meta_only(str(tmp_path / 'nothing')) == ''
    shutil.copy(path, os.path.join(os.path.dirname(path), 'second.meta'))
    assert find_meta_only(os.path.dirname(path)) == ''


def test_the_variables_are_there(tmp_path: Any) -> None:
    """With shapes but without memory."""
    path = _meta(tmp_path)
    model = load_graph_only(path, ['output'])
    assert model.name == 'net'
    assert set(model.weights) == set(model.variables)
    for name, variable in model.variables.items():
        value = model.weights[name]
        assert value.shape == variable.shape
        assert not any(value.strides)


def test_only_for_looking(tmp_path: Any) -> None:
    """What is to be changed needs its checkpoint."""
    path = _meta(tmp_path)
    assert load_model(path, look_only=True).variables
    with pytest.raises(ModelError, match='no checkpoint'):
        load_model(path)
