"""How the chief's end is told to those who follow it."""

import json
from typing import Any, Dict, Optional

import pytest

from tf1pruning.errors import OptionError, OutputError
from tf1pruning.files import alone_in
from train.classifier import Classifier
from train.config import Experiment, LeNet300Config, MachineConfig, TrainConfig
from train.distributed.cluster import NOTICE
from train.distributed.tasks import run_task

EXPERIMENT = Experiment(LeNet300Config(image_size=8, hidden=(4,)), TrainConfig(1, batch_size=4),
                        machine=MachineConfig('multi_worker_mirrored'))


@pytest.fixture(autouse=True)
def _chief(monkeypatch: Any) -> None:
    monkeypatch.setenv('TF_CONFIG', json.dumps({'cluster': {'chief': ['127.0.0.1:1'], 'worker': ['127.0.0.1:2']},
                                                'task': {'type': 'chief', 'index': 0}}))


def _end(folder: Any, code: Optional[int] = None, error: Optional[BaseException] = None) -> Dict[str, Any]:
    """Lets a chief end with an exit code or an error; returns what it leaves."""
    def lead(classifier: Classifier) -> Optional[int]:
        assert 'finished' not in json.loads((folder / NOTICE).read_text())  # nor what an earlier one left
        if error is not None:
            raise error
        return code
    if error is None:
        assert run_task(EXPERIMENT, str(folder), lead, lambda worker: {}) == code
    else:
        with pytest.raises(type(error)):
            run_task(EXPERIMENT, str(folder), lead, lambda worker: {})
    left: Dict[str, Any] = json.loads((folder / NOTICE).read_text())
    return left


def test_a_chief_that_fails_says_why(tmp_path: Any) -> None:
    """Whatever it fails by; the next one has nothing to do with that."""
    for error, said in ((OptionError('set validation_fraction'), 'set validation_fraction'),
                        (RuntimeError('one\ntwo'), 'one'), (MemoryError(), 'MemoryError')):
        left = _end(tmp_path, error=error)
        assert (left['finished'], left['failure']) == (True, said)
    left = _end(tmp_path)
    assert (left['finished'], left['failure']) == (True, None)


@pytest.mark.parametrize('end', [{'code': 130}, {'error': KeyboardInterrupt()}, {'error': SystemExit(143)}])
def test_a_chief_that_is_interrupted_is_waited_for(tmp_path: Any, end: Any) -> None:
    assert 'finished' not in _end(tmp_path, **end)


def test_a_second_chief_disturbs_nobody(tmp_path: Any) -> None:
    (tmp_path / NOTICE).write_text('of the first')
    with alone_in(str(tmp_path)), pytest.raises(OutputError, match='another program works in'):
        run_task(EXPERIMENT, str(tmp_path), lambda classifier: 0, lambda worker: {})
    assert (tmp_path / NOTICE).read_text() == 'of the first'
