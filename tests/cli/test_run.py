"""`tf1pruning run` as a user types it."""

import json
import os
from typing import Any

import pytest

from tests.cli.conftest import Command, contents

YAML = """
model: {path: net, outputs: [output]}
stages:
- {name: soft_prune, ratio: 0.5, align: 2}
- {name: strip}
- {name: verify}
- {name: export}
"""


@pytest.fixture
def file(work: str) -> str:
    """The path of a pipeline."""
    with open('pipeline.yaml', 'w') as stream:
        stream.write(YAML)
    return 'pipeline.yaml'


def test_run_and_again(file: str, command: Command) -> None:
    planned = command('run', file, '--output', 'out', '--dry-run')
    assert (planned.code, planned.out.count('to do'), os.path.exists('out')) == (0, 5, False)
    first = command('run', file, '--output', 'out')
    assert (first.code, first.err, first.out.count('  made  ')) == (0, '', 5)
    assert 'largest difference' in first.out
    second = command('run', file, '--output', 'out')
    assert (second.code, second.out.count('is there')) == (0, 5)
    found = json.loads(command('run', file, '--output', 'out', '--json').out)
    assert [(each['name'], each['cached']) for each in found] == [
        (name, True) for name in ('model', 'soft_prune', 'strip', 'verify', 'export')]


def test_another_model(file: str, command: Command) -> None:
    assert command('run', file, '--model', 'other', '--output', 'out').code == 0


@pytest.mark.parametrize(('words', 'expected'), [
    (('gone.yaml',), 'cannot read gone.yaml'),
    (('net/model.ckpt.index', '--output', 'out'), 'is not YAML'),
    (('pipeline.yaml',), 'say where to write'),
    (('pipeline.yaml', '--output', 'net'), 'which no pipeline wrote'),
    (('pipeline.yaml', '--output', 'out', '--model', 'gone'), 'no checkpoint gone'),
])
def test_mistakes(file: str, command: Command, words: Any, expected: str) -> None:
    before = contents('.')
    result = command('run', *words)
    assert (result.code, result.out, result.err.count('\n')) == (2, '', 1)
    assert expected in result.err
    assert contents('.') == before
