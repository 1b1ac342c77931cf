"""Models and amounts at the ends of what is possible: nothing crashes, and what was not done is said."""

import json
import os
from typing import Any, Callable, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Dialect, conv, image
from tests.cli.conftest import Command, contents
from tf1pruning.tf1 import tf

HALF = ('--outputs', 'output', '--ratio', '0.5', '--align', '1', '--output', 'out')


@pytest.fixture(name='saved')
def make_saved(tmp_path: Any, monkeypatch: Any) -> Callable[[Callable[[], Any]], str]:
    """Saves a graph as `model/model.ckpt` in a new current folder."""
    monkeypatch.chdir(tmp_path)

    def save(build: Callable[[], Any]) -> str:
        os.mkdir('model')
        builders.save_graph(build, 'model')
        return 'model'
    return save


def _unknown_operation() -> None:
    x = tf.cumsum(conv(image(), 8, 'before', 3), 3)
    builders.head(conv(conv(x, 8, 'after'), 8, 'last'))


def test_an_unknown_operation(saved: Any, command: Command) -> None:
    """The rest is pruned; `inspect` names the operation, the node and the reason."""
    model = saved(_unknown_operation)
    result = command('prune', model, *HALF)
    assert (result.code, result.err) == (0, '')
    shapes = {name: value.shape for name, value in plain.values_of('out/Stripped_Dir/model.ckpt').items()}
    assert (shapes['before/kernel'], shapes['after/kernel']) == ((3, 3, 3, 8), (1, 1, 8, 4))
    line = next(line for line in command('inspect', model, '--outputs', 'output').out.splitlines() if 'Cumsum' in line)
    assert 'no rule for this operation' in line


def _unknown_rank() -> None:
    kernels = [tf.get_variable('kernel_%d' % number, [3, 3, size, 8]) for number, size in enumerate((3, 8))]
    x = tf.placeholder(tf.float32, None, 'image')
    for kernel in kernels:
        x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, 'SAME'))
    tf.reduce_sum(x, [1, 2, 3], name='output')


def test_an_input_whose_shape_nothing_says(saved: Any, command: Command) -> None:
    """Refused in one line that says what to give; with it, pruned."""
    model = saved(_unknown_rank)
    before = contents('.')
    result = command('prune', model, *HALF)
    assert (result.code, result.out, result.err.count('\n')) == (2, '', 1)
    assert 'give the shapes of the inputs' in result.err
    assert contents('.') == before
    assert command('prune', model, *HALF, '--inputs', 'image=2,8,8,3').code == 0
    assert plain.values_of('out/Stripped_Dir/model.ckpt')['kernel_1'].shape == (3, 3, 4, 8)


def _fed_shape() -> None:
    x = conv(conv(image(), 8, 'first', 3), 8, 'before', 3)
    x = tf.reshape(x, tf.placeholder(tf.int32, [None], 'size'))
    builders.head(conv(tf.reshape(x, [-1, 8, 8, 8]), 8, 'after'))


def test_a_shape_that_is_only_known_when_it_runs(saved: Any, command: Command) -> None:
    """What passes there stays whole, with the reason; what does not is pruned."""
    model = saved(_fed_shape)
    found = json.loads(command('inspect', model, '--outputs', 'output', '--json').out)
    assert ('Reshape', 'where these channels go depends on sizes that are not known') in [
        (pin['operation'], pin['reason']) for pin in found['pinned']]
    assert 'first' in {group['name'] for group in found['groups']}
    assert 'before' not in {group['name'] for group in found['groups']}


def test_a_ratio_of_zero_is_the_identity(work: str, command: Command) -> None:
    """The output is there, equals the input to the last bit, and the note says that nothing was pruned."""
    result = command('prune', 'net', '--outputs', 'output', '--ratio', '0', '--output', 'out')
    assert result.code == 0
    assert result.err.startswith('note: nothing was pruned')
    feeds = plain.feeds_for({'image': builders.IMAGE})
    wanted = plain.run_checkpoint('net/model.ckpt', ['output'], feeds)[0]
    for prefix in ('out/Pruned_Dir/model.ckpt', 'out/Stripped_Dir/model.ckpt'):
        assert np.array_equal(plain.run_checkpoint(prefix, ['output'], feeds)[0], wanted)
    before, after = (plain.values_of(folder + '/model.ckpt') for folder in ('net', 'out/Stripped_Dir'))
    assert sorted(before) == sorted(after)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert command('verify', 'net', 'out/Stripped_Dir/modify.pb', '--outputs', 'output', '--tolerance', '0').code == 0


@pytest.mark.parametrize(('limits', 'kept'), [
    (('--align', '1'), {1}), (('--align', '4'), {4}), (('--align', '1', '--min-channels', '3'), {3}),
    (('--align', '4', '--min-channels', '3'), {4}), (('--align', '1', '--max-ratio', '0.75'), {2, 6}),
    (('--align', '1', '--together'), {1})])
def test_a_ratio_of_one_keeps_the_minimum(work: str, command: Command, limits: Tuple[str, ...], kept: Any) -> None:
    """One multiple of the alignment, or what the limits say; still a network, and exact."""
    assert command('prune', 'net', '--outputs', 'output', '--ratio', '1', *limits, '--output', 'out').code == 0
    with open('out/plan.json') as stream:
        groups = json.load(stream)['groups']
    assert [group['size'] for group in groups] == [8, 24, 8]
    assert {len(group['kept']) for group in groups} == kept
    outputs = [plain.run_checkpoint(prefix, ['output'], plain.feeds_for({'image': builders.IMAGE}))[0]
               for prefix in ('out/Pruned_Dir/model.ckpt', 'out/Stripped_Dir/model.ckpt')]
    assert plain.relative(*outputs) <= 1e-5


def _nothing_prunable() -> None:
    x = tf.reduce_mean(builders.image(), [1, 2])
    tf.identity(builders.dense(x, builders.CLASSES, 'logits'), 'output')


@pytest.mark.parametrize('name', ['prune', 'soft-prune'])
def test_no_prunable_channel(saved: Any, command: Command, name: str) -> None:
    """Said, exit 0, and nothing at all is written."""
    model = saved(_nothing_prunable)
    before = contents('.')
    result = command(name, model, *HALF)
    assert result.code == 0
    assert 'nothing was pruned: no channels of the scopes asked for can be' in result.err
    assert contents('.') == before


def test_channels_first_on_a_cpu(saved: Any, command: Command) -> None:
    """What a CPU has no kernels for is compared all the same."""
    model = saved(lambda: builders.mobilenet(Dialect(data_format='NCHW'), 4))
    assert command('prune', model, *HALF).code == 0


def test_a_text_as_pb_says_what_to_do(saved: Any, command: Command) -> None:
    """A frozen graph was expected."""
    saved(_nothing_prunable)
    with open('text.pb', 'w') as stream:
        stream.write('this is text\n')
    result = command('prune', 'text.pb', *HALF)
    assert result.code == 2
    assert 'frozen' in result.err
