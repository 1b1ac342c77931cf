"""A disk that is full, or a system that refuses, at any moment: one line, and the old result is there."""

import contextlib
import os
import shutil
import subprocess
from typing import Any, Callable, Iterator

import pytest

from tests.cli.conftest import Command, contents
from tf1pruning import files
from tf1pruning.errors import OutputError

NET = ('net', '--outputs', 'output')
SIZES = [8, 12, 16, 24, 32, 48, 64, 96, 128, 192]
"""Of the disk, in KB."""
COMMANDS = {
    'soft-prune': ('soft-prune', *NET, '--ratio', '0.5', '--align', '2', '--output', 'disk/out', '--force'),
    'prune': ('prune', *NET, '--ratio', '0.5', '--align', '2', '--output', 'disk/out', '--force'),
    'strip': ('strip', 'soft/Pruned_Dir', '--outputs', 'output', '--plan', 'soft/plan.json', '--output', 'disk/out',
              '--force'),
    'export': ('export', *NET, '--output', 'disk/new', '--force'),
}


@contextlib.contextmanager
def disk_of(kilobytes: int) -> Iterator[None]:
    """Mounts a disk of some size at `disk`, or skips the test where that may not be done."""
    os.makedirs('disk', exist_ok=True)
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%dk' % kilobytes, 'tmpfs', 'disk'],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) if shutil.which('mount') else None
    if mounted is None or mounted.returncode:
        pytest.skip('only root can mount a small disk')
    try:
        yield
    finally:
        subprocess.run(['umount', 'disk'], check=True)


@pytest.mark.parametrize('name', list(COMMANDS))
def test_a_disk_that_is_too_small(work: str, command: Command, name: str) -> None:
    """Of every size up to the one that is enough; an earlier result stays as it was."""
    assert command('soft-prune', *NET, '--ratio', '0.5', '--align', '2', '--output', 'soft').code == 0
    assert command('soft-prune', *NET, '--ratio', '0.25', '--align', '2', '--output', 'old').code == 0
    codes = []
    for size in SIZES:
        with disk_of(size):
            os.mkdir('disk/out')
            with contextlib.suppress(OSError):
                shutil.copy('old/plan.json', 'disk/out')
            before = contents('disk')
            result = command(*COMMANDS[name])
            codes.append(result.code)
            if result.code:
                assert result.code == 2
                assert result.err.count('\n') == 1
                assert 'No space left on device' in result.err
                assert contents('disk') == before
    assert codes[0] == 2
    assert codes[-1] == 0
    assert codes == sorted(codes, reverse=True)


class Failing:
    """Refuses the nth of all calls of some functions of the system."""

    def __init__(self, monkeypatch: Any, number: int) -> None:
        self.left = number
        for name in ('replace', 'rename', 'makedirs', 'chmod', 'link', 'listdir'):
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))
        for name in ('mkdtemp', 'mkstemp'):
            monkeypatch.setattr(files.tempfile, name, self._wrapped(getattr(files.tempfile, name)))
        monkeypatch.setattr(files, '_exchange', lambda first, second: False)

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*words: Any, **options: Any) -> Any:
            self.left -= 1
            if not self.left:
                raise OSError(28, 'No space left on device')
            return function(*words, **options)
        return call


def _write(atomic: Callable[..., Any]) -> None:
    with atomic('out') as folder:
        files.write_text(os.path.join(folder, 'm.index'), 'new')
        files.write_text(os.path.join(folder, 'm.data'), 'new')


@pytest.mark.parametrize('atomic', [files.atomic_folder, files.atomic_files])
def test_a_system_that_refuses_anything(tmp_path: Any, monkeypatch: Any, atomic: Callable[..., Any]) -> None:
    """Each call of the system in turn, where names cannot be exchanged: old or new, and nothing beside it."""
    old, new = {'m.index': b'old', 'm.data': b'old', 'other': b'old'}, {'m.index': b'new', 'm.data': b'new'}
    if atomic is files.atomic_files:
        new['other'] = b'old'
    monkeypatch.chdir(tmp_path)
    failed = 0
    for number in range(1, 100):
        shutil.rmtree('out', ignore_errors=True)
        os.mkdir('out')
        for name in old:
            with open(os.path.join('out', name), 'w') as stream:
                stream.write('old')
        with monkeypatch.context() as patch:
            failing = Failing(patch, number)
            with contextlib.suppress(OutputError):
                _write(atomic)
                failed -= 1
            failed += 1
        assert contents('out') in ((old,) if failed == number else (old, new)), number
        assert os.listdir('.') == ['out']
        if failing.left > 0:
            break
    assert contents('out') == new
    assert failed >= 8


def test_files_that_may_not_grow(work: str, command: Command) -> None:
    """A quota of bytes for a file."""
    import resource
    import signal
    before = contents('.')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        result = command('prune', *NET, '--ratio', '0.5', '--output', 'new')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert result.code == 2
    assert 'File too large' in result.err
    assert result.err.count('\n') == 1
    assert contents('.') == before
