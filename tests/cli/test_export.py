"""`tf1pruning export` as a user types it."""

import json
import os
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Command, contents

NET = ('export', 'net', '--outputs', 'output')
ORIGINAL = ('--original', 'train', '--feed', 'is_training=false;keep_prob=1.0')


def test_a_table_with_the_original(work: str, command: Command) -> None:
    result = command(*NET, '--format', 'pb,saved_model', *ORIGINAL, '--output', 'out')
    assert (result.code, result.err) == (0, '')
    assert sorted(os.listdir('out')) == ['certificate.json', 'model.pb', 'saved_model']
    assert 'model.pb' in result.out
    assert ' %)' in result.out
    assert 'fell' in result.out.splitlines()[-2]


def test_json_is_the_certificate(work: str, command: Command) -> None:
    assert command('prune', *NET[1:], '--ratio', '0.5', '--output', 'pruned').code == 0
    words = ('export', 'pruned/Stripped_Dir', '--outputs', 'output', '--original', 'net')
    found = json.loads(command(*words, '--output', 'out', '--json').out)
    with open('out/certificate.json') as stream:
        assert found == json.load(stream)
    with open('pruned/plan.json') as stream:
        assert found['plan'] == json.load(stream)
    assert found['fell']['macs']
    assert found['fell']['bytes']
    assert {os.path.basename(each['path']).split('.')[-1].split('-')[0] for each in found['inputs']} == {
        'data', 'index', 'meta'}


@pytest.mark.slow
def test_int8_with_examples(work: str, command: Command) -> None:
    np.save('examples.npy', np.random.RandomState(0).uniform(size=(20, 8, 8, 3)))
    result = command(*NET, '--format', 'tflite_int8', '--calibration', 'examples.npy', '--inputs', 'image=1,8,8,3',
                     '--output', 'out')
    assert (result.code, result.err) == (0, '')
    assert sorted(os.listdir('out')) == ['certificate.json', 'model_int8.tflite']


def test_force_replaces_what_export_wrote_only(work: str, command: Command) -> None:
    assert command(*NET, '--format', 'pb,saved_model', '--output', 'out').code == 0
    assert command(*NET, '--output', 'out', '--force').code == 0
    assert sorted(os.listdir('out')) == ['certificate.json', 'model.pb']
    with open('out/notes.txt', 'w') as stream:
        stream.write('important')
    before = contents('.')
    result = command(*NET, '--output', 'out', '--force')
    assert (result.code, contents('.')) == (2, before)
    assert 'notes.txt' in result.err


@pytest.mark.parametrize(('words', 'expected'), [
    (('--format', 'png'), "no format 'png': choose among pb, saved_model, onnx"),
    (('--format', ''), '--format is empty'),
    (('--format', 'tflite_int8'), 'give --calibration PATH'),
    (('--batch', '0'), '--batch 0: it must be at least 1'),
    (('--batch', 'two'), 'invalid int value'),
    (('--batch', '9' * 20), 'is more than a tensor can have'),
    (('--calibration', 'gone.npy'), 'no file or folder gone.npy'),
    (('--calibration', 'net', '--calibration-count', '0'), '--calibration-count 0'),
    (('--calibration', 'net', '--mean', 'grey'), "--mean: 'grey' is not a number"),
    (('--original', 'gone'), 'no checkpoint gone'),
    (('--original-inputs', 'image'), '--original-inputs without --original'),
    (('--plan', 'gone.json'), 'gone.json'),
])
def test_mistakes(work: str, command: Command, words: Any, expected: str) -> None:
    before = contents('.')
    result = command(*NET, *words, '--output', 'out')
    assert (result.code, result.out, result.err.count('\n')) == (2, '', 1)
    assert expected in result.err
    assert contents('.') == before


def test_an_infinite_difference_is_valid_json(work: str, command: Command, monkeypatch: Any) -> None:
    from tf1pruning.exports import parity
    from tf1pruning.verify import Difference
    monkeypatch.setattr(parity, 'compare', lambda *_: Difference(float('inf'), float('inf'), 'output'))
    result = command(*NET, '--output', 'out', '--allow-difference')
    assert result.code == 0
    assert 'infinite' in result.out
    with open('out/certificate.json') as stream:
        file, = json.load(stream, parse_constant=pytest.fail)['files']
    assert (file['difference'], file['within']) == ({'relative': None, 'absolute': None, 'output': 'output'}, False)


def test_too_large_a_difference_writes_nothing(work: str, command: Command, monkeypatch: Any) -> None:
    from tf1pruning.exports.formats import FORMATS
    monkeypatch.setitem(FORMATS, 'pb', FORMATS['pb']._replace(bound=-1.0))
    before = contents('.')
    result = command(*NET, '--output', 'out')
    assert (result.code, contents('.')) == (1, before)
    assert '--allow-difference' in result.err
    allowed = command(*NET, '--output', 'out', '--allow-difference')
    assert allowed.code == 0
    assert 'EXCEEDED' in allowed.out
