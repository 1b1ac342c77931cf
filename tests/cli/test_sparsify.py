"""`tf1pruning sparsify`."""

import json
import os
from typing import Tuple

import numpy as np
import pytest

from tests.cli.conftest import Command
from tests.plain import feeds_for, relative, run_checkpoint, run_frozen, values_of
from tf1pruning.model.checkpoint import read_meta_graph

NET = ('sparsify', 'net', '--outputs', 'output')
FEED = ('--feed', 'is_training=false;keep_prob=1.0')
INPUTS = {'image': (2, 8, 8, 3)}


def test_a_checkpoint(work: str, command: Command) -> None:
    """Exactly so many weights are zero; the graph is the one that was given."""
    result = command(*NET, '--sparsity', '0.75', '--output', 'out')
    assert (result.code, result.err) == (0, '')
    assert 'written to out/Sparse_Dir/model.ckpt' in result.out
    assert 'stem/kernel' in result.out
    assert sorted(os.listdir('out')) == ['Sparse_Dir', 'sparsify.json']
    before, after = values_of('net/model.ckpt'), values_of('out/Sparse_Dir/model.ckpt')
    with open('out/sparsify.json') as stream:
        report = json.load(stream)
    sparse = {each['name']: each for each in report['tensors']}
    for name, value in after.items():
        zeros = int((value == 0).sum())
        if name in sparse:
            assert sparse[name]['zeros'] == zeros == value.size - max(round(value.size * 0.25), 1)
        else:
            assert np.array_equal(value, before[name])
    assert read_meta_graph('net/model.ckpt.meta') == read_meta_graph('out/Sparse_Dir/model.ckpt.meta')
    assert report['zipped_bytes']['after'] < report['zipped_bytes']['before']
    assert report['weights'] == sum(each['weights'] for each in report['tensors'])
    assert np.isfinite(run_checkpoint('out/Sparse_Dir/model.ckpt', ['output'], feeds_for(INPUTS))[0]).all()


def test_json_is_the_report(work: str, command: Command) -> None:
    """Also where an earlier result is replaced."""
    command(*NET, '--sparsity', '0.5', '--output', 'out')
    assert command(*NET, '--sparsity', '0.5', '--output', 'out').code == 2
    result = command(*NET, '--structure', '2:4', '--output', 'out', '--force', '--json')
    with open('out/sparsify.json') as stream:
        assert json.loads(result.out) == json.load(stream)
    assert json.loads(result.out)['structure'] == '2:4'


def test_a_frozen_graph_becomes_what_its_checkpoint_does(work: str, command: Command) -> None:
    """A .pb stays a .pb."""
    assert command('strip', 'net', '--outputs', 'output', '--plan', _empty_plan(command), '--output', 'whole').code == 0
    choice = ('--sparsity', '0.6', '--global', '--exclude', 'stem', '--output')
    assert command('sparsify', 'whole/Stripped_Dir/modify.pb', '--outputs', 'output', *choice, 'frozen').code == 0
    assert command(*NET, *choice, 'variables').code == 0
    assert os.listdir('frozen/Sparse_Dir') == ['modify.pb']
    first = run_frozen('frozen/Sparse_Dir/modify.pb', ['output'], feeds_for(INPUTS))[0]
    second = run_checkpoint('variables/Sparse_Dir/model.ckpt', ['output'], feeds_for(INPUTS))[0]
    assert relative(first, second) < 1e-6


def _empty_plan(command: Command) -> str:
    assert command('soft-prune', 'net', '--outputs', 'output', '--ratio', '0', '--output', 'soft').code == 0
    return 'soft/plan.json'


def test_a_training_checkpoint_keeps_its_optimizer(work: str, command: Command) -> None:
    """With zeros in the slots."""
    assert command('sparsify', 'train', '--outputs', 'output', *FEED, '--sparsity', '0.5', '--output', 'out').code == 0
    before, after = values_of('train/model.ckpt-3'), values_of('out/Sparse_Dir/model.ckpt-3')
    assert set(before) == set(after)
    slots = [name for name in after if name.endswith('kernel/Adam')]
    assert slots
    assert all((after[name][after[name[:-len('/Adam')]] == 0] == 0).all() for name in slots if 'depthwise' not in name)


def test_levels(work: str, command: Command) -> None:
    """Only what they name changes."""
    with open('levels.yaml', 'w') as stream:
        stream.write('levels: {stem/kernel: 0.5}\n')
    assert command(*NET, '--levels', 'levels.yaml', '--output', 'out').code == 0
    before, after = values_of('net/model.ckpt'), values_of('out/Sparse_Dir/model.ckpt')
    assert [name for name in after if not np.array_equal(before[name], after[name])] == ['stem/kernel']


@pytest.mark.parametrize(('words', 'message'), [
    ((), 'say how sparse'), (('--sparsity', '1'), 'sparsity 1 is not in [0, 1)'),
    (('--sparsity', 'nan'), 'sparsity nan is not in [0, 1)'), (('--sparsity', '-0.5'), 'sparsity -0.5 is not in'),
    (('--structure', '4:2'), '4 of 2 cannot stay'), (('--structure', '2:4', '--sparsity', '0.9'), 'leave out'),
    (('--structure', 'blocks', '--sparsity', '0.9'), 'no structure'),
    (('--sparsity', '0.5', '--exclude', 'stem/kernle'), "no weight tensor named 'stem/kernle'; closest: stem/kernel"),
    (('--sparsity', '0.5', '--tensors', 'nothing'), "no weight tensor named 'nothing'"),
    (('--levels', 'missing.yaml'), 'cannot read missing.yaml'),
    (('--levels', 'other', '--sparsity', '0.5'), 'not allowed with argument')])
def test_mistakes_are_one_line(work: str, command: Command, words: Tuple[str, ...], message: str) -> None:
    """And nothing is written."""
    result = command(*NET, *words, '--output', 'new')
    assert (result.code, result.out) == (2, '')
    assert message in result.err
    assert result.err.count('\n') == 1
    assert not os.path.exists('new')


def test_unknown_levels_are_refused(work: str, command: Command) -> None:
    """With the closest name, and the file of levels is not lost to --force."""
    os.mkdir('out')
    with open('out/sparsify.json', 'w') as stream:
        stream.write('{levels: {stem/kernl: 0.5}}')
    result = command(*NET, '--levels', 'out/sparsify.json', '--output', 'out', '--force')
    assert (result.code, 'would be replaced' in result.err) == (2, True)
    result = command(*NET, '--levels', 'out/sparsify.json', '--output', 'new')
    assert (result.code, 'closest: stem/kernel' in result.err) == (2, True)


def test_other_files_in_the_output_are_not_replaced(work: str, command: Command) -> None:
    """Not even with --force."""
    os.mkdir('out')
    open('out/notes.txt', 'w').close()
    result = command(*NET, '--sparsity', '0.5', '--output', 'out', '--force')
    assert (result.code, "holds 'notes.txt'" in result.err) == (2, True)
