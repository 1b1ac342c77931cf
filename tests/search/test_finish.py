"""What follows the strip is shipped only where it reaches the floor."""

import json
import logging
from typing import Any, Dict, List

import pytest

from tests.search.trainer import STEPS, Trainer, before_and_after
from tf1pruning.errors import ModelError, OptionError
from tf1pruning.search.finish import Finish


def _measures(trainer: Trainer, monkeypatch: Any, accuracies: Dict[str, float]) -> None:
    """Lets a stage, by a part of its folder's name, measure as said; all others 0.9."""
    monkeypatch.setattr(trainer, 'measure', lambda checkpoint: {'accuracy': next(
        (value for name, value in accuracies.items() if name in checkpoint), 0.9)})


def _rows(folder: Any) -> List[Any]:
    with open(str(folder / 'history.json')) as stream:
        return [(row['step'], row['accepted']) for row in json.load(stream)][-3:]


@pytest.mark.parametrize(('low', 'shipped'), [
    ({}, 'finetuned'), ({'finetuned': 0.1}, 'recalibrated'), ({'finetuned': 0.1, 'recalibrated': 0.1}, 'stripped'),
    ({'recalibrated': 0.1}, 'finetuned'), ({'finetuned': 0.1, 'recalibrated': 0.1, 'Stripped_Dir': 0.1}, None)])
def test_the_last_stage_above_the_floor_is_shipped(run: Any, tmp_path: Any, monkeypatch: Any, caplog: Any,
                                                   low: Dict[str, float], shipped: Any) -> None:
    """Begun again, too; without one there is nothing to ship."""
    trainer = Trainer()
    _measures(trainer, monkeypatch, low)
    more = {'finish': before_and_after(trainer)['finish']}
    with caplog.at_level(logging.WARNING):
        results = [run(trainer, steps=STEPS[:1], more=more, least_accuracy=0.5) for _ in range(2)]
    for result in results:
        if shipped is None:
            assert result.final is None
            assert result.stripped is None
            assert result.plan is not None
        else:
            assert result.final['step'] == shipped
            assert (tmp_path / 'loop' / result.final['pb']).stat().st_size > 0
    names = {'stripped': 'Stripped_Dir', 'recalibrated': 'recalibrated', 'finetuned': 'finetuned'}
    assert _rows(tmp_path / 'loop') == [(step, name not in low) for step, name in names.items()]
    said = [each.message for each in caplog.records if 'is below the floor of 50.00 %: not shipped' in each.message]
    assert len(said) == 2 * len(low)


def test_a_floor_above_the_network_is_known_at_once(run: Any, monkeypatch: Any) -> None:
    """Before anything is retrained."""
    trainer = Trainer()
    _measures(trainer, monkeypatch, {})
    with pytest.raises(OptionError, match='least_accuracy 0.95 is above the accuracy that .* before .* 0.9:'):
        run(trainer, least_accuracy=0.95)
    assert trainer.calls == []
    assert run(trainer, steps=STEPS[:1], least_accuracy=0.9).plan is not None


@pytest.mark.parametrize(('returned', 'error', 'message'), [
    (None, OptionError, 'finetune must return the folder that it trained in; it returned None'),
    ('start', ModelError, 'finetune left another network than it was given: .* is of shape')])
def test_a_last_training_that_leaves_something_else(run: Any, tmp_path: Any, returned: Any, error: Any,
                                                    message: str) -> None:
    """Nothing, or the network as it was before the strip."""
    trainer = Trainer()
    folder = returned and str(tmp_path)
    with pytest.raises(error, match=message):
        run(trainer, steps=STEPS[:1], more={'finish': Finish(trainer.measure, finetune=lambda start, output: folder)})


def test_a_recalibration_that_returns_nothing(run: Any) -> None:
    trainer = Trainer()
    with pytest.raises(OptionError, match='recalibrate must return the model with .*; it returned None'):
        run(trainer, steps=STEPS[:1], more={'finish': Finish(trainer.measure, recalibrate=lambda model: None)})
