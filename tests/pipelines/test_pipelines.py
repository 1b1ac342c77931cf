"""Pipelines: stages in order, made once, made again only where something they depend on changed."""

import dataclasses
import json
import os
import shutil
from typing import Any, Callable, Dict, List

import numpy as np
import pytest

from tests import builders, plain
from tests.cli.conftest import contents
from tf1pruning.errors import DataError, ModelError, OptionError, OutputError, PruningError, VerificationError
from tf1pruning.pipelines import Outcome, PipelineConfig, dry_run, run_pipeline, runner, stages
from tf1pruning.report.run import gather
from tf1pruning.typed_yaml import load

YAML = """
model: {path: net/model.ckpt, outputs: [output], inputs: {image: {shape: [1, 8, 8, 3]}}}
output: out
stages:
- {name: soft_prune, ratio: 0.5, align: 2, criterion: l1}
- {name: strip}
- {name: fold}
- {name: verify}
- {name: export, formats: [pb]}
"""
ALL = ['model', 'soft_prune', 'strip', 'fold', 'verify', 'export']


@pytest.fixture
def pipeline(tmp_path: Any, monkeypatch: Any) -> PipelineConfig:
    """The pipeline above, in a folder with its network."""
    (tmp_path / 'net').mkdir()
    builders.save_network('nested_se', tmp_path / 'net')
    monkeypatch.chdir(tmp_path)
    return read(YAML)


def read(text: str) -> PipelineConfig:
    with open('pipeline.yaml', 'w') as stream:
        stream.write(text)
    return load(PipelineConfig, 'pipeline.yaml')


def made(outcomes: List[Outcome]) -> List[str]:
    """The stages that ran."""
    return [each.name for each in outcomes if not each.cached]


def test_everything_at_once(pipeline: PipelineConfig) -> None:
    told: List[str] = []
    found = run_pipeline(pipeline, told.append)
    assert (made(found), told) == (ALL, ALL)
    feeds = plain.feeds_for({'image': builders.IMAGE})
    soft = plain.run_checkpoint('out/01_soft_prune/model', ['output'], feeds)[0]
    shipped = plain.run_frozen('out/05_export/model.pb', ['output'], feeds)[0]
    before = plain.run_checkpoint('net/model.ckpt', ['output'], feeds)[0]
    assert plain.relative(soft, shipped) < 1e-5
    assert plain.relative(before, soft) > 1e-3
    records = {each.name: each.record for each in found}
    assert records['soft_prune']['channels']['after'] < records['soft_prune']['channels']['before']
    assert records['strip']['macs']['after'] < records['strip']['macs']['before']
    assert records['fold']['nodes']['after'] < records['fold']['nodes']['before']
    assert records['verify']['relative'] < 1e-5
    with open('out/05_export/certificate.json') as stream:
        assert json.load(stream)['fell']['macs']
    with open('out/pipeline.json') as stream:
        assert [each['name'] for each in json.load(stream)['stages']] == ALL


def test_the_report_knows_pipelines(pipeline: PipelineConfig) -> None:
    """Everything but what only a loop or a benchmark leaves."""
    run_pipeline(pipeline)
    found = gather('out')
    assert {each.part for each in found.missing} == {'History of steps', 'Measured times'}
    assert found.plan is not None
    assert found.plan.pruned_count > 0
    assert {stage.name for kernel in found.kernels for stage in kernel.stages} >= {'trained', 'soft-pruned', 'stripped'}


def test_what_is_there_is_not_made_again(pipeline: PipelineConfig) -> None:
    first = run_pipeline(pipeline)
    before = contents('out')
    second = run_pipeline(pipeline)
    assert made(second) == []
    assert [each._replace(cached=False) for each in second] == first
    assert contents('out') == before


CHANGES: Dict[str, Any] = {
    'a later stage': (lambda: read(YAML.replace('[pb]', '[pb, saved_model]')), ['export']),
    'an earlier stage': (lambda: read(YAML.replace('ratio: 0.5', 'ratio: 0.25')), ALL[1:]),
    'a stage less': (lambda: read(YAML.replace('- {name: verify}\n', '')), ['export']),
    'a result is gone': (lambda: shutil.rmtree('out/02_strip'), ['strip']),
    'a result is damaged': (lambda: os.truncate('out/03_fold/stage.json', 10), ['fold']),
    'a file of a result is gone': (lambda: os.remove('out/05_export/model.pb'), ['export']),
    'a file of a result is another one': (lambda: plain.change_values(
        'out/00_model/model', lambda name, value: value * 2), ['model']),
    'another model': (lambda: plain.change_values('net/model.ckpt', lambda name, value: value * 1.5), ALL),
}


@pytest.mark.parametrize('name', sorted(CHANGES))
def test_only_what_changed_is_made_again(pipeline: PipelineConfig, name: str) -> None:
    run_pipeline(pipeline)
    change, expected = CHANGES[name]
    changed = change() or pipeline
    assert [each.name for each in dry_run(changed) if not each.cached] == expected
    assert made(run_pipeline(changed)) == expected
    assert sorted(os.listdir('out')) == ['00_model', *('%02d_%s' % (number, stage.name) for number, stage in enumerate(
        changed.stages, 1)), 'pipeline.json']


def test_what_another_tensorflow_made_is_made_again(pipeline: PipelineConfig, monkeypatch: Any) -> None:
    run_pipeline(pipeline)
    monkeypatch.setattr(runner.tf, '__version__', '1.14.0')
    assert [each.cached for each in dry_run(pipeline)] == [False] * len(ALL)


def test_two_at_once(pipeline: PipelineConfig) -> None:
    """The second would remove what the first is making."""
    refused = []

    def tell(stage: str) -> None:
        with pytest.raises(OutputError, match='another program works in out') as raised:
            run_pipeline(pipeline)
        refused.append(raised)
    assert made(run_pipeline(pipeline, tell)) == ALL
    assert len(refused) == len(ALL)
    assert made(run_pipeline(pipeline)) == []


def test_missing_files_are_found_before_work_starts(pipeline: PipelineConfig) -> None:
    with pytest.raises(DataError, match='no file or folder gone'):
        run_pipeline(read(YAML.replace('[pb]', '[pb], calibration: gone')))
    assert not os.path.exists('out')


def test_it_goes_on_where_it_was_interrupted(pipeline: PipelineConfig, monkeypatch: Any) -> None:
    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt
    with monkeypatch.context() as patch:
        patch.setitem(stages.KINDS, type(pipeline.stages[2]), stages.KINDS[type(pipeline.stages[2])]._replace(
            run=interrupted))
        with pytest.raises(KeyboardInterrupt):
            run_pipeline(pipeline)
    assert sorted(os.listdir('out')) == ['00_model', '01_soft_prune', '02_strip']
    assert made(run_pipeline(pipeline)) == ['fold', 'verify', 'export']


def test_a_dry_run_writes_nothing(pipeline: PipelineConfig) -> None:
    assert [(each.name, each.cached) for each in dry_run(pipeline)] == [(name, False) for name in ALL]
    assert not os.path.exists('out')


def test_a_plan_made_earlier(pipeline: PipelineConfig) -> None:
    run_pipeline(pipeline)
    shutil.copy('out/01_soft_prune/plan.json', 'plan.json')
    again = read(YAML.replace('ratio: 0.5, align: 2, criterion: l1', 'plan: plan.json').replace('out\n', 'again\n'))
    run_pipeline(again)
    names = ('out/05_export/model.pb', 'again/05_export/model.pb')
    assert contents('out/05_export')['model.pb'] == contents('again/05_export')['model.pb'], names
    with open('plan.json', 'a') as stream:
        stream.write('\n')
    assert made(run_pipeline(again))[0] == 'soft_prune'


def test_int8_with_examples(pipeline: PipelineConfig) -> None:
    np.save('examples.npy', np.random.RandomState(0).uniform(size=(4, 8, 8, 3)))
    config = read(YAML.replace('formats: [pb]', 'formats: [pb], calibration: examples.npy, batch: 2'))
    run_pipeline(config)
    np.save('examples.npy', np.random.RandomState(1).uniform(size=(4, 8, 8, 3)))
    assert made(run_pipeline(config)) == ['export']


def test_a_difference_stops_it(pipeline: PipelineConfig) -> None:
    with pytest.raises(VerificationError, match='more than 0e'):
        run_pipeline(read(YAML.replace('name: verify', 'name: verify, tolerance: 0')))
    assert '03_fold' in os.listdir('out')
    assert '04_verify' not in os.listdir('out')


@pytest.mark.parametrize(('change', 'message'), [
    (('- {name: strip}\n- {name: fold}', '- {name: fold}\n- {name: strip}'), 'strip comes before fold'),
    (('- {name: soft_prune, ratio: 0.5, align: 2, criterion: l1}\n', ''), r'stages\[0\]: strip removes what'),
    (('- {name: strip}\n', '- {name: soft_prune, ratio: 0.5}\n- {name: strip}\n'), r'stages\[1\]: strip what the'),
    (('ratio: 0.5', 'ratio: 1.5'), r'ratio 1.5 is outside \[0, 1\] \(line 5\)'),
    (('ratio: 0.5', 'ratio: 0.5, macs: 0.5'), r'say how much goes: one of .*\(line 5\)'),
    (('ratio: 0.5, ', ''), 'say how much goes'),
    (('l1', 'l3'), "no criterion named 'l3'.*line 5"),
    (('[pb]', '[png]'), "no format named 'png'.*line 9"),
    (('[pb]', '[]'), 'formats is empty'),
    (('[pb]', '[tflite_int8]'), 'give calibration'),
    (('[pb]', '[pb], batch: 0'), 'batch must be at least 1'),
    (('name: fold', 'name: bend'), "name: expected one of .*export, fold, .*found 'bend'"),
    (('[1, 8, 8, 3]', '[1, 8, 0, 3]'), 'a size is below 1'),
    (('name: verify', 'name: verify, tolerance: 2'), 'tolerance must be'),
    ((YAML[YAML.index('- {'):], ''), 'expected a list'),
])
def test_mistakes_are_found_before_work_starts(pipeline: PipelineConfig, change: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        read(YAML.replace(*change))


def _foreign() -> None:
    os.makedirs('out')
    with open('out/notes.txt', 'w') as stream:
        stream.write('important')


@pytest.mark.parametrize(('prepare', 'change', 'kind', 'message'), [
    (_foreign, {}, OutputError, "out holds 'notes.txt', which no pipeline wrote"),
    (lambda: open('out', 'w').close(), {}, OutputError, 'out is a file'),
    (lambda: None, {'output': ''}, OutputError, 'say where to write'),
    (lambda: None, {'output': 'net'}, OutputError, "net holds 'checkpoint'"),
    (lambda: shutil.rmtree('net'), {}, ModelError, 'no checkpoint net/model.ckpt'),
])
def test_places_that_cannot_be(pipeline: PipelineConfig, prepare: Callable[[], None], change: Any, kind: Any,
                               message: str) -> None:
    prepare()
    before = contents('.')
    for run in (dry_run, run_pipeline):
        with pytest.raises(kind, match=message):
            run(dataclasses.replace(pipeline, **change))  # type: ignore[operator]
    assert contents('.') == before


def test_names_that_are_not_there(pipeline: PipelineConfig) -> None:
    for change in (('[output]', '[outputt]'), ('inputs: {image', 'inputs: {imagine'), ('[output]', '[]'),
                   ('shape: [1, 8, 8, 3]}}', 'shape: [1, 8, 8, 3]}}, flags: {training: true}')):
        with pytest.raises(PruningError):
            dry_run(read(YAML.replace(*change)))


def test_the_example_has_every_key() -> None:
    path = os.path.join(os.path.dirname(__file__), '..', '..', 'configs', 'pipelines', 'ship.yaml')
    config = load(PipelineConfig, path)
    assert [stage.name for stage in config.stages] == ALL[1:]
    with open(path) as stream:
        text = stream.read()
    others = {'plan', 'threshold', 'ratio', 'parameters', 'bytes'}  # in place of macs
    for each in (config, config.model, *config.stages):
        for field in dataclasses.fields(each):
            assert field.name + ':' in text or field.name in others, field.name
