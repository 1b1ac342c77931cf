"""The scripts a person runs, as processes."""

import json
import os
import pickle
import subprocess
import sys
from typing import Any, Tuple

import numpy as np
import pytest

from tests.builders import save_training
from tests.plain import feeds_for, relative, run_frozen, values_of
from tf1pruning.cli.main import main, parse
from tf1pruning.model.load import load_model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.verify import difference_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAP = ('--input_tensors_map', 'image:0=input:?,8,8,3', '--feed', 'is_training=false')


def _run(script: str, *words: str) -> Tuple[int, str, str]:
    process = subprocess.run([sys.executable, os.path.join(ROOT, 'scripts', script), *words], capture_output=True,
                             env=dict(os.environ, PYTHONPATH=ROOT), timeout=120)
    return process.returncode, process.stdout.decode('utf-8'), process.stderr.decode('utf-8')


@pytest.fixture
def work(tmp_path: Any, monkeypatch: Any) -> str:
    """The current folder: `train`, and `soft` with half of its channels set to zero."""
    monkeypatch.chdir(tmp_path)
    os.mkdir('train')
    save_training('train', flag='placeholder')
    assert main(parse(['tf1pruning', 'soft-prune', 'train', '--outputs', 'output', '--feed', 'is_training=false',
                       '--scopes', 'blocks', '--ratio', '0.5', '--output', 'soft'])) == 0
    return str(tmp_path)


def test_strip_by_a_plan(work: str) -> None:
    code, out, err = _run('strip_checkpoint.py', '--ckpt', 'soft/Pruned_Dir', '--plan', 'soft/plan.json',
                          '--output_nodes', 'output', '--output_dir', 'hard', *MAP)
    assert (code, err) == (0, '')
    assert 'written to hard/Stripped_Dir/model.ckpt-3' in out
    assert sorted(os.listdir('hard')) == ['Pruning_Dict', 'Rebuild_CKPT', 'Stripped_Dir']
    feeds = feeds_for({'input': (2, 8, 8, 3)})
    soft = to_inference(load_model('hard/Rebuild_CKPT', ('output',)))
    hard = to_inference(load_model('hard/Stripped_Dir/modify.pb', ('output',)))
    assert difference_of(soft, hard).relative <= 1e-5
    assert run_frozen('hard/Stripped_Dir/modify.pb', ['output'], feeds)[0].shape == (2, 5)
    with open('hard/Stripped_Dir/report.json') as stream:
        assert json.load(stream)['stripped_vs_soft_pruned']['relative'] <= 1e-5


def test_strip_the_training_graph_by_an_old_pickle(work: str) -> None:
    with open('soft/plan.json') as stream:
        group = next(each for each in json.load(stream)['groups'] if each['name'] == 'block_1')
    with open('filters.pkl', 'wb') as stream:
        pickle.dump({'block_1': {'block_1/expand/Conv2D': group['pruned']}}, stream, protocol=2)
    code, out, err = _run('strip_checkpoint.py', '--ckpt', 'soft/Pruned_Dir', '--pruned_filters', 'filters.pkl',
                          '--training', '--output_nodes', 'output', '--output_dir', 'hard', *MAP[2:])
    assert (code, err) == (0, '')
    values = values_of('hard/Stripped_Dir/model.ckpt-3')
    kept = group['size'] - len(group['pruned'])
    assert values['block_1/expand/kernel'].shape[3] == values['block_1/expand/kernel/Adam'].shape[3] == kept


def test_strip_refuses_what_is_not_zero_and_says_what_zeroing_costs(work: str) -> None:
    words = ('--ckpt', 'train', '--plan', 'soft/plan.json', '--output_nodes', 'output', '--output_dir', 'hard', *MAP)
    code, out, err = _run('strip_checkpoint.py', *words)
    assert (code, out, err.count('\n')) == (2, '', 1)
    assert 'are not zero' in err
    assert not os.path.exists('hard/Stripped_Dir')
    code, out, err = _run('strip_checkpoint.py', *words, '--zero_unconverged')
    assert code == 0
    assert err.startswith('WARNING: setting unconverged filters to zero changes the output by ')
    assert err.count('\n') == 1


def test_strip_refuses_a_malicious_pickle(work: str) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return os.mkdir, ('evil',)

    with open('filters.pkl', 'wb') as stream:
        pickle.dump({'block_1': Evil()}, stream)
    code, out, err = _run('strip_checkpoint.py', '--ckpt', 'soft/Pruned_Dir', '--pruned_filters', 'filters.pkl',
                          '--output_nodes', 'output', '--output_dir', 'hard')
    assert (code, out, err.count('\n')) == (2, '', 1)
    assert 'refused to load filters.pkl: it holds posix.mkdir' in err
    assert sorted(os.listdir('.')) == ['filters.pkl', 'soft', 'train']


def test_export(work: str) -> None:
    words = ('--ckpt', 'train', '--output_nodes', 'output', '--output_pb', 'new/train.pb', *MAP)
    assert _run('export_frozen_graph.py', *words)[0] == 0
    feeds = feeds_for({'input': (2, 8, 8, 3)})
    assert main(parse(['tf1pruning', 'export', 'train', '--outputs', 'output', '--feed', 'is_training=false',
                       '--no-fold', '--output', 'shipped'])) == 0
    first = run_frozen('new/train.pb', ['output'], feeds)[0]
    second = run_frozen('shipped/model.pb', ['output'], {'image:0': np.asarray(feeds['input:0'])})[0]
    assert relative(first, second) == 0
    code, out, err = _run('export_frozen_graph.py', *words)
    assert (code, out, err.count('\n')) == (2, '', 1)
    assert '--force' in err


@pytest.mark.parametrize(('script', 'words', 'expected'), [
    ('strip_checkpoint.py', ('--help',), ''),
    ('strip_checkpoint.py', ('--bogus',), "Unknown command line flag 'bogus'"),
    ('export_frozen_graph.py', ('--help',), ''),
    ('export_frozen_graph.py', (), '--ckpt must have a value'),
    ('screenshot_report.py', ('--report', 'none.html'), 'no report none.html: make it with `tf1pruning report DIR`'),
])
def test_help_and_wrong_flags(script: str, words: Tuple[str, ...], expected: str) -> None:
    code, out, err = _run(script, *words)
    if expected:
        assert (code, out, err.count('\n')) == (2, '', 1)
        assert expected in err
    else:
        assert (code, err) == (0, '')
        assert 'Examples:\n  python ' in out
