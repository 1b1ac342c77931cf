"""`tf1pruning decompose`."""

import json
import os
from typing import Any, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.cli.conftest import Command
from tf1pruning.tf1 import tf

NET = ('decompose', 'other', '--outputs', 'output')
FREE = (*NET, '--compression_factor', '0.6', '--output', 'out')
INPUTS = {'image': builders.IMAGE}


def report_of(folder: str = 'out') -> Dict[str, Any]:
    with open(os.path.join(folder, 'decompose.json')) as stream:
        return json.load(stream)


def labelled(path: str = 'labelled.npz', count: int = 40) -> str:
    """Noise, labelled with what the network says of it."""
    images = np.random.RandomState(5).uniform(0, 1, (count, *builders.IMAGE[1:])).astype(np.float32)
    labels = plain.run_checkpoint('other/model.ckpt', ['output'], {'image:0': images})[0].argmax(1)
    np.savez(path, image=images, labels=labels)
    return path


def test_without_data(work: str, command: Command) -> None:
    """60 % of the MACs are kept to within 1 %, and the files compute what the report says of the kernels."""
    result = command(*FREE)
    assert (result.code, result.err) == (0, '')
    assert 'written to out/Decomposed_Dir/model.ckpt' in result.out
    assert 'unit_0/first/kernel' in result.out
    assert sorted(os.listdir('out')) == ['Decomposed_Dir', 'decompose.json', 'rate_distortion.png']
    report = report_of()
    assert 0.594 <= report['kept'] <= 0.6 + 1e-9
    cost = sum(each['cost'] * each['dense_cost'] for each in report['layers'].values())
    assert cost / sum(each['dense_cost'] for each in report['layers'].values()) == pytest.approx(report['kept'])
    feeds = plain.feeds_for(INPUTS)
    outputs = [plain.run_checkpoint('out/Decomposed_Dir/model.ckpt', ['output'], feeds)[0],
               plain.run_frozen('out/Decomposed_Dir/modify.pb', ['output'], feeds)[0]]
    assert plain.relative(*outputs) < 1e-5
    assert report['decomposed_vs_kernels']['relative'] < 1e-5
    values = plain.values_of('out/Decomposed_Dir/model.ckpt')
    before = plain.values_of('other/model.ckpt')
    for name, each in report['layers'].items():
        if each['ranks'] is None:
            np.testing.assert_array_equal(values[name], before[name])
        elif max(each['ranks']):
            assert name not in values
            assert values[name + '/first'].shape[-1] == each['ranks'][0]
            if name + '/sparse' in values:
                sparse = values[name + '/sparse']
                assert np.count_nonzero(sparse) / sparse.size == pytest.approx(each['density'], abs=1e-6)


def test_json_and_the_settings_of_an_earlier_run(work: str, command: Command) -> None:
    """A report's ranks and densities give the same network again."""
    printed = json.loads(command(*FREE, '--json', '--allocation', 'error', '--pruning_structure', 'filter').out)
    assert printed == report_of()
    again = command(*NET, '--settings', 'out/decompose.json', '--output', 'again', '--pruning_structure', 'filter')
    assert again.code == 0
    assert report_of('again')['kept'] == pytest.approx(printed['kept'], rel=1e-6)
    for name, each in report_of('again')['layers'].items():
        assert each['ranks'] == printed['layers'][name]['ranks']
        assert each['error'] == pytest.approx(printed['layers'][name]['error'], rel=1e-3)


@pytest.mark.slow
def test_by_accuracy(work: str, command: Command) -> None:
    """At most a tenth of the images that are reported on get another class; the rest of a search does not stay."""
    result = command(*NET, '--method', 'fixed_loss', '--max_acc_loss', '0.1', '--data', labelled(), '--output', 'out',
                     '--layers', 'unit_0/first/kernel,unit_0/second/kernel')
    assert result.code == 0
    assert 'unit_0/first/kernel: ' in result.err
    report = report_of()
    assert set(report['layers']) == {'unit_0/first/kernel', 'unit_0/second/kernel'}
    for half in ('searched', 'reported'):
        assert report['accuracy'][half]['before'] == 1
        assert report['accuracy'][half]['after'] >= 0.9 - 1e-9
    assert report['kept'] < 1
    assert not os.path.exists('out.search.json')


@pytest.mark.slow
def test_by_latency(work: str, command: Command) -> None:
    """What is not clearly faster stays; times are remembered."""
    arguments = (*NET, '--cost', 'latency', '--compression_type', 'tucker', '--times', 'times.json', '--layers',
                 'unit_0/first/kernel', '--output', 'out', '--compression_factor', '0.99')
    result = command(*arguments)
    with open('times.json') as stream:
        times = json.load(stream)
    assert times
    assert all(min(pair) > 0 for pair in times.values())
    if result.code:
        assert 'the least possible is' in result.err
    else:
        assert report_of()['kept'] <= 0.99


BAD = [
    (NET, '--compression_factor 0.5'), ((*NET, '--compression_factor', '1.5'), 'must be above 0 and below 1'),
    ((*NET, '--compression_factor', '0.001', '--compression_type', 'tucker'), 'the least possible is 0.0'),
    ((*NET, '--method', 'fixed_loss'), 'give labelled examples with --data'),
    ((*NET, '--method', 'fixed_loss', '--data', 'nowhere'), 'no file or folder nowhere'),
    ((*NET, '--method', 'fixed_loss', '--data', 'one.npz'), '1 example cannot be split'),
    ((*NET, '--method', 'fixed_loss', '--data', 'one.npz', '--max_acc_loss', '2'), 'from 0 and below 1'),
    ((*NET, '--compression_factor', '0.9', '--compression_type', 'tucker', '--layers', 'unit_0/first/kernel'),
     '; ask for that'),
    ((*FREE, '--block_size', '4'), 'is not two numbers'),
    ((*FREE, '--pruning_structure', 'block', '--block_size', '0,2'), 'has no size'),
    ((*FREE, '--sparsity_weight', '0'), 'must be above 0'), ((*FREE, '--layers', 'stem/kernl'), 'closest: stem/kernel'),
    ((*FREE, '--exclude', 'nothing'), "no kernel named 'nothing'"),
    ((*NET, '--settings', 'settings.json'), 'settings.json: unit_0/first/kernel: ranks 99 and 4 are above those of'),
    ((*NET, '--settings', 'stranger.json'), "no layer named 'stranger'"),
    ((*NET, '--settings', 'labels.json'), 'is no report of decompose')]


@pytest.mark.parametrize(('words', 'message'), BAD)
def test_mistakes_are_one_line(words: Any, message: str, work: str, command: Command) -> None:
    if 'one.npz' in words:
        labelled('one.npz', 1)
    for name, content in (('settings', {'layers': {'unit_0/first/kernel': {'ranks': [99, 4], 'density': 0}}}),
                          ('stranger', {'layers': {'stranger': {'ranks': [1, 1], 'density': 0}}}), ('labels', [1])):
        with open(name + '.json', 'w') as stream:
            json.dump(content, stream)
    result = command(*words, *(() if '--output' in words else ('--output', 'out')))
    assert result.code == 2
    assert message in result.err
    assert len(result.err.splitlines()) == 1
    assert not os.path.exists('out')


def test_a_kernel_that_cannot_be_decomposed_is_said_why(work: str, command: Command) -> None:
    result = command('decompose', 'net', '--outputs', 'output', '--compression_factor', '0.5', '--output', 'out',
                     '--layers', 'block/depthwise/depthwise_kernel')
    assert result.code == 2
    assert 'cannot be decomposed: it belongs to block/depthwise/depthwise (DepthwiseConv2dNative)' in result.err


def test_nothing_to_decompose(tmp_path: Any, command: Command) -> None:
    """No mistake, but nothing is written."""
    saved = builders.save_graph(lambda: tf.identity(builders.depthwise(builders.image(), 'd'), 'output'), tmp_path)
    result = command('decompose', saved.prefix, '--outputs', 'output', '--compression_factor', '0.5', '--output',
                     str(tmp_path / 'out'))
    assert result.code == 0
    assert 'no convolution or matrix product to decompose (d/depthwise_kernel: it belongs to' in result.err
    assert not (tmp_path / 'out').exists()
