"""Where results go: never over something that would be missed, and never by halves."""

import os
import signal
from typing import Any, Iterator

import pytest

from tests.cli.conftest import Command, contents
from tf1pruning import choice, files, pipeline

PRUNE = ('--outputs', 'output', '--ratio', '0.5', '--align', '2')


@pytest.fixture
def result(work: str, command: Command) -> str:
    """An earlier result."""
    assert command('prune', 'net', *PRUNE, '--output', 'out').code == 0
    return 'out'


def _refused(command: Command, *words: str) -> str:
    before = contents('.')
    answer = command(*words)
    assert (answer.code, answer.out, answer.err.count('\n')) == (2, '', 1)
    assert contents('.') == before
    return answer.err


@pytest.mark.parametrize(('output', 'expected'), [
    ('net', 'net/model.ckpt lies in net'), ('other', 'other'), ('text', 'is a file'), ('', 'no name'),
    ('text/a', 'text is not a folder'), ('text/a/b', 'text is not a folder'), ('/proc/out', 'cannot write /proc/out'),
    ('.', 'the folder you work in'), ('..', 'the folder you work in'), ('/', 'the folder you work in'),
    ('a[1]', 'TensorFlow cannot read'), ('x' * 300, 'too long'),
])
def test_output_that_cannot_be(work: str, command: Command, output: str, expected: str) -> None:
    with open('text', 'w') as stream:
        stream.write('important')
    for more in ((), ('--force',)):
        assert expected in _refused(command, 'prune', 'net', *PRUNE, '--output', output, *more)


@pytest.mark.parametrize('output', ['text/new', 'text', '', 'net', 'net/', '/proc/new', '.'])
def test_export_to_where_no_folder_can_be(work: str, command: Command, output: str) -> None:
    with open('text', 'w') as stream:
        stream.write('important')
    _refused(command, 'export', 'net', '--outputs', 'output', '--output', output)


def test_an_earlier_result_is_kept_without_force(result: str, command: Command) -> None:
    assert '--force' in _refused(command, 'prune', 'other', *PRUNE, '--output', result)
    assert '--force' in _refused(command, 'soft-prune', 'other', *PRUNE, '--output', result)
    os.rename('out/plan.json', 'plan.json')
    assert '--force' in _refused(command, 'strip', 'net', '--plan', 'plan.json', '--outputs', 'output', '--output',
                                 result)


def test_foreign_files_are_kept_even_with_force(result: str, command: Command) -> None:
    with open('out/notes.txt', 'w') as stream:
        stream.write('important')
    assert "'notes.txt'" in _refused(command, 'prune', 'other', *PRUNE, '--output', result, '--force')


def test_what_is_read_is_kept_even_with_force(result: str, command: Command) -> None:
    strip = ('--plan', 'out/plan.json', '--outputs', 'output', '--output', result, '--force')
    assert 'lies in out' in _refused(command, 'strip', 'out/Pruned_Dir', *strip)
    assert 'lies in out' in _refused(command, 'soft-prune', 'net', *strip)
    assert 'lies in out' in _refused(command, 'prune', 'out/Stripped_Dir', *PRUNE, '--output', result, '--force')


def test_a_failure_keeps_the_earlier_result(result: str, command: Command) -> None:
    _refused(command, 'prune', 'other', '--outputs', 'output', '--ratio', '0.5', '--scopes', 'nowhere', '--output',
             result, '--force')
    _refused(command, 'prune', 'other', '--outputs', 'output', '--ratio', '0.5', '--scopes', 'nowhere', '--output',
             'new/and/deep')


STAGES = ['analyse', 'choose', 'soft_prune', 'strip', 'write_soft_pruned', 'write_stripped', 'verified',
          'before_after', 'write_text']


@pytest.fixture(name='interruptible')
def make_interruptible() -> Iterator[None]:
    """A process started in the background ignores SIGINT; these tests must not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures('interruptible')
@pytest.mark.parametrize('stage', STAGES)
@pytest.mark.parametrize('output', ['out', 'new/deep'])
def test_interrupted_at_any_stage(result: str, command: Command, monkeypatch: Any, stage: str, output: str) -> None:
    owner = choice if stage == 'choose' else pipeline
    original = getattr(owner, stage)

    def interrupted(*words: Any, **options: Any) -> Any:
        original(*words, **options)
        os.kill(os.getpid(), signal.SIGINT)

    before = contents('.')
    monkeypatch.setattr(owner, stage, interrupted)
    answer = command('prune', 'other', *PRUNE, '--output', output, '--force')
    assert (answer.code, answer.out) == (130, '')
    assert answer.err.startswith('tf1pruning: interrupted')
    assert answer.err.count('\n') == 1
    assert contents('.') == before


def test_interrupted_after_the_exchange(result: str, command: Command, monkeypatch: Any) -> None:
    exchange = files._exchange

    def interrupted(*words: str) -> bool:
        exchange(*words)
        raise KeyboardInterrupt

    before = contents(result)
    monkeypatch.setattr(files, '_exchange', interrupted)
    assert command('prune', 'other', *PRUNE, '--output', result, '--force').code == 130
    assert contents(result) != before
    assert command('verify', 'out/Pruned_Dir', 'out/Stripped_Dir', '--outputs', 'output').code == 0
    assert sorted(os.listdir('.')) == ['net', 'other', 'out', 'train']


@pytest.mark.parametrize('fails', [1, 2])
def test_a_system_that_cannot_exchange_folders(result: str, command: Command, monkeypatch: Any, fails: int) -> None:
    """Renames one after the other; where one of them fails, the old result is back."""
    rename, calls = os.rename, []

    def failing(source: Any, target: Any) -> None:
        calls.append(source)
        if len(calls) == fails:
            raise OSError(16, 'Device or resource busy')
        rename(source, target)

    monkeypatch.setattr(files, '_exchange', lambda *_: False)
    assert command('prune', 'net', *PRUNE, '--output', result, '--force').code == 0
    monkeypatch.setattr(files.os, 'rename', failing)
    message = _refused(command, 'prune', 'other', *PRUNE, '--output', result, '--force')
    assert 'Device or resource busy' in message


def test_a_full_disk(result: str, command: Command, monkeypatch: Any) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(files.os, 'replace', full)
    assert 'No space left' in _refused(command, 'prune', 'other', *PRUNE, '--output', result, '--force')
    assert 'No space left' in _refused(command, 'export', 'net', '--outputs', 'output', '--output', 'new')
