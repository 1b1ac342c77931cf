"""SIGKILL at every change on disk: what is there is the old result or the new one, and the same command succeeds."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.reliability.scenarios import SCENARIOS, make_models

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACES = {'export': 7, 'soft-prune': 15, 'strip': 20, 'prune': 40, 'prune-first': 40, 'class': 60, 'loop': 60}
"""At least so many changes on disk there are."""


@pytest.fixture
def folder(tmp_path: Any, monkeypatch: Any) -> str:
    """Holds the models."""
    monkeypatch.chdir(tmp_path)
    make_models()
    return str(tmp_path)


def _kill(name: str, folder: str, every: int) -> None:
    environment = dict(os.environ, PYTHONPATH=ROOT, PYTHONWARNINGS='ignore')
    process = subprocess.run([sys.executable, '-m', 'tests.reliability.killed', name, folder, str(every)], cwd=ROOT,
                             env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800)
    said = process.stdout.decode('utf-8', 'replace')
    assert process.returncode == 0, said[-3000:]
    assert int(said.split('killed in ')[1].split()[0]) >= PLACES[name] - every


def test_a_single_file(folder: str) -> None:
    _kill('export', folder, 4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize('name', sorted(SCENARIOS))
def test_everything_that_writes(folder: str, name: str) -> None:
    """Every seventh change; `python -m tests.reliability.killed` takes all."""
    _kill(name, folder, 7)
