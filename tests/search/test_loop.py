"""The pruning loop, with a trainer that takes no time."""

import json
import os
from typing import Any, Dict, List

import numpy as np
import pytest

from tests import builders, plain
from tests.search.trainer import KERNEL, STEPS, Trainer, before_and_after
from tf1pruning.channels import analyse
from tf1pruning.errors import ModelError, NameNotFoundError, OptionError
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.network import Network
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.search import loop, zeroing
from tf1pruning.search.loop import prune_loop
from tf1pruning.search.settings import LoopResult, LoopSettings
from tf1pruning.search.steps import Step


def _attempts(result: LoopResult) -> List[Any]:
    return [(each['step'], each['retry'], each['accepted']) for each in result.attempts]


def test_every_step_is_accepted(run: Any, tmp_path: Any) -> None:
    """Each begins where the one before ended; what is stripped is the last one, smaller and the same."""
    result = run(Trainer())
    assert _attempts(result) == [(str(step), 0, True) for step in STEPS]
    macs = [result.baseline['macs']] + [each['macs'] for each in result.attempts]
    assert macs == sorted(macs, reverse=True)
    assert len(set(macs)) == 4
    assert result.stripped is not None
    assert result.stripped['stripped_vs_soft_pruned']['relative'] <= 1e-5
    assert result.stripped['macs']['after'] == macs[-1]
    hard = plain.values_of(str(tmp_path / 'loop' / 'stripped' / 'Stripped_Dir' / 'model.ckpt'))
    assert hard[KERNEL].shape[-1] == 6


@pytest.mark.parametrize('fail_at', range(1, 8))
def test_interrupted_anywhere_it_gives_the_same(run: Any, tmp_path: Any, fail_at: int) -> None:
    """What was finished is not done again; the values are those of a run that nobody interrupted."""
    whole, broken = Trainer(), Trainer(fail_at=fail_at)
    wanted = run(whole, 'whole')
    with pytest.raises(KeyboardInterrupt):
        run(broken)
    again = Trainer()
    result = run(again)
    assert broken.calls[:-1] + again.calls == whole.calls
    assert _attempts(result) == _attempts(wanted)
    first, second = (plain.values_of(str(tmp_path / folder / 'stripped' / 'Stripped_Dir' / 'model.ckpt'))
                     for folder in ('whole', 'loop'))
    assert sorted(first) == sorted(second)
    assert all(first[name].shape == second[name].shape for name in first)


def test_before_and_after(run: Any, tmp_path: Any) -> None:
    """The network is trained before the choice; the stripped one is recalibrated, trained and exported."""
    trainer = Trainer()
    result = run(trainer, more=before_and_after(trainer))
    assert result.final is not None
    assert result.final['step'] == 'finetuned'
    with open(str(tmp_path / 'loop' / 'history.json')) as stream:
        rows = [row['step'] for row in json.load(stream)]
    assert rows == ['baseline', 'prepared', *map(str, STEPS), 'stripped', 'recalibrated', 'finetuned']
    folders = [os.path.join('stripped', 'Stripped_Dir', 'model.ckpt'), os.path.join('recalibrated', 'model.ckpt'),
               os.path.join('finetuned', 'model.ckpt')]
    stripped, recalibrated, tuned = (plain.values_of(str(tmp_path / 'loop' / folder)) for folder in folders)
    means = [name for name in stripped if name.endswith('moving_mean')]
    assert means
    assert all(np.array_equal(recalibrated[name], stripped[name] + 1) for name in means)
    assert all(np.array_equal(tuned[name], recalibrated[name]) for name in means)
    assert not np.array_equal(tuned[KERNEL], stripped[KERNEL])
    shipped = plain.values_of(str(tmp_path / 'loop' / result.final['checkpoint']))
    assert np.array_equal(shipped[KERNEL], tuned[KERNEL])
    assert os.path.getsize(str(tmp_path / 'loop' / result.final['pb'])) > 0


@pytest.mark.parametrize('fail_at', [2, 3, 10, 11, 12, 13])
def test_interrupted_before_or_after(run: Any, fail_at: int) -> None:
    """What was finished is not done again."""
    whole, broken, again = Trainer(), Trainer(fail_at=fail_at), Trainer()
    wanted = run(whole, 'whole', more=before_and_after(whole))
    with pytest.raises(KeyboardInterrupt):
        run(broken, more=before_and_after(broken))
    result = run(again, more=before_and_after(again))
    assert broken.calls[:-1] + again.calls == [each.replace('whole/', 'loop/') for each in whole.calls]
    assert result.final['accuracy'] == wanted.final['accuracy']


def test_other_channels_chosen_while_retraining(run: Any, tmp_path: Any) -> None:
    """The plan that a retraining leaves counts from then on."""
    class Chooser(Trainer):
        """Takes the first channels of every group."""

        def train(self, checkpoint: str, output: str, plan: PruningPlan) -> str:
            chosen = PruningPlan(tuple(group._replace(pruned=tuple(range(len(group.pruned)))) for group in plan.groups))
            network = Network('output')
            model = network.load(checkpoint)
            os.makedirs(output, exist_ok=True)
            save_checkpoint(soft_prune(model, analyse(to_inference(model)), chosen), output)
            chosen.save(os.path.join(output, 'plan.json'))
            return output
    result = run(Chooser())
    assert _attempts(result) == [(str(step), 0, True) for step in STEPS]
    assert all(group.pruned == tuple(range(len(group.pruned))) for group in result.plan.groups)
    first = PruningPlan.load(str(tmp_path / 'loop' / '00_ratio_0.25' / 'Pruned_Dir' / 'plan.json'))
    assert any(group.pruned != tuple(range(len(group.pruned))) for group in first.groups)


def test_below_the_floor(run: Any) -> None:
    """The step is repeated, then tried half as large, then the loop goes back to the last accepted one."""
    result = run(Trainer(), least_accuracy=0.45, max_retries=1)
    assert _attempts(result) == [
        ('ratio 0.25', 0, True), ('ratio 0.5', 0, True), ('ratio 0.75', 0, False), ('ratio 0.75', 1, False),
        ('ratio 0.625', 0, False), ('ratio 0.625', 1, False)]
    assert result.plan is not None
    assert '01_ratio_0.5' in result.checkpoint
    assert result.stripped is not None


def test_half_a_step_is_enough(run: Any) -> None:
    """The last step that stays above the floor ends the loop; the floor is relative to the baseline."""
    result = run(Trainer(), largest_loss=0.65, max_retries=0)
    assert _attempts(result)[-2:] == [('ratio 0.75', 0, False), ('ratio 0.625', 0, True)]
    assert result.plan is not None
    assert '02_ratio_0.75' not in result.checkpoint


def test_half_a_step_that_cannot_be_taken(run: Any, monkeypatch: Any) -> None:
    """The loop goes back, and what was accepted before is stripped: the trainings are not lost to an error."""
    def choose(network: Network, checkpoint: str, step: Step, *others: Any) -> Dict[str, Any]:
        if step not in STEPS:
            raise OptionError('the nearest is too far')
        return zeroing.choose_and_zero(network, checkpoint, step, *others)
    monkeypatch.setattr(loop, 'choose_and_zero', choose)
    result = run(Trainer(), least_accuracy=0.45, max_retries=0)
    assert _attempts(result) == [('ratio 0.25', 0, True), ('ratio 0.5', 0, True), ('ratio 0.75', 0, False)]
    assert result.stripped is not None


def test_a_step_that_cannot_be_taken_is_known_before_anything_is_measured(run: Any, tmp_path: Any) -> None:
    trainer = Trainer()
    with pytest.raises(OptionError, match='macs 0.01: cannot reach 1.0 % of the macs'):
        run(trainer, steps=(Step('macs', 0.75), Step('macs', 0.01)))
    with pytest.raises(NameNotFoundError, match='no scope'):
        run(trainer, scopes=('blokc',))
    assert trainer.calls == []
    assert not os.path.exists(str(tmp_path / 'loop'))


def test_a_folder_is_moved(tmp_path: Any) -> None:
    """Paths in it are its own: what it began with, too, if that lies in it."""
    folder, moved = str(tmp_path / 'first'), str(tmp_path / 'second')
    saved = builders.save_network('nested_se', tmp_path / 'first')

    def begun(trainer: Trainer, output: str) -> LoopResult:
        return prune_loop(os.path.join(output, os.path.relpath(saved.prefix, folder)), output, Network('output'),
                          LoopSettings(STEPS, ('all',), limits=Amount(align=1)), trainer.train, trainer.measure)
    with pytest.raises(KeyboardInterrupt):
        begun(Trainer(fail_at=4), folder)
    os.rename(folder, moved)
    again = Trainer()
    assert begun(again, moved).stripped is not None
    assert len(again.calls) == 4


def test_a_training_that_leaves_no_numbers(run: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """It is not measured, and done again when the loop goes on."""
    trainer = Trainer()

    def spoilt(checkpoint: str, output: str, _: PruningPlan) -> str:
        model = Network('output').load(checkpoint)
        value = np.full_like(model.weights[KERNEL], np.nan)
        os.makedirs(output)
        save_checkpoint(model.replace(weights=model.weights.replaced({KERNEL: value})), output)
        return output
    monkeypatch.setattr(trainer, 'train', spoilt)
    with pytest.raises(ModelError, match='block/expand/kernel is not finite any more'):
        run(trainer)
    assert trainer.calls == ['measure']
    again = Trainer()
    assert run(again).stripped is not None
    assert again.calls[0] == '00_ratio_0.25/retrained_0'


def test_nothing_can_be_accepted(run: Any) -> None:
    """The network stays as it was, and nothing is stripped."""
    result = run(Trainer(), least_accuracy=0.99, max_retries=0)
    assert (result.plan, result.stripped) == (None, None)
    assert not any(each['accepted'] for each in result.attempts)
    assert len(result.attempts) == 2


def test_filters_that_come_back_are_retrained(run: Any) -> None:
    """Zero again, trained again; by layer it is said which."""
    result = run(Trainer({1: 3}), steps=STEPS[:1])
    assert _attempts(result) == [('ratio 0.25', 0, False), ('ratio 0.25', 1, True)]
    rates = [each['failed_rate'] for each in result.attempts]
    assert rates[0] > 0.1 > rates[1] == 0
    assert max(result.attempts[0]['failed_by_layer'].values()) > 0


def test_bounds(run: Any) -> None:
    result = run(Trainer(dict.fromkeys(range(1, 99), 3)), steps=STEPS[:1], max_retries=2, max_halvings=1)
    assert len(result.attempts) == 6
    assert result.plan is None


def test_half_steps_end_where_numbers_are_too_near(run: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """However many are allowed: the half of a millionth is no step any more."""
    trainer = Trainer()
    monkeypatch.setattr(trainer, 'measure', lambda checkpoint: {'accuracy': 0.5 if 'retrained' in checkpoint else 1.0})
    run(trainer, 'small', steps=(Step('ratio', 0.000004),), least_accuracy=1.0, max_retries=0, max_halvings=10 ** 9)
    kinds = {name for name in os.listdir(str(tmp_path / 'small')) if name.startswith('00_')}
    assert '00_ratio_4e-06' in kinds
    assert len(kinds) <= 4


@pytest.mark.parametrize('returned', [None, 3])
def test_a_training_that_does_not_say_where(run: Any, returned: Any, monkeypatch: Any) -> None:
    """A forgotten `return` is named."""
    trainer = Trainer()
    monkeypatch.setattr(trainer, 'train', lambda checkpoint, output, plan: returned)
    with pytest.raises(OptionError, match='retrain must return the folder that .* returned %s' % returned):
        run(trainer)


def test_an_evaluation_with_more_than_numbers(run: Any, monkeypatch: Any) -> None:
    """An estimator's `evaluate` may have arrays and texts, too: the history holds its numbers."""
    trainer = Trainer()
    found = {'accuracy': np.float32(0.5), 'global_step': np.int64(7), 'confusion': np.eye(2), 'name': 'x'}
    monkeypatch.setattr(trainer, 'measure', lambda checkpoint: found)
    result = run(trainer, steps=STEPS[:1])
    assert result.attempts[0]['accuracy'] == 0.5
    assert result.attempts[0]['global_step'] == 7
    assert not {'confusion', 'name'} & set(result.attempts[0])


def test_another_loop_in_the_folder(run: Any) -> None:
    run(Trainer(), steps=STEPS[:1])
    with pytest.raises(OptionError, match='belongs to a run with steps'):
        run(Trainer(), steps=STEPS[1:])


@pytest.mark.parametrize('found', [None, {}, {'loss': 0.1}, {'accuracy': float('nan')}, {'accuracy': 93.2}])
def test_an_evaluation_without_accuracy(run: Any, found: Dict[str, float], monkeypatch: Any) -> None:
    trainer = Trainer()
    monkeypatch.setattr(trainer, 'measure', lambda checkpoint: found)
    with pytest.raises(OptionError, match='must return an accuracy'):
        run(trainer)
