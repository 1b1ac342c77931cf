"""`tf1pruning pack` and `tf1pruning unpack`."""

import json
import os

import pytest

from tests.cli.conftest import Command
from tests.plain import values_of

PACK = ('pack', 'net', '--outputs', 'output', '-o', 'model.tfp')


def test_there_and_back(work: str, command: Command) -> None:
    """The same bits, and a table of where they went."""
    result = command(*PACK)
    assert (result.code, result.err) == (0, '')
    assert 'stem/kernel' in result.out
    assert result.out.splitlines()[-2].split()[0] == 'total'
    assert 'written to model.tfp, unpacked and compared: the same bits' in result.out
    result = command('unpack', 'model.tfp', '--output', 'back')
    assert (result.code, result.err) == (0, '')
    assert result.out.startswith('back/model.ckpt: ')
    assert 'outputs: output' in result.out
    before, after = values_of('net/model.ckpt'), values_of('back/model.ckpt')
    assert {name: value.tobytes() for name, value in before.items()} == {
        name: value.tobytes() for name, value in after.items()}
    assert command('verify', 'net', 'back', '--outputs', 'output').code == 0


def test_json(work: str, command: Command) -> None:
    report = json.loads(command(*PACK, '--json').out)
    assert report['total'] == os.path.getsize('model.tfp')
    assert report['total'] == sum(each['total'] for each in report['tensors']) + report['graph'] + report['frame']
    for each in report['tensors']:
        assert each['total'] == each['values'] + each['indices'] + each['codebook'] + each['tables']
    assert report['ratio'] == round(report['float32_bytes'] / report['total'], 2)
    found = json.loads(command('unpack', 'model.tfp', '--output', 'back', '--json').out)
    assert (found['model'], found['outputs']) == ('back/model.ckpt', ['output'])
    assert (found['tensors'], found['packed']) == (len(report['tensors']), report['total'])


def test_a_training_checkpoint(work: str, command: Command) -> None:
    assert command('pack', 'train', '--training', '-o', 'all.tfp').code == 0
    assert command('unpack', 'all.tfp', '--output', 'back').code == 0
    assert sorted(values_of('train/model.ckpt-3')) == sorted(values_of('back/model.ckpt-3'))


def test_earlier_results_are_only_replaced_by_force(work: str, command: Command) -> None:
    assert command(*PACK).code == 0
    assert 'model.tfp exists' in command(*PACK).err
    assert command(*PACK, '--force').code == 0
    assert command('unpack', 'model.tfp', '--output', 'back').code == 0
    assert 'is not empty' in command('unpack', 'model.tfp', '--output', 'back').err
    assert command('unpack', 'model.tfp', '--output', 'back', '--force').code == 0
    with open('mine.txt', 'w') as stream:
        stream.write('mine')
    assert 'something else' in command(*PACK[:-1], 'mine.txt', '--force').err


@pytest.mark.parametrize(('words', 'reason'), [
    (('unpack', 'missing.tfp', '--output', 'o'), 'cannot read missing.tfp'),
    (('unpack', 'net', '--output', 'o'), 'net is no file'),
    (('unpack', 'net/model.ckpt.index', '--output', 'o'), 'is not a packed model'),
    (('pack', 'net', '--outputs', 'outptu', '-o', 'o'), "no output node named 'outptu'; closest: output"),
    (('pack', 'net', '-o', 'o'), 'name the outputs'),
    (('pack', 'net', '--outputs', 'output', '-o', 'net'), 'net is a folder: name a file'),
    (('pack', 'net', '--outputs', 'output', '--training', '-o', 'o'), 'leave --outputs'),
    (('pack', 'net/model.pb', '--training', '-o', 'o'), 'no file net/model.pb')])
def test_mistakes(work: str, command: Command, words: str, reason: str) -> None:
    result = command(*words)
    assert result.code == 2
    assert reason in result.err
    assert len(result.err.splitlines()) == 1
    assert not os.path.exists('o')
