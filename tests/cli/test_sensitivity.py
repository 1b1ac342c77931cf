"""`tf1pruning sensitivity`."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Command, contents
from tf1pruning.levels import load_levels

NET = ('net', '--outputs', 'output', '--data', 'examples.npz', '--output', 'out')
FEW = ('--levels', '0.5,0.9', '--workers', '1')


@pytest.fixture
def examples(work: str) -> None:
    """Labelled examples for `net`."""
    random = np.random.RandomState(0)
    np.savez('examples.npz', image=random.uniform(0, 1, (30, 8, 8, 3)).astype(np.float32),
             labels=random.randint(0, 5, 30))


@pytest.mark.usefixtures('examples')
def test_a_table_and_files(command: Command) -> None:
    result = command('sensitivity', *NET, *FEW, '--budget', '0.2')
    assert (result.code, result.err) == (0, '')
    assert 'levels.yaml: all together sparsity' in result.out
    assert set(os.listdir('out')) == {'trials.json', 'sensitivity.csv', 'sensitivity.json', 'sensitivity.png',
                                      'levels.yaml'}
    with open('out/sensitivity.json') as stream:
        record = json.load(stream)
    assert load_levels('out/levels.yaml') == record['suggestion']['numbers']
    assert record['suggestion']['measured']['accuracy'] >= record['baseline']['accuracy'] - 0.2
    before = contents('out')
    again = command('sensitivity', *NET, *FEW, '--budget', '0.2', '--json')
    assert json.loads(again.out) == record
    assert contents('out') == before
    sparse = command('sparsify', 'net', '--outputs', 'output', '--levels', 'out/levels.yaml', '--output', 'sparse')
    assert sparse.code == 0, sparse.err


@pytest.mark.usefixtures('examples')
def test_the_plan_of_channels_is_read_by_soft_prune(command: Command) -> None:
    result = command('sensitivity', *NET, *FEW, '--kind', 'channel', '--budget', '0.9')
    assert result.code == 0, result.err
    assert command('soft-prune', 'net', '--outputs', 'output', '--plan', 'out/plan.json', '--output', 'soft').code == 0


@pytest.mark.usefixtures('examples')
@pytest.mark.parametrize(('words', 'message'), [
    (('--levels', '0.5,x'), "--levels: '0.5,x' is not numbers"),
    (('--levels', '1.5'), 'sparsity 1.5 is not in [0, 1)'),
    (('--kind', 'bits', '--levels', 'nan'), 'nan is no number of bits from 1 to 10'),
    (('--kind', 'bits', '--levels', 'inf'), 'inf is no number of bits from 1 to 10'),
    (('--structure', '2:4'), 'structure 2:4 has a sparsity of its own'),
    (('--budget', '5'), 'a budget of 5 is not in [0, 1)'),
    (('--workers', '0'), '--workers 0: it must be at least 1'),
    (('--count', '0'), '--count 0: it must be at least 1'),
    (('--batch', '0'), '--batch 0: it must be at least 1'),
    (('--parameters', 'stem/kernle'), "no weight tensor named 'stem/kernle'; closest: stem/kernel"),
    (('--data', 'nothing.npz'), 'no file or folder nothing.npz'),
    (('--kind', 'bits', '--levels', '0.5'), '0.5 is no number of bits'),
])
def test_mistakes(command: Command, words: Any, message: str) -> None:
    before = contents('.')
    result = command('sensitivity', *NET, '--workers', '1', *words)
    assert result.code == 2
    assert message in result.err
    assert result.err.count('\n') == 1
    assert contents('.') == before


@pytest.mark.usefixtures('examples')
def test_another_run_in_the_same_folder(command: Command) -> None:
    assert command('sensitivity', *NET, *FEW, '--parameters', 'stem/kernel').code == 0
    result = command('sensitivity', *NET, *FEW, '--structure', 'filter')
    assert result.code == 2
    assert 'belongs to a run with structure "unstructured", not "filter"' in result.err
    os.remove('out/trials.json')
    result = command('sensitivity', *NET, *FEW)
    assert result.code == 2
    assert 'out holds sensitivity.csv, but no trials.json' in result.err


@pytest.mark.slow
@pytest.mark.usefixtures('examples')
def test_several_processes_and_a_killed_one(command: Command, work: str) -> None:
    """The same files, byte for byte, whoever measured; nobody is left behind by a killed parent."""
    assert command('sensitivity', *NET, *FEW).code == 0
    words = [sys.executable, '-m', 'tf1pruning', 'sensitivity', *NET[:-1], 'other_out', '--levels', '0.5,0.9',
             '--workers', '2']
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    process = subprocess.Popen(words, env=environment, start_new_session=True)
    limit = time.time() + 300
    while not os.path.exists('other_out/trials.json') and time.time() < limit:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    own, others = contents('out'), contents('other_out')
    for name in ('sensitivity.csv', 'sensitivity.json', 'sensitivity.png'):
        assert own[name] == others[name]
    assert not _in_session(process.pid)


def _in_session(session: int) -> Any:
    """Returns the processes of a session, after they had time to end."""
    time.sleep(1.5)
    found = subprocess.run(['ps', '-s', str(session), '-o', 'pid='], stdout=subprocess.PIPE, check=False)
    return found.stdout.split()


@pytest.mark.usefixtures('examples')
def test_levels_that_somebody_wrote_are_not_replaced(command: Command) -> None:
    os.makedirs('out')
    with open('out/levels.yaml', 'w') as stream:
        stream.write('levels: {mine: 0.5}')
    before = contents('out')
    result = command('sensitivity', *NET, *FEW, '--budget', '0.9')
    assert result.code == 2
    assert 'out holds levels.yaml, but no trials.json of an earlier run' in result.err
    assert contents('out') == before
