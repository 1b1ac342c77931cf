"""`tf1pruning cluster`."""

import json
import os
from typing import Tuple

import numpy as np
import pytest

from tests.cli.conftest import Command
from tests.plain import feeds_for, relative, run_checkpoint, run_frozen, values_of
from tf1pruning.model.checkpoint import read_meta_graph
from tf1pruning.model.load import load_model
from tf1pruning.runtimes import open_runtime
from tf1pruning.weights import weight_tensors

NET = ('cluster', 'net', '--outputs', 'output')
FEED = ('--feed', 'is_training=false;keep_prob=1.0')
INPUTS = {'image': (2, 8, 8, 3)}


def test_a_checkpoint(work: str, command: Command) -> None:
    """Few values in every kernel; the rest has its bits, and the graph is the one that was given."""
    result = command(*NET, '--clusters', '8', '--output', 'out')
    assert (result.code, result.err) == (0, '')
    assert 'written to out/Clustered_Dir/model.ckpt' in result.out
    assert 'stem/kernel' in result.out
    assert sorted(os.listdir('out')) == ['Clustered_Dir', 'cluster.json']
    with open('out/cluster.json') as stream:
        report = json.load(stream)
    shared = {each['name']: each for each in report['tensors']}
    before, after = values_of('net/model.ckpt'), values_of('out/Clustered_Dir/model.ckpt')
    for name, value in after.items():
        if name in shared:
            assert np.unique(value).size == shared[name]['values'] <= 8
        else:
            assert value.tobytes() == before[name].tobytes()
    assert read_meta_graph('net/model.ckpt.meta') == read_meta_graph('out/Clustered_Dir/model.ckpt.meta')
    assert report['zipped_bytes']['after'] < report['zipped_bytes']['before']
    first, second = (run_checkpoint(path, ['output'], feeds_for(INPUTS))[0] for path in (
        'net/model.ckpt', 'out/Clustered_Dir/model.ckpt'))
    assert 0 < relative(first, second) < 1


def test_json_is_the_report(work: str, command: Command) -> None:
    """Also where an earlier result is replaced; a seed is a seed."""
    words = (*NET, '--clusters', '5', '--method', 'k-means++', '--output', 'out')
    first = json.loads(command(*words, '--json').out)
    assert command(*words).code == 2
    result = command(*words, '--force', '--json', '--seed', '3')
    with open('out/cluster.json') as stream:
        assert json.loads(result.out) == json.load(stream)
    assert json.loads(result.out)['distortion'] != first['distortion']
    again = json.loads(command(*words, '--force', '--json').out)
    assert again['tensors'] == first['tensors']


def test_a_frozen_graph_becomes_what_its_checkpoint_does(work: str, command: Command) -> None:
    """A .pb stays a .pb."""
    assert command('soft-prune', 'net', '--outputs', 'output', '--ratio', '0', '--output', 'soft').code == 0
    assert command('strip', 'net', '--outputs', 'output', '--plan', 'soft/plan.json', '--output', 'whole').code == 0
    choice = ('--clusters', '6', '--no-preserve-sparsity', '--exclude', 'stem', '--output')
    assert command('cluster', 'whole/Stripped_Dir/modify.pb', '--outputs', 'output', *choice, 'frozen').code == 0
    assert command(*NET, *choice, 'variables').code == 0
    assert os.listdir('frozen/Clustered_Dir') == ['modify.pb']
    first = run_frozen('frozen/Clustered_Dir/modify.pb', ['output'], feeds_for(INPUTS))[0]
    second = run_checkpoint('variables/Clustered_Dir/model.ckpt', ['output'], feeds_for(INPUTS))[0]
    assert relative(first, second) < 1e-6


def test_after_sparsify_zeros_stay(work: str, command: Command) -> None:
    """And a training checkpoint stays one."""
    half = ('--outputs', 'output', *FEED, '--sparsity', '0.5', '--output', 'sparse')
    assert command('sparsify', 'train', *half).code == 0
    assert command('cluster', 'sparse/Sparse_Dir/model.ckpt-3', '--outputs', 'output', *FEED, '--clusters', '4',
                   '--output', 'out').code == 0
    before, after = values_of('sparse/Sparse_Dir/model.ckpt-3'), values_of('out/Clustered_Dir/model.ckpt-3')
    assert set(before) == set(after)
    kernel = after['stem/kernel']
    assert np.array_equal(kernel == 0, before['stem/kernel'] == 0)
    assert np.unique(kernel).size == 4


def test_bits(work: str, command: Command) -> None:
    """Only what they name changes."""
    with open('bits.yaml', 'w') as stream:
        stream.write('bits: {stem/kernel: 2}\n')
    assert command(*NET, '--bits', 'bits.yaml', '--output', 'out').code == 0
    before, after = values_of('net/model.ckpt'), values_of('out/Clustered_Dir/model.ckpt')
    assert [name for name in after if not np.array_equal(before[name], after[name])] == ['stem/kernel']
    assert np.unique(after['stem/kernel']).size == 4


@pytest.mark.parametrize(('words', 'message'), [
    ((), 'say how many values are shared'), (('--clusters', '1'), 'ask for 2 to 1024, zero included'),
    (('--clusters', '1000'), 'nothing to share: no weight tensor has more than 1000 distinct values'),
    (('--clusters', 'many'), "invalid int value: 'many'"), (('--clusters', '4', '--method', 'best'), 'invalid choice'),
    (('--clusters', '4', '--exclude', 'stem/kernle'), "no weight tensor named 'stem/kernle'; closest: stem/kernel"),
    (('--clusters', '4', '--tensors', 'nothing'), "no weight tensor named 'nothing'"),
    (('--bits', 'missing.yaml'), 'cannot read missing.yaml'),
    (('--bits', 'other', '--clusters', '4'), 'not allowed with argument')])
def test_mistakes_are_one_line(work: str, command: Command, words: Tuple[str, ...], message: str) -> None:
    """And nothing is written."""
    result = command(*NET, *words, '--output', 'new')
    assert (result.code, result.out) == (2, '')
    assert message in result.err
    assert result.err.count('\n') == 1
    assert not os.path.exists('new')


@pytest.mark.slow
def test_exports_compute_what_the_checkpoint_does(work: str, command: Command) -> None:
    """Folding multiplies every filter by a scale of its own: only without it a kernel has few values in the file."""
    assert command(*NET, '--clusters', '4', '--output', 'out').code == 0
    words = ('export', 'out/Clustered_Dir/model.ckpt', '--outputs', 'output', '--inputs', 'image=2,8,8,3',
             '--format', 'pb,onnx,tflite')
    feeds = feeds_for(INPUTS)
    expected = run_checkpoint('out/Clustered_Dir/model.ckpt', ['output'], feeds)[0]
    most = {}
    for folder, option in (('whole', ('--no-fold',)), ('folded', ())):
        assert command(*words, *option, '--output', folder).code == 0
        for name in ('model.pb', 'model.onnx', 'model.tflite'):
            with open_runtime(os.path.join(folder, name), outputs=['output']) as runtime:
                assert relative(expected, runtime.run_named(feeds, ['output'])[0]) < 1e-4
        model = load_model(os.path.join(folder, 'model.pb'), ['output'])
        most[folder] = max(np.unique(model.value(name)).size for name in weight_tensors(model))
    assert most['whole'] == 4 < most['folded']
