"""Every command, on models that are all right."""

import json
import os
import shutil
from typing import Any

import numpy as np
import pytest

from tests.cli.conftest import Command, contents
from tests.plain import feeds_for, relative, run_checkpoint, run_frozen, values_of
from tf1pruning.graph.batch_norm import FUSED_BATCH_NORMS
from tf1pruning.model.frozen import load_frozen

PRUNE = ('--outputs', 'output', '--ratio', '0.5', '--align', '2')
FEED = ('--feed', 'is_training=false;keep_prob=1.0')
INPUTS = {'image': (2, 8, 8, 3)}


def _run(path: str) -> np.ndarray:
    run = run_frozen if path.endswith('.pb') else run_checkpoint
    return run(path, ['output'], feeds_for(INPUTS))[0]


@pytest.mark.parametrize('model', ['net/model.ckpt', 'net', './net/', 'net/model.ckpt.index', 'net/model.ckpt.meta',
                                   'net/model.ckpt.data-00000-of-00001'])
def test_prune_takes_whatever_names_a_checkpoint(work: str, command: Command, model: str) -> None:
    result = command('prune', model, *PRUNE, '--output', 'out')
    assert (result.code, result.err) == (0, '')
    assert 'written to out' in result.out
    assert set(os.listdir('out')) == {'plan.json', 'report.json', 'Pruned_Dir', 'Stripped_Dir'}
    soft, hard, frozen = map(_run, ('out/Pruned_Dir/model.ckpt', 'out/Stripped_Dir/model.ckpt',
                                    'out/Stripped_Dir/modify.pb'))
    assert relative(soft, hard) <= 1e-5
    assert relative(hard, frozen) <= 1e-5


def test_prune_json_is_the_report(work: str, command: Command) -> None:
    result = command('prune', 'net', *PRUNE, '--output', 'out', '--json')
    report = json.loads(result.out)
    with open('out/report.json') as stream:
        assert report == json.load(stream)
    assert set(report) == {'stripped_vs_soft_pruned', 'pb_vs_checkpoint', 'parameters', 'macs', 'weight_bytes', 'bytes',
                           'groups', 'channels', 'seconds'}
    for name in ('parameters', 'macs', 'weight_bytes', 'bytes', 'channels'):
        assert report[name]['after'] < report[name]['before']
    assert set(report['pb_vs_checkpoint']) == {'relative', 'absolute', 'output'}
    assert set(report['seconds']) == {'analyse', 'plan', 'soft-prune', 'strip', 'write', 'verify'}


def test_prune_a_frozen_graph(work: str, command: Command) -> None:
    assert command('export', 'net', '--outputs', 'output', '--output', 'shipped').code == 0
    assert command('prune', 'shipped/model.pb', *PRUNE, '--output', 'out').code == 0
    assert sorted(os.listdir('out/Stripped_Dir')) == ['modify.pb', 'plan.json']
    assert relative(_run('out/Pruned_Dir/model.pb'), _run('out/Stripped_Dir/modify.pb')) <= 1e-5


def test_prune_a_training_checkpoint(work: str, command: Command) -> None:
    assert command('prune', 'train', *PRUNE, *FEED, '--inputs', 'image=2,8,8,3', '--output', 'out').code == 0
    assert _run('out/Stripped_Dir/model.ckpt-3').shape == (2, 5)


def test_inputs_cut_the_graph(work: str, command: Command) -> None:
    assert command('prune', 'net', *PRUNE, '--inputs', 'stem/Relu6:0=1,4,4,8', '--output', 'out').code == 0
    feeds = {'stem/Relu6:0': np.ones((1, 4, 4, 8), np.float32)}
    assert run_frozen('out/Stripped_Dir/modify.pb', ['output'], feeds)[0].shape == (1, 5)


@pytest.mark.parametrize(('amount', 'option'), [
    (('--ratio', '0.5'), ('--scopes', 'blocks')), (('--ratio', '0.5'), ('--scopes', 'block')),
    (('--ratio', '0.5'), ('--criterion', 'l1')), (('--threshold', '0.55'), ('--align', '1'))])
def test_choices_change_the_plan(work: str, command: Command, amount: Any, option: Any) -> None:
    plans = []
    for folder, more in (('usual', ()), ('changed', option)):
        assert command('prune', 'net', '--outputs', 'output', *amount, *more, '--output', folder).code == 0
        plans.append(contents(folder)['plan.json'])
    assert plans[0] != plans[1]


def test_an_output_named_twice_counts_once(work: str, command: Command) -> None:
    assert command('prune', 'net', '--outputs', 'output,output:0,output', '--ratio', '0.5', '--output', 'out').code == 0
    words = ('--outputs', 'output:0', '--inputs', 'image:0=1,8,8,3')
    assert command('export', 'net', *words, '--output', 'shipped').code == 0


@pytest.mark.parametrize('output', ['a/b/c/', './out', 'ünï cödé/a b', 'out {1}*?'])
def test_output_folders_with_any_name(work: str, command: Command, output: str) -> None:
    assert command('prune', 'net', *PRUNE, '--output', output).code == 0
    assert os.path.isfile(os.path.join(output, 'Stripped_Dir', 'modify.pb'))
    assert command('verify', output + '/Pruned_Dir', output + '/Stripped_Dir', '--outputs', 'output').code == 0


@pytest.mark.parametrize('name', ['x {1}*?', 'mödel'])
def test_checkpoints_with_any_name(work: str, command: Command, name: str) -> None:
    for ending in ('.index', '.meta', '.data-00000-of-00001'):
        shutil.copy('net/model.ckpt' + ending, name + ending)
    assert command('prune', name, *PRUNE, '--output', 'out').code == 0
    assert command('verify', 'out/Pruned_Dir', 'out/Stripped_Dir/' + name, '--outputs', 'output').code == 0


@pytest.mark.parametrize('place', ['/another/machine', 'other'])
def test_a_folder_means_the_checkpoint_in_it_wherever_it_was_copied_from(work: str, command: Command,
                                                                         place: str) -> None:
    with open('net/checkpoint', 'w') as stream:
        stream.write('model_checkpoint_path: "%s/model.ckpt"\n' % os.path.abspath(place))
    assert command('prune', 'net', *PRUNE, '--output', 'out').code == 0
    assert 'block/expand/kernel' in values_of('out/Stripped_Dir/model.ckpt')


def test_an_output_that_is_a_link_stays_one(work: str, command: Command) -> None:
    os.mkdir('disk')
    os.symlink('disk', 'out')
    for _ in range(2):
        assert command('prune', 'net', *PRUNE, '--output', 'out', '--force').code == 0
        assert os.path.islink('out')
        assert os.path.isfile('disk/report.json')
    assert sorted(os.listdir('.')) == ['disk', 'net', 'other', 'out', 'train']


def test_force_replaces_an_earlier_result(work: str, command: Command) -> None:
    command('prune', 'net', *PRUNE, '--output', 'out')
    assert command('prune', 'other', *PRUNE, '--output', 'out', '--force').code == 0
    before = contents('out')
    assert command('prune', 'other', *PRUNE, '--output', 'again').code == 0
    again = contents('again')
    assert set(again) == set(before)
    assert all(again[name] == before[name] for name in again if name.endswith(('plan.json', '-00001', '.index')))


def test_missing_variables_that_nothing_needs_may_be_missing(work: str, command: Command) -> None:
    from tf1pruning.tf1 import tf
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph('train/model.ckpt-3.meta').restore(session, 'train/model.ckpt-3')
        kept = [each for each in tf.global_variables() if 'Adam' not in each.op.name]
        tf.train.Saver(kept).save(session, 'train/bare', write_meta_graph=False)
    shutil.copy('train/model.ckpt-3.meta', 'train/bare.meta')
    assert command('prune', 'train/bare', *PRUNE, *FEED, '--output', 'out').code == 0


@pytest.mark.parametrize(('options', 'words'), [
    (('--ratio', '0.5', '--align', '64'), 'multiple of 64, and the largest has 24 channels'),
    (('--ratio', '0.1', '--align', '8'), 'to leave a multiple of 8'),
    (('--threshold', '1'), 'no score is above 1, the highest is 0.'),
    (('--ratio', '0.5', '--inputs', 'block/add=1,4,4,8'), 'no channels of the scopes asked for can be'),
])
@pytest.mark.parametrize('which', ['prune', 'soft-prune'])
def test_pruning_nothing_is_right_but_said(work: str, command: Command, which: str, options: Any, words: str) -> None:
    result = command(which, 'net', '--outputs', 'output', *options, '--output', 'out', '--json')
    report = json.loads(result.out)
    assert result.code == 0
    assert words in report['note']
    assert result.err == 'note: %s\n' % report['note']
    assert report['channels']['before'] == report['channels']['after']


def test_soft_prune_then_strip_is_prune(work: str, command: Command) -> None:
    command('prune', 'net', *PRUNE, '--output', 'out')
    soft = json.loads(command('soft-prune', 'net', *PRUNE, '--output', 'soft', '--json').out)
    assert set(soft) == {'path', 'groups', 'channels'}
    assert soft['path'] == 'soft/Pruned_Dir/model.ckpt'
    result = command('strip', soft['path'], '--plan', 'soft/plan.json', '--outputs', 'output', '--inference',
                     '--output', 'hard', '--json')
    report = json.loads(result.out)
    assert set(report) == {'stripped_vs_soft_pruned', 'pb_vs_checkpoint', 'parameters', 'macs', 'weight_bytes', 'bytes',
                           'groups', 'channels'}
    first, second = values_of('out/Stripped_Dir/model.ckpt'), values_of('hard/Stripped_Dir/model.ckpt')
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert set(first) == set(second)
    assert np.array_equal(_run('out/Stripped_Dir/modify.pb'), _run('hard/Stripped_Dir/modify.pb'))
    assert contents('out')['plan.json'] == contents('soft')['plan.json']


def test_soft_prune_by_the_plan_of_a_sibling(work: str, command: Command) -> None:
    command('prune', 'net', *PRUNE, '--output', 'out')
    assert command('soft-prune', 'net', '--outputs', 'output', '--plan', 'out/plan.json', '--output', 'soft').code == 0
    assert contents('soft')['Pruned_Dir/' + 'model.ckpt.data-00000-of-00001'] == (
        contents('out')['Pruned_Dir/' + 'model.ckpt.data-00000-of-00001'])


def test_strip_keeps_a_training_graph_unless_told(work: str, command: Command) -> None:
    assert command('soft-prune', 'train', *PRUNE, *FEED, '--output', 'soft').code == 0
    words = ('strip', 'soft/Pruned_Dir', '--plan', 'soft/plan.json', '--outputs', 'output', *FEED)
    assert command(*words, '--output', 'training').code == 0
    assert command(*words, '--inference', '--output', 'inference').code == 0
    slots = [name for name in values_of('training/Stripped_Dir/model.ckpt-3') if name.endswith('/Adam')]
    assert slots
    assert not any('Adam' in name for name in values_of('inference/Stripped_Dir/model.ckpt-3'))
    assert command('verify', 'training/Stripped_Dir', 'inference/Stripped_Dir', '--outputs', 'output', *FEED).code == 0


def test_strip_refuses_what_is_not_zero_unless_told(work: str, command: Command) -> None:
    command('soft-prune', 'net', *PRUNE, '--output', 'soft')
    words = ('strip', 'net', '--plan', 'soft/plan.json', '--outputs', 'output', '--output', 'out')
    refused = command(*words)
    assert refused.code == 2
    assert 'stem/kernel axis 3' in refused.err
    assert not os.path.exists('out')
    result = command(*words, '--zero-unconverged')
    assert result.code == 0
    assert 'changed the output by' in result.out
    with open('out/report.json') as stream:
        assert json.load(stream)['zeroing_changed_output'] > 0


def test_verify_equal_models(work: str, command: Command) -> None:
    command('prune', 'net', *PRUNE, '--output', 'out')
    words = ('verify', 'out/Pruned_Dir', 'out/Stripped_Dir/modify.pb', '--outputs', 'output')
    assert command(*words).out.startswith('equal: ')
    found = json.loads(command(*words, '--json', '--seed', '3', '--tolerance', '1e-4').out)
    assert set(found) == {'relative', 'absolute', 'output', 'equal', 'tolerance', 'first_node'}
    assert (found['equal'], found['tolerance'], found['first_node']) == (True, 1e-4, None)


def test_verify_training_and_frozen(work: str, command: Command) -> None:
    assert command('export', 'train', '--outputs', 'output', *FEED, '--output', 'shipped').code == 0
    assert command('verify', 'train', 'shipped/model.pb', '--outputs', 'output', *FEED).code == 0


def test_verify_different_models_names_the_first_node(work: str, command: Command) -> None:
    from tests.plain import change_values
    shutil.copytree('net', 'changed')
    change_values('changed/model.ckpt', lambda name, value: value * 1.5 if name == 'block/project/kernel' else value)
    result = command('verify', 'net', 'changed', '--outputs', 'output')
    assert (result.code, result.err) == (1, '')
    assert result.out.startswith('different: ')
    assert 'first node that differs is block/project/Conv2D (Conv2D)' in result.out
    found = json.loads(command('verify', 'net', 'changed', '--outputs', 'output', '--json').out)
    assert (found['equal'], found['first_node']) == (False, 'block/project/Conv2D')


def test_verify_other_shapes_is_legal_json(work: str, command: Command) -> None:
    result = command('verify', 'net', 'net', '--outputs', 'output', '--json', '--inputs', 'image')
    assert json.loads(result.out)['equal']
    assert command('export', 'net', '--outputs', 'output', '--output', 'shipped').code == 0
    from tf1pruning.model.frozen import save_graph
    graph = load_frozen('shipped/model.pb').graph
    node = next(node for node in graph.node if node.name == 'output')
    node.input[0] = 'stem/Relu6'
    save_graph(graph, 'b.pb')
    result = command('verify', 'shipped/model.pb', 'b.pb', '--outputs', 'output', '--json')
    found = json.loads(result.out, parse_constant=pytest.fail)
    assert (result.code, found['relative'], found['equal']) == (1, None, False)


def test_inspect(work: str, command: Command) -> None:
    text = command('inspect', 'net', '--outputs', 'output').out
    assert '3 groups with 40 channels can be pruned' in text
    assert 'squeeze_excite' in text
    assert 'an output of the model' in text
    found = json.loads(command('inspect', 'net', '--outputs', 'output', '--json', '--all').out)
    assert set(found) == {'model', 'nodes', 'parameters', 'macs', 'groups', 'pinned', 'reasons'}
    assert set(found['groups'][0]) == {'name', 'kind', 'channels', 'parameters', 'macs'}
    assert set(found['pinned'][0]) == {'operation', 'node', 'reason', 'channels', 'macs'}
    assert set(found['reasons'][0]) == {'operation', 'nodes', 'reason', 'channels', 'macs'}


def test_inspect_where_nothing_can_be_pruned(work: str, command: Command) -> None:
    assert 'no channels can be pruned' in command('inspect', 'net', '--outputs', 'stem/Relu6').out


def test_export_folded(work: str, command: Command) -> None:
    """Batch norms are gone, unless they are to stay."""
    words = ('export', 'net', '--outputs', 'output', '--output')
    assert command(*words, 'plain', '--no-fold').code == 0
    assert command(*words, 'folded').code == 0
    assert os.path.getsize('folded/model.pb') < os.path.getsize('plain/model.pb')
    assert relative(_run('plain/model.pb'), _run('folded/model.pb')) < 1e-5
    operations = [{node.op for node in load_frozen(name + '/model.pb').graph.node} for name in ('plain', 'folded')]
    assert [bool(found & set(FUSED_BATCH_NORMS)) for found in operations] == [True, False]


def test_export_replaces_only_when_told(work: str, command: Command) -> None:
    words = ('export', 'net', '--outputs', 'output', '--output', 'deep/er')
    assert 'written to deep/er' in command(*words).out
    before = contents('.')
    refused = command(*words)
    assert refused.code == 2
    assert '--force' in refused.err
    assert contents('.') == before
    assert command(*words, '--force').code == 0
    assert relative(_run('net/model.ckpt'), _run('deep/er/model.pb')) <= 1e-6


def test_help_and_version(command: Command) -> None:
    assert 'COMMAND' in command('--help').out
    assert command('--version').out.startswith('tf1pruning ')
    for name in ('inspect', 'prune', 'soft-prune', 'strip', 'verify', 'export', 'benchmark', 'run'):
        result = command(name, '--help')
        assert result.code == 0
        assert 'examples:\n  tf1pruning %s ' % name in result.out
        assert '--json prints' in result.out
    assert 'COMMAND' in command().out
