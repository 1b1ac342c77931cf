"""The accuracy benchmark: cases that load, equal budgets, and a table that says what was missed."""

import dataclasses
import json
import os
from typing import Any, Dict, List

import pytest

from benchmarks.accuracy import run
from benchmarks.accuracy.case import CaseConfig, updates_of
from benchmarks.accuracy.methods import METHODS, drawn
from benchmarks.accuracy.run import FOLDER, Results, case_of, cases
from benchmarks.accuracy.table import BEGIN, END, replaced, section
from tf1pruning.errors import OptionError
from tf1pruning.plan import GroupPlan, PruningPlan
from train.classifier import Classifier
from train.config import DigitsConfig, Experiment, LoopConfig, TrainConfig, VGGConfig, load

ROWS: List[Dict[str, Any]] = [
    {'method': 'baseline', 'accuracy': 0.9, 'tensorflow': '2.15.1'},
    *({'cut': 'half', 'method': method, 'seed': seed, 'accuracy': accuracy, 'updates': 10, 'tensorflow': '2.15.1',
       'macs': {'before': 400, 'after': 200}, 'parameters': {'before': 90, 'after': 30}}
      for method, seed, accuracy in (('loop', 0, 0.89), ('loop', 1, 0.87), ('random', 0, 0.5)))]


@pytest.mark.parametrize('name', cases())
def test_cases_load(name: str) -> None:
    case = case_of(name)
    experiment = load(Experiment, os.path.join(FOLDER, case.loop.experiment))
    assert experiment.images.validation_fraction > 0
    for cut in case.cuts:
        loop = case.loop_of(cut, 7)
        assert loop.values == cut.values
        assert loop.retrain.seed == 7
        assert list(cut.values) == sorted(cut.values, reverse=True)


@pytest.mark.parametrize(('largest_loss', 'verdict'), [(1.9, 'missed'), (2.1, 'reached')])
def test_a_table_says_what_was_reached(largest_loss: float, verdict: str) -> None:
    cut = {'name': 'half', 'values': (0.5,), 'largest_loss': largest_loss}
    case = CaseConfig('Network', LoopConfig('', TrainConfig(1)), (type(load_any().cuts[0])(**cut),))
    lines = section('network', case, ROWS).splitlines()
    assert '| half | random choice in one shot | 50.00 | -40.00 | 2.00 × | 3.00 × | 10 | 0 |' in lines
    loop = next(line for line in lines if 'the loop' in line)
    assert '| 88.00 ± 1.41 | -2.00 (aim: -%.1f; %s) |' % (largest_loss, verdict) in loop


def test_budgets_have_lines_of_their_own() -> None:
    """And commands."""
    cut = type(load_any().cuts[0])('half', (0.7, 0.5), 1.0)
    loop = LoopConfig('', TrainConfig(3), values=(0.7, 0.5), finetune=TrainConfig(4))
    longer = dict(ROWS[1], updates=206, accuracy=0.895)
    lines = section('network', CaseConfig('Network', loop, (cut,)), [*ROWS, longer]).splitlines()
    assert [line.split(' | ')[2:4] + line.split(' | ')[6:7] for line in lines if 'the loop' in line] == [
        ['88.00 ± 1.41', '-2.00 (aim: -1.0; missed)', '10'], ['89.50', '-0.50 (aim: -1.0; reached)', '206']]
    command = '    python -m benchmarks.accuracy.run network --data DIR --output DIR --seeds '
    assert [line for line in lines if '--data' in line] == [
        command + '0,1 --methods loop,random', command + '0 --last-training 200 --methods loop']


def test_a_picture_has_a_line_for_every_budget(tmp_path: Any) -> None:
    pytest.importorskip('matplotlib')
    from benchmarks.accuracy.picture import cuts_of, draw
    cut = type(load_any().cuts[0])('half', (0.5,), 1.0)
    case = CaseConfig('Network (small)', LoopConfig('', TrainConfig(1)), (cut,))
    lines = cuts_of(case, [*ROWS, dict(ROWS[1], updates=2000, accuracy=0.895)])
    assert [(line.title, line.aim) for line in lines] == [
        ('Network\nhalf, 10 updates', -1), ('Network\nhalf, 2,000 updates', -1)]
    assert lines[0].changes == {'loop': pytest.approx([-1, -3]), 'random': pytest.approx([-40])}
    draw(lines, str(tmp_path / 'accuracy.png'))
    assert (tmp_path / 'accuracy.png').stat().st_size > 10000


def test_the_last_training_can_be_longer() -> None:
    case = CaseConfig('Network', LoopConfig('', TrainConfig(3), values=(0.7, 0.5), finetune=TrainConfig(4)), ())
    assert updates_of(case.trained_on(0).loop) == 10
    assert updates_of(case.trained_on(20).loop) == 26
    without = CaseConfig('Network', LoopConfig('', TrainConfig(3), values=(0.5,)), ())
    with pytest.raises(OptionError, match='Network is not trained after the strip'):
        without.trained_on(20)


def load_any() -> CaseConfig:
    return case_of(cases()[0])


def test_only_what_is_between_the_markers_is_replaced() -> None:
    page = 'before\n%s\nold\n%s\nafter\n' % (BEGIN, END)
    assert replaced(page, r'new \1') == 'before\n%s\n\nnew \\1\n\n%s\nafter\n' % (BEGIN, END)


def test_results_are_kept(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(run, 'RESULTS', str(tmp_path))
    Results('case').add(cut='half', method='loop', seed=0, accuracy=0.5)
    again = Results('case')
    assert again.has(cut='half', method='loop', seed=0)
    assert not again.has(cut='half', method='loop', seed=1)
    with open(str(tmp_path / 'accuracy_case.json')) as stream:
        assert json.load(stream)[0]['accuracy'] == 0.5


def test_random_choices_differ_by_the_seed_alone() -> None:
    plan = PruningPlan((GroupPlan('group', 'other', ('kernel', 3), 64, tuple(range(16)), 'random', None, ()),))
    first, same, other = (drawn(plan, seed).groups[0].pruned for seed in (0, 0, 1))
    assert first == same != other
    assert len(set(first)) == 16 == len(set(other))


@pytest.mark.slow
@pytest.mark.parametrize('method', METHODS)
def test_every_method_cuts_as_much(tmp_path: Any, method: str) -> None:
    """Half of the parameters, with as many updates."""
    train = TrainConfig(4, batch_size=16)
    network = VGGConfig(image_size=8, image_channels=1, stages=((32,), (32,)))
    classifier = Classifier(Experiment(network, train, DigitsConfig(validation_fraction=0.1)))
    loop = LoopConfig('', dataclasses.replace(train, steps=2), 'parameters', (0.75, 0.5), ('all',), criterion='l2',
                      finetune=train)
    assert updates_of(loop) == 8
    found = METHODS[method](classifier, classifier.train(str(tmp_path / 'dense')), loop, str(tmp_path / 'run'))
    assert found['parameters']['after'] == pytest.approx(0.5 * found['parameters']['before'], rel=0.1)
    assert 0 < found['accuracy'] < 1
