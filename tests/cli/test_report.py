"""`report` on the command line: what it writes where, and what it refuses."""

import os
import shutil
from typing import Any

import pytest

from tests.cli.conftest import Command, contents

PRUNE = ('prune', 'net', '--outputs', 'output', '--ratio', '0.5', '--align', '2', '--output', 'out')


@pytest.fixture
def out(work: str, command: Command) -> str:
    assert command(*PRUNE).code == 0
    return 'out'


def test_a_page_beside_what_it_is_of(out: str, command: Command) -> None:
    """Nothing else changes; again only by force; and the run itself may be replaced with its report."""
    before = contents(out)
    result = command('report', out)
    assert (result.code, result.err) == (0, '')
    assert result.out.splitlines()[0] == 'out/report.html: %s bytes' % f'{os.path.getsize("out/report.html"):,}'
    assert 'left out: Measured times; made by: tf1pruning benchmark' in result.out
    after = contents(out)
    assert after.pop('report.html').startswith(b'<!DOCTYPE html>')
    assert after == before
    again = command('report', out)
    assert (again.code, again.err) == (
        2, 'tf1pruning: out/report.html exists: choose another file, or replace it with --force\n')
    assert command('report', out, '--force').code == 0
    assert command(*PRUNE, '--force').code == 0
    assert contents(out).keys() == before.keys()


def test_markdown_and_summaries(out: str, command: Command) -> None:
    assert command('report', out, '--format', 'md', '--output', 'new/comment.md').code == 0
    with open('new/comment.md', encoding='utf-8') as stream:
        assert stream.read().startswith('### Pruning report: out\n')
    assert command('report', out, '--format', 'tensorboard').code == 0
    assert len(os.listdir('out/report_summaries')) == 2
    assert command('report', out, '--format', 'tensorboard').code == 2
    assert command('report', out, '--format', 'tensorboard', '--force').code == 0
    assert len(os.listdir('out/report_summaries')) == 2


def test_a_folder_of_something_else_is_not_replaced(out: str, command: Command) -> None:
    before = contents('net')
    result = command('report', out, '--format', 'tensorboard', '--output', 'net', '--force')
    assert (result.code, result.err.count('\n')) == (2, 1)
    assert 'which no report wrote' in result.err
    assert contents('net') == before


@pytest.mark.parametrize('form', ['html', 'md'])
def test_only_a_report_is_replaced(out: str, command: Command, form: str) -> None:
    """Not a record of the run, or a model."""
    before = contents('.')
    for name in ('out/report.json', 'net/checkpoint'):
        result = command('report', out, '--format', form, '--output', name, '--force')
        assert (result.code, result.err.count('\n')) == (2, 1)
        assert '%s is something else than what this command writes: choose another file' % name in result.err
    assert contents('.') == before
    for _ in range(2):
        assert command('report', out, '--format', form, '--output', 'new/report', '--force').code == 0


@pytest.mark.parametrize(('change', 'words', 'expected'), [
    ('', ('none',), 'no folder none: give the output folder of a command'),
    ('', ('net',), 'net holds nothing of a run'),
    ('', ('out', '--output', 'net'), 'net is a folder: name a file'),
    ('', ('out', '--output', 'net/'), 'net/ is a folder: name a file'),
    ('', ('out', '--format', 'tensorboard', '--output', 'net/checkpoint'), 'net/checkpoint is a file'),
    ('', ('out', '--format', 'pdf'), "invalid choice: 'pdf'"),
    ('out/report.json', ('out',), 'out/report.json is damaged, or no JSON'),
    ('out/plan.json', ('out',), 'out/plan.json is not a pruning plan, or it is damaged'),
])
def test_mistakes_are_one_line(out: str, command: Command, change: str, words: Any, expected: str) -> None:
    if change:
        with open(change, 'w') as stream:
            stream.write('{"tf1pruning_plan": ')
    result = command('report', *words)
    assert (result.code, result.out, result.err.count('\n')) == (2, '', 1)
    assert expected in result.err
    assert not os.path.exists('out/report.html')


def test_what_cannot_be_read_is_left_out(out: str, command: Command) -> None:
    """The page still is made, and says why."""
    shutil.rmtree('out/Pruned_Dir')
    result = command('report', out)
    assert result.code == 0
    assert 'left out: Layers, network and refusals (the network as it was (baseline or Pruned_Dir)' in result.out


def test_help_has_examples(command: Command) -> None:
    result = command('report', '--help')
    assert result.code == 0
    assert 'examples:\n  tf1pruning report out\n' in result.out
