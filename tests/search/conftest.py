"""The loop on a small network."""

from typing import Any, Callable

import pytest

from tests import builders
from tests.search.trainer import STEPS, Trainer
from tf1pruning.network import Network
from tf1pruning.ranking import Amount
from tf1pruning.search.loop import prune_loop
from tf1pruning.search.settings import LoopResult, LoopSettings


@pytest.fixture(name='run')
def make_run(tmp_path: Any) -> Callable[..., LoopResult]:
    """Runs the loop on a small network, in one folder."""
    saved = builders.save_network('nested_se', tmp_path)

    def run(trainer: Trainer, folder: str = 'loop', more: Any = None, **settings: Any) -> LoopResult:
        given = dict({'steps': STEPS, 'scopes': ('all',), 'criterion': 'l1', 'limits': Amount(align=1)}, **settings)
        return prune_loop(saved.prefix, str(tmp_path / folder), Network('output'), LoopSettings(**given),
                          trainer.train, trainer.measure, **(more or {}))
    return run
