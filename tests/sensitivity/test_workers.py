"""Processes that try parameters; `tests/cli/test_sensitivity.py` compares what they find."""

import functools
import os
from typing import Any

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.evaluation import Labelled
from tf1pruning.model.load import load_model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.sensitivity.kinds import Kind, LevelKind
from tf1pruning.sensitivity.workers import Workers


def _prepare(prefix: str) -> Kind:
    return LevelKind(to_inference(load_model(prefix, ['output'])))


@pytest.mark.slow
def test_an_interruption_ends_them(tmp_path: Any) -> None:
    """Nobody waits for trials that nobody wants any more."""
    saved = builders.save_network('flattened', tmp_path)
    kind = LevelKind(to_inference(load(saved)))
    labelled = Labelled({'image:0': np.zeros((4, 8, 8, 3), np.float32)}, np.zeros(4, np.int64))
    processes = []

    def interrupted() -> None:
        with Workers(1, functools.partial(_prepare, saved.prefix), labelled, 4) as workers:
            for _ in workers.tried(dict.fromkeys(kind.sizes, (0.5,))):
                processes.extend(workers._pool._processes.values())
                raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(processes) == 1
    assert not processes[0].is_alive()
    assert processes[0].pid != os.getpid()
