"""`tf1pruning benchmark` as a user types it."""

import json
import os
from typing import Any

import pytest

from tests.cli.conftest import Command, contents


@pytest.fixture
def files(work: str, command: Command) -> str:
    """`a/model.pb` and the smaller `b/model.pb`."""
    assert command('export', 'net', '--outputs', 'output', '--no-fold', '--output', 'a').code == 0
    assert command('export', 'net', '--outputs', 'output', '--output', 'b').code == 0
    return work


def test_a_table_and_a_file(files: str, command: Command) -> None:
    result = command('benchmark', 'a/model.pb', 'b/model.pb', '--rounds', '3', '--per-op', '--output', 'times.json')
    assert (result.code, result.err) == (0, '')
    assert 'median ms' in result.out
    assert 'a/model.pb, one thread:' in result.out
    with open('times.json') as stream:
        found = json.load(stream)
    assert (found['rounds'], found['batch']) == (3, 1)
    assert {row['threads'] for row in found['rows']} == {1, len(os.sched_getaffinity(0))}
    assert [row['ratio'] is None for row in found['rows'][:2]] == [True, False]
    assert all(row['memory_mb'] > 0 and row['median_ms'] > 0 for row in found['rows'])
    for name in 'ab':
        assert any('Conv2D' in each['type'] for each in found['operations'][name + '/model.pb'])


def test_an_earlier_file_is_replaced(files: str, command: Command) -> None:
    words = ('benchmark', 'a/model.pb', '--rounds', '2', '--threads', '1', '--output', 'times.json')
    assert [command(*words).code, command(*words).code, command(*words, '--force').code] == [0, 2, 0]


def test_json(files: str, command: Command) -> None:
    found = json.loads(command('benchmark', 'a/model.pb', '--rounds', '2', '--threads', '1', '--json').out)
    assert [row['file'] for row in found['rows']] == ['a/model.pb']
    assert 'operations' not in found
    assert {'processor', 'cores', 'load', 'tensorflow', 'python'} == set(found['machine'])


@pytest.mark.parametrize(('words', 'expected'), [
    ((), 'arguments are required: FILE'),
    (('gone.pb',), 'no file gone.pb'),
    (('net/model.ckpt.index',), 'expected a .pb, .tflite or .onnx file'),
    (('a.pb', 'a.pb'), 'named twice'),
    (('a.pb', '--rounds', '0'), '--rounds 0: it must be at least 1'),
    (('a.pb', '--batch', '0'), '--batch 0'),
    (('a.pb', '--threads', 'many'), "--threads: 'many' is not a number"),
    (('a.pb', '--threads', '0'), '--threads: 0: it must be at least 1'),
    (('a.pb', '--output', 'net/model.ckpt.index'), '--force'),
    (('a.pb', '--output', 'net/model.ckpt.index', '--force'), 'is something else than what this command writes'),
    (('a.pb', '--output', 'net'), 'net is a folder: name a file'),
])
def test_mistakes(work: str, command: Command, words: Any, expected: str) -> None:
    before = contents('.')
    result = command('benchmark', *words)
    assert (result.code, result.out, result.err.count('\n')) == (2, '', 1)
    assert expected in result.err
    assert contents('.') == before
