"""A user's mistake: exit code 2, one line that says what to do, nothing written, nothing lost."""

import os
import shutil
from typing import Any, Dict, Tuple

import pytest

from tests.cli.conftest import DATA, Command, contents
from tf1pruning.tf1 import tf

NET = ('net', '--outputs', 'output')
HALF = ('--ratio', '0.5', '--output', 'new')


def _truncate(path: str, part: float) -> None:
    with open(path, 'r+b') as stream:
        stream.truncate(int(os.path.getsize(path) * part))


def write(path: str, content: Any) -> None:
    with open(path, 'wb') as stream:
        stream.write(content if isinstance(content, bytes) else content.encode())


def _damage(name: str) -> None:
    """Makes `bad` from `net`, damaged in one way."""
    shutil.copytree('net', 'bad')
    data, meta, index, state = ('bad/' + each for each in (DATA, 'model.ckpt.meta', 'model.ckpt.index', 'checkpoint'))
    if name.startswith('truncated'):
        _truncate({'data': data, 'meta': meta, 'index': index}[name.split()[1]], float(name.split()[2]))
    elif name.startswith('no'):
        os.remove({'data': data, 'meta': meta, 'index': index, 'state': state}[name.split()[1]])
    elif name == 'flipped bit':
        with open(data, 'rb') as stream:
            content = bytearray(stream.read())
        content[1000] ^= 1
        write(data, bytes(content))
    elif name == 'another meta':
        shutil.copy('other/model.ckpt.meta', meta)
    elif name == 'text as meta':
        write(meta, 'this is a text\n' * 20)
    elif name == 'text as state':
        write(state, 'this is a text')
    elif name == 'empty state':
        write(state, '')
    elif name == 'state of a deleted checkpoint':
        write(state, 'model_checkpoint_path: "model.ckpt-77"')
    elif name == 'file of another number of shards':
        os.rename(data, data.replace('of-00001', 'of-00002'))
    elif name == 'lacks a variable':
        with tf.Graph().as_default(), tf.Session() as session:
            tf.train.import_meta_graph(meta).restore(session, 'net/model.ckpt')
            tf.train.Saver([each for each in tf.global_variables() if each.op.name != 'block/expand/kernel']).save(
                session, 'bad/model.ckpt', write_meta_graph=False)


def refused(command: Command, words: Tuple[str, ...], *expected: str) -> None:
    """Runs a command that must be refused and leave everything as it was."""
    before = contents('.')
    result = command(*words)
    assert result.code == 2, result
    assert result.out == ''
    assert result.err.startswith('tf1pruning')
    assert result.err.count('\n') == 1
    for text in expected:
        assert text in result.err
    assert contents('.') == before


DAMAGES: Dict[str, Tuple[str, ...]] = {
    'truncated data 0.5': ('bad/model.ckpt', 'damaged or truncated', 'again'),
    'truncated data 0': ('bad/model.ckpt', 'damaged or truncated'),
    'truncated data 0.99': ('bad/model.ckpt', 'damaged or truncated'),
    'truncated index 0.5': ('bad/model.ckpt', 'damaged or truncated'),
    'truncated meta 0.5': ('bad/model.ckpt.meta', 'truncated'),
    'truncated meta 0.999': ('bad/model.ckpt.meta', 'truncated'),
    'truncated meta 0': ('bad/model.ckpt.meta', 'no graph'),
    'no data': ('bad/model.ckpt', 'no data file'),
    'no meta': ('bad/model.ckpt.meta', 'No such file'),
    'no index': ('model.ckpt, which is not there',),
    'no state': ('no readable `checkpoint` file; there is bad/model.ckpt',),
    'flipped bit': ('bad/model.ckpt', 'damaged'),
    'another meta': ('bad/model.ckpt.meta', 'different models'),
    'text as meta': ('bad/model.ckpt.meta',),
    'text as state': ('no readable `checkpoint` file; there is bad/model.ckpt',),
    'empty state': ('no readable `checkpoint` file; there is bad/model.ckpt',),
    'state of a deleted checkpoint': ('names bad/model.ckpt-77, which is not there; there is bad/model.ckpt',),
    'file of another number of shards': ('no data file (bad/model.ckpt.data-00000-of-00001)',),
    'lacks a variable': ('lacks 1 variables that the outputs need (block/expand/kernel)',),
}


@pytest.mark.filterwarnings('ignore:Unexpected end-group tag')
@pytest.mark.parametrize('damage', list(DAMAGES))
def test_damaged_model(work: str, command: Command, damage: str) -> None:
    _damage(damage)
    refused(command, ('prune', 'bad', '--outputs', 'output', *HALF), *DAMAGES[damage])


MODELS: Dict[str, Tuple[str, ...]] = {
    'nowhere': ('no checkpoint nowhere (expected nowhere.index)', 'give a prefix'),
    'nowhere/model.ckpt': ('no checkpoint nowhere/model.ckpt',),
    'net/model.ckp': ('no checkpoint net/model.ckp', 'there is net/model.ckpt'),
    '': ("no checkpoint ''",),
    '.': ('no readable `checkpoint` file', 'try ./net'),
    'nowhere.pb': ('no file nowhere.pb',),
    'text.pb': ('text.pb',),
    'empty.pb': ('empty.pb holds no graph',),
    'net[1]/model.ckpt': ('[', 'rename'),
    'empty': ('no checkpoint in folder empty', 'no readable `checkpoint` file'),
}


@pytest.mark.filterwarnings('ignore:Unexpected end-group tag')
@pytest.mark.parametrize('model', list(MODELS))
@pytest.mark.parametrize('name', ['prune', 'inspect'])
def test_not_a_model(work: str, command: Command, name: str, model: str) -> None:
    write('text.pb', 'this is a text\n' * 20)
    write('empty.pb', '')
    shutil.copytree('net', 'net[1]')
    os.mkdir('empty')
    refused(command, (name, model, '--outputs', 'output', *(HALF if name == 'prune' else ())), *MODELS[model])


@pytest.mark.parametrize(('words', 'expected'), [
    (('net', '--outputs', 'outptu'), ("no output node named 'outptu'", 'closest: output')),
    (('net', '--outputs', 'nothing_like_it'), ('candidates: output',)),
    (('net', '--outputs', 'OUTPUT'), ('closest: output',)),
    (('net', '--outputs', 'logits'), ("no output node named 'logits'", 'closest: logits/bias, logits/kernel')),
    (('net', '--outputs', 'output:1'), ('output:1', 'makes 1')),
    (('net', '--outputs', '^output'), ('^output',)),
    (('net', '--outputs', 'save/restore_all'), ('depend on no input',)),
    (('net', '--outputs', 'stem/kernel'), ('depend on no input',)),
    (('train', '--outputs', 'train_op'), ('depend on no input',)),
    ((*NET, '--feed', 'image=1'), ('depend on no input',)),
    ((*NET, '--inputs', 'imgae=1,8,8,3'), ("no input node named 'imgae'", 'closest: image')),
    ((*NET, '--inputs', 'nothing_like_it'), ('placeholders: image',)),
    ((*NET, '--inputs', 'image=1,8,8'), ('[?, 8, 8, 3]', '[1, 8, 8]')),
    ((*NET, '--inputs', 'image=1,8,8,4'), ('[?, 8, 8, 3]', '[1, 8, 8, 4]')),
    ((*NET, '--inputs', 'stem/Relu6=1,4,4,16'), ('stem/Relu6', '16')),
    ((*NET, '--inputs', 'image=1x8x8x3'), ("'image=1x8x8x3' is not NAME=SIZE",)),
    ((*NET, '--inputs', 'image=1,8,8,3,'), ('is not NAME=SIZE',)),
    ((*NET, '--inputs', 'image='), ('is not NAME=SIZE',)),
    ((*NET, '--inputs', '=1,8,8,3'), ('is not NAME=SIZE',)),
    ((*NET, '--inputs', 'image 1,8,8,3'), ('is not NAME=SIZE',)),
    ((*NET, '--inputs', 'image=0,8,8,3'), ('below 1',)),
    ((*NET, '--inputs', 'image=1,8,8,3;image:0=1,8,8,3'), ('named twice',)),
    ((*NET, '--feed', 'imgae=1'), ("no placeholder named 'imgae'", 'closest: image')),
    ((*NET, '--feed', 'nothing_like_it=1'), ('placeholders: image',)),
    ((*NET, '--feed', 'image'), ("'image' is not NAME=VALUE",)),
    ((*NET, '--feed', 'image=blue'), ('neither a number nor true or false',)),
    ((*NET, '--feed', 'output=1'), ('not a placeholder',)),
])
@pytest.mark.parametrize('name', ['prune', 'inspect', 'export'])
def test_wrong_names(work: str, command: Command, name: str, words: Tuple[str, ...], expected: Tuple[str, ...]) -> None:
    more = {'prune': HALF, 'inspect': (), 'export': ('--output', 'new')}[name]
    refused(command, (name, *words, *more), *expected)


@pytest.mark.parametrize('words', [('net',), ('net', '--outputs', ',')])
def test_no_outputs(work: str, command: Command, words: Tuple[str, ...]) -> None:
    for name, more in (('prune', HALF), ('soft-prune', HALF), ('export', ('--output', 'new'))):
        refused(command, (name, *words, *more), '--outputs', 'candidates: output')


@pytest.mark.parametrize(('words', 'expected'), [
    ((), ('--threshold 0.6, --ratio 0.5, or --macs 0.5',)),
    (('--threshold', '0'), ('outside (0, 1]',)),
    (('--threshold', '-1'), ('outside (0, 1]',)),
    (('--threshold', '1.5'), ('outside (0, 1]',)),
    (('--threshold', 'nan'), ('outside (0, 1]',)),
    (('--threshold', 'inf'), ('outside (0, 1]',)),
    (('--threshold', 'much'), ("'much'", '--help')),
    (('--ratio', '1.01'), ('outside [0, 1]',)),
    (('--ratio', '-0.1'), ('outside [0, 1]',)),
    (('--ratio', 'nan'), ('outside [0, 1]',)),
    (('--ratio', '50%'), ("'50%'", '--help')),
    (('--ratio', '0.5', '--threshold', '0.5'), ('not allowed with', '--help')),
    (('--ratio', '0.5', '--align', '0'), ('align 0 is not',)),
    (('--ratio', '0.5', '--align', '-4'), ('align -4 is not',)),
    (('--ratio', '0.5', '--align', '2.5'), ("'2.5'",)),
    (('--ratio', '0.5', '--macs', '0.5'), ('not allowed with',)),
    (('--macs', '0'), ('target 0 for macs is outside',)),
    (('--params', '1.2'), ('target 1.2 for parameters is outside',)),
    (('--macs', 'nan'), ('target nan for macs is outside',)),
    (('--bytes', '-1'), ('target -1 for bytes is outside',)),
    (('--macs', '0.5', '--params', '0.5'), ('not allowed with', '--help')),
    (('--macs', '0.5', '--align', '64'), ('cannot reach 50.0 % of the macs: 100.0 % remain',)),
    (('--macs', '0.97', '--align', '8'), ('the nearest to 97.0 % of the macs is', '--align')),
    (('--macs', '0.5', '--max-ratio', '0.1'), ('cannot reach 50.0 % of the macs',)),
    (('--macs', '0.001'), ('cannot reach 0.1 % of the macs',)),
    (('--ratio', '0.5', '--min-channels', '0'), ('min-channels 0 is not',)),
    (('--ratio', '0.5', '--min-channels', '2.5'), ("'2.5'", '--help')),
    (('--ratio', '0.5', '--max-ratio', 'nan'), ('max_ratio nan is outside',)),
    (('--ratio', '0.5', '--max-ratio', '2'), ('max_ratio 2 is outside',)),
    (('--ratio', '0.5', '--exclude', 'blok'), ("no scope or group named 'blok'", 'closest: block')),
    (('--ratio', '0.5', '--criterion', 'l3'), ("'l3'", 'redundancy')),
    (('--ratio', '0.5', '--scopes', 'blok'), ("no scope named 'blok'", 'closest: block')),
    (('--ratio', '0.5', '--scopes', 'block,blok'), ("no scope named 'blok'",)),
    (('--ratio', '0.5', '--scopes', 'bloc'), ("no scope named 'bloc'",)),
    (('--ratio', '0.5', '--scopes', 'block/project'), ('block, block/se, stem',)),
    (('--ratio', '0.5', '--scopes', ''), ('--scopes is empty',)),
    (('--ratio', '0.5', '--scopes', 'all,block'), ('all stands alone',)),
    (('--ratio', '0.5', '--treshold', '0.5'), ('unknown --treshold 0.5', '--help')),
])
@pytest.mark.parametrize('name', ['prune', 'soft-prune'])
def test_wrong_choice(work: str, command: Command, name: str, words: Tuple[str, ...],
                      expected: Tuple[str, ...]) -> None:
    refused(command, (name, *NET, *words, '--output', 'new'), *expected)


@pytest.mark.parametrize(('words', 'expected'), [
    (('--tolerance', '-1'), ('--tolerance -1',)),
    (('--tolerance', 'nan'), ('--tolerance nan',)),
    (('--seed', '-1'), ('--seed -1',)),
    (('--feed', 'imgae=1'), ('closest: image',)),
])
def test_wrong_options_of_verify(work: str, command: Command, words: Any, expected: Tuple[str, ...]) -> None:
    refused(command, ('verify', 'net', 'net', '--outputs', 'output', *words), *expected)


def test_verify_says_what_the_second_model_lacks(work: str, command: Command) -> None:
    refused(command, ('verify', 'net', 'train', '--outputs', 'output'), 'train also needs placeholder is_training',
             '--feed')
    refused(command, ('verify', 'net', 'nowhere', '--outputs', 'output'), 'no checkpoint nowhere')


def test_missing_words(work: str, command: Command) -> None:
    refused(command, ('prune', *NET, '--ratio', '0.5'), '--output', 'tf1pruning prune --help')
    refused(command, ('prune', '--ratio', '0.5', '--output', 'new'), 'MODEL')
    refused(command, ('strip', *NET, '--output', 'new'), '--plan')
    refused(command, ('squash', 'net'), "'squash'", 'prune')


def test_exclude_contradicts_scopes(work: str, command: Command) -> None:
    before = contents('.')
    result = command('prune', 'net', '--outputs', 'output', '--scopes', 'block', '--exclude', 'block', *HALF)
    assert (result.code, result.err.count('\n')) == (2, 1)
    assert '--exclude' in result.err
    assert contents('.') == before


def test_together_with_a_threshold(work: str, command: Command) -> None:
    result = command('prune', 'net', '--outputs', 'output', '--threshold', '0.5', '--together', '--output', 'out')
    assert result.code == 2
    assert '--together' in result.err


def test_one_of_the_outputs_depends_on_no_input(work: str, command: Command) -> None:
    result = command('prune', 'net', '--outputs', 'output,logits/kernel', '--ratio', '0.5', '--output', 'out')
    assert result.code == 2
    assert 'logits/kernel' in result.err
    assert 'makes 0' not in result.err
