"""Runs that several modules look at; not to be changed."""

import os
from typing import Any

import pytest

from tests.report import runs


@pytest.fixture(scope='session')
def pruned(tmp_path_factory: Any) -> str:
    return runs.pruned(str(tmp_path_factory.mktemp('pruned')))


@pytest.fixture(scope='session')
def looped(tmp_path_factory: Any) -> str:
    """With certificate and benchmark."""
    folder = runs.looped(str(tmp_path_factory.mktemp('looped')))
    runs.write_json(os.path.join(folder, 'certificate.json'), runs.certificate())
    runs.write_json(os.path.join(folder, 'benchmark.json'), runs.benchmark('block_1/expand/Conv2D'))
    return folder
