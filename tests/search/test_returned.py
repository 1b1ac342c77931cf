"""What a program's own functions give back is checked."""

from typing import Any

import pytest

from tests import builders
from tests.search.trainer import STEPS, Trainer
from tf1pruning.errors import ModelError, OptionError
from tf1pruning.search.returned import measured


@pytest.mark.parametrize(('returned', 'accuracy'), [(0.5, 0.5), (1, 1.0), ({'accuracy': 0.25, 'name': 'x'}, 0.25)])
def test_an_accuracy(returned: Any, accuracy: float) -> None:
    assert measured(lambda checkpoint: returned, 'checkpoint') == {'accuracy': accuracy}


@pytest.mark.parametrize('returned', [None, {}, 'high', 0.5j, [0.5], 93.0, True, {'accuracy': '0.5'}])
def test_no_accuracy(returned: Any) -> None:
    with pytest.raises(OptionError, match='evaluate must return an accuracy, from 0 to 1'):
        measured(lambda checkpoint: returned, 'checkpoint')


@pytest.mark.parametrize('name', ['step', 'macs', 'checkpoint', 'seconds'])
def test_a_name_of_the_history(name: str) -> None:
    """It would take the place of the loop's own."""
    with pytest.raises(OptionError, match='evaluate must not return %s: the history has its own' % name):
        measured(lambda checkpoint: {'accuracy': 0.5, name: 4.0}, 'checkpoint')


def test_a_retraining_of_another_network(run: Any, tmp_path: Any, monkeypatch: Any) -> None:
    trainer = Trainer()
    (tmp_path / 'other').mkdir()
    builders.save_network('wide', tmp_path / 'other')
    monkeypatch.setattr(trainer, 'train', lambda checkpoint, output, plan: str(tmp_path / 'other'))
    with pytest.raises(ModelError, match='retrain left another network than it was given'):
        run(trainer, steps=STEPS[:1])
