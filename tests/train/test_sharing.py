"""A trained network is clustered, and trains on while its weights share their values."""

import json
from types import SimpleNamespace
from typing import Any, Dict, Tuple

import numpy as np
import pytest

from tests.train.data.written import write_mnist
from tf1pruning.tf1 import tf
from train import train

BASE = ('model: {name: lenet_300_100, hidden: [8]}\ntrain: {steps: 3, batch_size: 4, average: %s}\n'
        'images: {name: mnist, validation_fraction: 0.2}\n')
SHARED = 'cluster: {clusters: %d, train: {steps: %d, batch_size: 4, learning_rate: 0.01, checkpoint_steps: 2%s}}\n'


@pytest.fixture
def run(tmp_path: Any, monkeypatch: Any, capsys: Any) -> Any:
    """Runs the program; returns exit code, output and errors."""
    monkeypatch.setattr(train, 'prepare', lambda: None)
    write_mnist(tmp_path)

    def run(text: str) -> Tuple[int, str, str]:
        (tmp_path / 'config.yaml').write_text(text)
        monkeypatch.setattr(train, 'FLAGS', SimpleNamespace(
            config=str(tmp_path / 'config.yaml'), data=str(tmp_path), model=None, output=str(tmp_path / 'out')))
        code = train.main([])
        captured = capsys.readouterr()
        return code, captured.out, captured.err
    return run


def kernels(folder: Any) -> Dict[str, np.ndarray]:
    reader = tf.train.load_checkpoint(str(folder))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map() if 'kernel' in name
            and 'Adam' not in name}


@pytest.mark.slow
@pytest.mark.parametrize('average', [0.0, 0.5])
def test_it_ends_with_as_few_values(run: Any, tmp_path: Any, average: float) -> None:
    """In weights and averages, and three checkpoints are measured: trained, clustered, trained so."""
    code, out, err = run(BASE % average + SHARED % (4, 4, ', average: %s' % average))
    assert (code, err) == (0, '')
    assert out.count('on the test images\n') == 3
    start, end = kernels(tmp_path / 'out/clustered/start'), kernels(tmp_path / 'out/clustered')
    assert set(start) == set(end)
    assert all(np.unique(value).size == 4 for value in [*start.values(), *end.values()])
    assert not any(np.array_equal(start[name], end[name]) for name in start)
    assert all(np.unique(value).size > 4 for value in kernels(tmp_path / 'out').values())
    with open(str(tmp_path / 'out/clustered/start/cluster.json')) as stream:
        assert {each['values'] for each in json.load(stream)['tensors']} == {4}


@pytest.mark.slow
def test_the_same_command_goes_on_and_another_is_refused(run: Any, tmp_path: Any) -> None:
    """With the clusters that it began with."""
    assert run(BASE % 0.0 + SHARED % (4, 2, ''))[0] == 0
    start = kernels(tmp_path / 'out/clustered/start')
    assert run(BASE % 0.0 + SHARED % (4, 4, ''))[0] == 0
    assert tf.train.load_variable(str(tmp_path / 'out/clustered'), 'global_step') == 4
    for name, value in kernels(tmp_path / 'out/clustered/start').items():
        assert np.array_equal(value, start[name])
    code, _, err = run(BASE % 0.0 + SHARED % (8, 4, ''))
    assert (code, 'cluster.json was made with cluster' in err, err.count('\n')) == (2, True, 1)


def test_an_interruption_says_where_it_will_go_on(run: Any, monkeypatch: Any) -> None:
    """In the training with shared values."""
    def interrupted(*_: Any) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, 'train_shared', interrupted)
    code, _, err = run(BASE % 0.0 + SHARED % (4, 4, ''))
    assert (code, err) == (130, 'train: interrupted; the same command goes on after step 0 with shared values\n')
