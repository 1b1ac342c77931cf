"""Criteria that look at activations, on the command line, in pipelines and in the class."""

import json
from typing import Any

import numpy as np
import pytest

from tf1pruning import Pruning
from tf1pruning.activations import Calibration
from tf1pruning.calibration import Scaling

from .conftest import Command


@pytest.fixture
def images(work: str) -> str:
    """A file with examples."""
    np.save('images.npy', np.random.RandomState(0).uniform(-1, 1, (8, 8, 8, 3)).astype(np.float32))
    return 'images.npy'


def test_prune_by_zeros(command: Command, images: str) -> None:
    """The plan has the scores of the criterion, and stripped is soft-pruned as ever."""
    result = command('prune', 'net', '--outputs', 'output', '--ratio', '0.5', '--criterion', 'apoz', '--data', images,
                     '--count', '8', '--output', 'out', '--json')
    assert result.code == 0, result.err
    assert json.loads(result.out)['stripped_vs_soft_pruned']['relative'] <= 1e-5
    with open('out/plan.json') as stream:
        groups = json.load(stream)['groups']
    assert {group['criterion'] for group in groups} == {'apoz'}
    assert all(0 <= score <= 1 for group in groups for score in group['scores'])


def test_prune_by_taylor(command: Command, images: str) -> None:
    """With labels; without, it says so."""
    words = ['prune', 'net', '--outputs', 'output', '--ratio', '0.5', '--criterion', 'taylor', '--output', 'out']
    result = command(*words, '--data', images)
    assert result.code == 2
    assert 'images.npy has no labels' in result.err
    np.savez('images.npz', image=np.load(images), labels=np.arange(8) % 5)
    assert command(*words, '--data', 'images.npz').code == 0


@pytest.mark.parametrize(('words', 'message'), [
    (['--criterion', 'apoz'], '--criterion apoz looks at activations: give examples with --data PATH'),
    (['--criterion', 'apoz', '--data', 'nowhere.npy'], 'no file or folder nowhere.npy'),
    (['--criterion', 'apoz', '--data', 'images.npy', '--count', '0'], '(--count) 0: it must be at least 1'),
    (['--criterion', 'apoz', '--data', 'images.npy', '--mean', 'x'], "--mean: 'x' is not a number"),
])
def test_mistakes(command: Command, images: str, words: Any, message: str) -> None:
    """One line, exit code 2, nothing written."""
    result = command('prune', 'net', '--outputs', 'output', '--ratio', '0.5', '--output', 'out', *words)
    assert result.code == 2
    assert message in result.err
    assert len(result.err.strip().splitlines()) == 1


def test_a_pipeline(command: Command, images: str) -> None:
    """The examples are part of what a stage depends on."""
    with open('pipeline.yaml', 'w') as stream:
        stream.write('model: {path: net, outputs: [output]}\noutput: shipped\nstages:\n'
                     '- {name: soft_prune, ratio: 0.5, criterion: mean_activation, data: images.npy, count: 8}\n'
                     '- name: strip\n')
    assert command('run', 'pipeline.yaml').code == 0
    assert [stage['cached'] for stage in json.loads(command('run', 'pipeline.yaml', '--json').out)] == [True] * 3
    np.save(images, np.random.RandomState(1).uniform(-1, 1, (8, 8, 8, 3)).astype(np.float32))
    assert [stage['cached'] for stage in json.loads(command('run', 'pipeline.yaml', '--json').out)] == [
        True, False, False]


def test_a_pipeline_without_examples(command: Command, work: str) -> None:
    with open('pipeline.yaml', 'w') as stream:
        stream.write('model: {path: net, outputs: [output]}\noutput: shipped\nstages:\n'
                     '- {name: soft_prune, ratio: 0.5, criterion: apoz}\n')
    result = command('run', 'pipeline.yaml')
    assert result.code == 2
    assert 'criterion apoz looks at activations: give data' in result.err


def test_the_class(images: str) -> None:
    pruning = Pruning('net', output_dir='out', output_nodes='output', criterion='apoz',
                      calibration=Calibration(images, 8, Scaling()))
    pruning.set_threshold(0.3)
    pruning.pruning_process()
    assert pruning.plan is not None
    assert {group.criterion for group in pruning.plan.groups} == {'apoz'}
    assert pruning.plan.pruned_count


def test_reconstruction(command: Command, work: str) -> None:
    """Every layer is in the report, and what is written is what was fitted."""
    np.save('images.npy', np.random.RandomState(5).normal(0, 1, (32, 8, 8, 3)).astype(np.float32))
    words = ['prune', 'net', '--outputs', 'output', '--ratio', '0.25', '--output', 'out', '--reconstruct']
    result = command(*words)
    assert result.code == 2
    assert '--reconstruct fits weights on examples: give some with --data PATH' in result.err
    result = command(*words, '--data', 'images.npy', '--count', '32', '--json')
    assert result.code == 0, result.err
    layers = json.loads(result.out)['reconstruction']
    assert layers
    assert all(layer['after'] <= layer['before'] for layer in layers)
