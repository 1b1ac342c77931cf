"""`tf1pruning fold`, and its stages in a pipeline."""

import json
import os
from typing import Any

import numpy as np
import pytest

from tests import builders, plain

from .conftest import Command


def plant(prefix: str) -> None:
    """Lets three channels of the expanded block be zero: γ is, and β is negative; so a gate changes nothing."""
    def change(name: str, value: np.ndarray) -> np.ndarray:
        value = value.copy()
        if name == 'block/depthwise/bn/gamma':
            value[[0, 3, 5]] = 0
        elif name == 'block/depthwise/bn/beta':
            value[[0, 3, 5]] = -0.1
        return value
    plain.change_values(prefix, change)


def test_what_is_provable(command: Command, work: str) -> None:
    """Checkpoint and .pb compute what they did; the report and the plan say what went."""
    plant('net/model.ckpt')
    result = command('fold', 'net', '--outputs', 'output', '--output', 'out', '--json')
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert report['provable']
    assert report['channels']['before'] - report['channels']['after'] == 3
    assert report['parameters']['after'] < report['parameters']['before']
    assert report['difference']['relative'] <= 1e-5
    assert sorted(os.listdir('out')) == ['Stripped_Dir', 'plan.json', 'report.json']
    feeds = plain.feeds_for({'image': builders.IMAGE})
    before = plain.run_checkpoint('net/model.ckpt', ['output'], feeds)[0]
    for after in (plain.run_checkpoint('out/Stripped_Dir/model.ckpt', ['output'], feeds)[0],
                  plain.run_frozen('out/Stripped_Dir/modify.pb', ['output'], feeds)[0]):
        assert plain.relative(before, after) <= 1e-5
    assert command('fold', 'net', '--outputs', 'output', '--output', 'out').code == 2
    assert 'the same for every input' in command('fold', 'net', '--outputs', 'output', '--output', 'out',
                                                 '--force').out


def test_a_training_graph(command: Command, work: str) -> None:
    """Its inference form is folded."""
    result = command('fold', 'train', '--outputs', 'output', '--feed', 'is_training=false;keep_prob=1.0', '--output',
                     'out')
    assert result.code == 0, result.err


def test_nothing_to_fold(command: Command, work: str) -> None:
    result = command('fold', 'net', '--outputs', 'output', '--output', 'out')
    assert result.code == 0
    assert 'no channel that can go is constant, or a copy of another one; nothing was written' in result.err
    assert not os.path.exists('out')


def test_examples(command: Command, work: str) -> None:
    """The part of every group that changes least, and how much that changes the outputs."""
    np.savez('images.npz', image=np.random.RandomState(0).uniform(-1, 1, (32, 8, 8, 3)).astype(np.float32),
             labels=np.arange(32) % 5)
    result = command('fold', 'net', '--outputs', 'output', '--data', 'images.npz', '--count', '32', '--percentile',
                     '20', '--output', 'out', '--json')
    assert result.code == 0, result.err
    report = json.loads(result.out)
    assert not report['provable']
    assert report['channels']['after'] < report['channels']['before']
    result = command('fold', 'net', '--outputs', 'output', '--data', 'images.npz', '--count', '32', '--search',
                     '--max_acc_loss', '0.5', '--output', 'found')
    assert result.code == 0, result.err
    assert 'accuracy' in result.out


@pytest.mark.parametrize(('words', 'message'), [
    (['--tolerance', '0.1'], 'give --data PATH'),
    (['--search'], 'give --data PATH'),
    (['--tolerance', '-1'], '--tolerance -1 is outside [0, 1]'),
    (['--percentile', '5', '--search'], 'give one of'),
    (['--tolerance', '0.1', '--data', 'nowhere'], 'no file or folder nowhere'),
    (['--tolerance', 'x'], 'invalid float value'),
])
def test_mistakes(command: Command, work: str, words: Any, message: str) -> None:
    result = command('fold', 'net', '--outputs', 'output', '--output', 'out', *words)
    assert result.code == 2
    assert message in result.err
    assert len(result.err.strip().splitlines()) == 1
    assert not os.path.exists('out')


STAGES = '''model: {path: net, outputs: [output]}
output: shipped
stages:
- name: fold_constants
- name: merge_duplicates
- name: verify
'''


def test_stages(command: Command, work: str) -> None:
    """What is provable is compared with the model as it was."""
    plant('net/model.ckpt')
    with open('pipeline.yaml', 'w') as stream:
        stream.write(STAGES)
    result = command('run', 'pipeline.yaml', '--json')
    assert result.code == 0, result.err
    records = [stage['record'] for stage in json.loads(result.out)]
    assert records[1]['channels']['before'] - records[1]['channels']['after'] == 3
    assert records[2]['channels']['before'] == records[2]['channels']['after']
    assert records[3]['relative'] <= 1e-5
    assert command('run', 'pipeline.yaml').code == 0


def test_stages_that_cannot_be(command: Command, work: str) -> None:
    for old, new, message in (
            ('- name: fold_constants', '- {name: fold_constants, tolerance: 0.1}', 'give data'),
            ('- name: fold_constants', '- {name: soft_prune, ratio: 0.5}\n- name: fold_constants', 'strip what'),
            ('- name: fold_constants', '- name: fold\n- name: fold_constants', 'comes before fold')):
        with open('pipeline.yaml', 'w') as stream:
            stream.write(STAGES.replace(old, new))
        result = command('run', 'pipeline.yaml')
        assert result.code == 2
        assert message in result.err
