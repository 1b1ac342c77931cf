"""What killed processes have left goes; what others are writing, and what people have named so, stays."""

import os
import subprocess
import sys
from typing import Any

import pytest

from tf1pruning import abandoned
from tf1pruning.abandoned import clear_abandoned
from tf1pruning.files import atomic_folder, write_text

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KILLED = '''
import os, sys
from tf1pruning.files import atomic_folder, replacing
with %s:
    os.kill(os.getpid(), 9)
'''


@pytest.fixture
def _long_ago(monkeypatch: Any) -> None:
    """Everything is old enough."""
    monkeypatch.setattr(abandoned, '_YOUNG_SECONDS', -1)


def _killed(action: str) -> None:
    """Runs a process that is killed while it writes."""
    process = subprocess.run([sys.executable, '-c', KILLED % action], env=dict(os.environ, PYTHONPATH=ROOT))
    assert process.returncode == -9


@pytest.mark.parametrize('action', ["atomic_folder('out')", "replacing('out')"])
def test_the_next_one_clears_up(tmp_path: Any, monkeypatch: Any, action: str) -> None:
    """Not before a minute has gone by."""
    monkeypatch.chdir(tmp_path)
    _killed(action)
    left = os.listdir('.')
    assert len(left) == 1
    assert left[0].startswith('out.tmp-')
    clear_abandoned('out')
    assert os.listdir('.') == left
    monkeypatch.setattr(abandoned, '_YOUNG_SECONDS', -1)
    write_text('out', 'new')
    assert os.listdir('.') == ['out']


@pytest.mark.usefixtures('_long_ago')
def test_what_others_write_stays(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with atomic_folder('out') as temporary:
        write_text(os.path.join(temporary, 'a'), 'mine')
        clear_abandoned(os.path.realpath('out'))
        with atomic_folder('out') as other:
            write_text(os.path.join(other, 'a'), 'another')
    with open(os.path.join('out', 'a')) as stream:
        assert stream.read() == 'mine'
    assert os.listdir('.') == ['out']


@pytest.mark.usefixtures('_long_ago')
def test_what_people_have_named_so_stays(tmp_path: Any, monkeypatch: Any) -> None:
    """Copies of their own, links, and what belongs to other targets."""
    monkeypatch.chdir(tmp_path)
    os.mkdir('elsewhere')
    names = ['out.tmp-backup', 'out.tmp-BACKUPS1', 'other.tmp-abcdefgh', 'out2.tmp-abcdefgh', 'out.tmp-abcdefgh9']
    for name in names:
        write_text(name, 'mine')
    os.symlink('elsewhere', 'out.tmp-linklink')
    clear_abandoned('out')
    assert sorted(os.listdir('.')) == sorted([*names, 'elsewhere', 'out.tmp-linklink'])


@pytest.mark.usefixtures('_long_ago')
def test_between_two_renames_the_earlier_result_comes_back(tmp_path: Any, monkeypatch: Any) -> None:
    """Where names cannot be exchanged; if the new one is there, the earlier one goes."""
    monkeypatch.chdir(tmp_path)
    for there in (False, True):
        os.makedirs('out.tmp-abcdefgh.old')
        write_text('out.tmp-abcdefgh.old/a', 'old' if there else 'first')
        clear_abandoned('out')
        assert os.listdir('.') == ['out']
        with open('out/a') as stream:
            assert stream.read() == 'first'
