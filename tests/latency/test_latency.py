"""Measuring: what was measured is what ran, side by side."""

import time
from typing import Any, List

import numpy as np
import pytest

from tests import builders
from tests.exports import models
from tf1pruning.errors import ModelError, OptionError, UnsupportedError
from tf1pruning.exports.onnx import write_onnx
from tf1pruning.exports.tflite import write_tflite
from tf1pruning.latency import compare_files, interleaved, profile
from tf1pruning.latency.interleaved import WARM_UP
from tf1pruning.latency.layers import LayerTimes
from tf1pruning.latency.memory import memory_of
from tf1pruning.model.frozen import save_frozen
from tf1pruning.runtimes import Port, example_feeds
from tf1pruning.tf1 import tf


class Sleeper:
    """A runtime that takes some milliseconds, and notes when it ran."""

    inputs = (Port('x', (None, 3, None), np.float32), Port('n', (), np.int32))

    def __init__(self, name: str, milliseconds: float, log: List[str]) -> None:
        self._name, self._seconds, self._log = name, milliseconds / 1e3, log

    def run(self, feeds: Any) -> Any:
        assert [value.shape for value in feeds] == [(2, 3, 1), ()]
        self._log.append(self._name)
        time.sleep(self._seconds)
        return []

    def close(self) -> None:
        self._log.append('closed ' + self._name)


@pytest.fixture
def log(monkeypatch: Any) -> List[str]:
    """`fast`, `slow` and `late` can be measured; what ran is in the log."""
    lines: List[str] = []
    milliseconds = {'fast': 1.0, 'slow': 8.0, 'late': 1.0}
    monkeypatch.setattr(interleaved, 'open_runtime', lambda path, threads: Sleeper(path, milliseconds[path], lines))
    monkeypatch.setattr(interleaved, 'runtime_of', lambda path: 'sleeper')
    monkeypatch.setattr(interleaved, 'memory_of', lambda path, batch: 1.5)
    return lines


def test_files_run_in_turn(log: List[str]) -> None:
    rows = compare_files(['fast', 'slow'], 4, [1], 2)
    warm = WARM_UP * ['fast'] + WARM_UP * ['slow']
    assert log == warm + 2 * ['slow', 'fast', 'fast', 'slow'] + ['closed fast', 'closed slow']
    assert [(row.file, row.runtime, row.threads, row.memory_mb) for row in rows] == [
        ('fast', 'sleeper', 1, 1.5), ('slow', 'sleeper', 1, 1.5)]


def test_ratios_are_to_the_first_file(log: List[str]) -> None:
    fast, slow = compare_files(['fast', 'slow'], 9, [1], 2)
    assert (fast.ratio, fast.ratio_low, fast.ratio_high) == (None, None, None)
    assert slow.min_ms >= 8
    assert slow.min_ms <= slow.median_ms <= slow.p90_ms
    assert slow.ratio is not None
    assert slow.ratio_low is not None
    assert slow.ratio_high is not None
    assert 1 < slow.ratio_low <= slow.ratio <= slow.ratio_high


def test_each_number_of_threads(log: List[str]) -> None:
    told: List[str] = []
    rows = compare_files(['fast', 'late'], 1, [1, 3], 2, told.append)
    assert [(row.file, row.threads) for row in rows] == [('fast', 1), ('late', 1), ('fast', 3), ('late', 3)]
    assert told == ['memory', 'memory', '1 thread', '3 threads']


def test_a_file_beside_itself_is_refused(log: List[str]) -> None:
    with pytest.raises(OptionError, match='named twice'):
        compare_files(['fast', 'fast'], 1, [1])
    assert log == []


@pytest.mark.slow
def test_other_batch_sizes_are_refused(tmp_path: Any) -> None:
    model = models.model_of('bare_se', tmp_path)
    pb_path = save_frozen(model, str(tmp_path / 'model.pb'))
    write_tflite(model, str(tmp_path / 'model.tflite'))
    with pytest.raises(OptionError, match='takes 2 examples at once, .*model.pb 1: give --batch 2'):
        compare_files([pb_path, str(tmp_path / 'model.tflite')], 1, [1])
    assert len(compare_files([pb_path, str(tmp_path / 'model.tflite')], 1, [1], 2)) == 2


def test_example_feeds_are_the_same_every_time() -> None:
    first, second = (example_feeds(Sleeper('', 0, []), 4) for _ in range(2))  # type: ignore[arg-type]
    assert [value.dtype for value in first] == [np.float32, np.int32]
    np.testing.assert_array_equal(first[0], second[0])
    assert 0 <= first[0].min() < first[0].max() < 1


def test_operations_of_a_graph(tmp_path: Any) -> None:
    path = save_frozen(models.model_of('nested_se', tmp_path), str(tmp_path / 'model.pb'))
    found = profile(path)
    assert sum(each.share for each in found) == pytest.approx(1, abs=1e-3)
    assert [each.ms for each in found] == sorted((each.ms for each in found), reverse=True)
    assert any('Conv2D' in each.type for each in found)
    assert 'Const' not in {each.type for each in found}


def test_operations_of_onnx(tmp_path: Any) -> None:
    write_onnx(models.model_of('nested_se', tmp_path), str(tmp_path / 'model.onnx'))
    found = profile(str(tmp_path / 'model.onnx'))
    assert 'Conv' in {each.type for each in found}
    assert sum(each.share for each in found) == pytest.approx(1, abs=1e-3)


def test_operations_of_tflite_are_not_told(tmp_path: Any) -> None:
    (tmp_path / 'model.tflite').write_bytes(b'')
    with pytest.raises(UnsupportedError, match='profile the .pb or .onnx'):
        profile(str(tmp_path / 'model.tflite'))


@pytest.mark.slow
def test_memory_grows_with_the_weights(tmp_path: Any) -> None:
    found = []
    for width in (16, 3000):
        folder = tmp_path / str(width)
        folder.mkdir()

        def make(width: int = width) -> Any:
            x = tf.reshape(builders.image(), [-1, 8 * 8 * 3])
            return tf.identity(builders.dense(builders.dense(x, width, 'a'), width, 'b'), 'output')
        found.append(memory_of(save_frozen(models.saved_model_of(make, folder), str(folder / 'model.pb'))))
    assert found[1] - found[0] > 30  # 9.6 million weights have 38 MB


def test_memory_beside_modules_of_the_user(tmp_path: Any, monkeypatch: Any) -> None:
    """Python would import them instead of its own."""
    save_frozen(models.model_of('bare_se', tmp_path), str(tmp_path / 'model.pb'))
    (tmp_path / 'json.py').write_text('raise SystemExit("wrong")')
    monkeypatch.chdir(tmp_path)
    assert memory_of('model.pb') > 0


def test_memory_of_what_cannot_run(tmp_path: Any) -> None:
    (tmp_path / 'model.pb').write_bytes(b'nothing of this kind')
    with pytest.raises(ModelError, match='cannot measure the memory of .*model.pb'):
        memory_of(str(tmp_path / 'model.pb'))


@pytest.mark.parametrize('content', ['[1]', '{"a": 3}', '{"a": ["x", "y"]}', 'nonsense', '{"a": [1, 2, 3]}',
                                     '{"a": [0, 1]}', '{"a": [1, NaN]}', ''])
def test_damaged_times_of_layers(tmp_path: Any, content: str) -> None:
    model = models.model_of('bare_se', tmp_path)
    (tmp_path / 'times.json').write_text(content)
    with pytest.raises(OptionError, match=r'times\.json is no file of times') as caught:
        LayerTimes(model, {}, str(tmp_path / 'times.json'))
    assert len(str(caught.value).splitlines()) == 1
    (tmp_path / 'times.json').write_text('{"a": [1, 2.5]}')
    LayerTimes(model, {}, str(tmp_path / 'times.json'))
    with pytest.raises(OptionError, match='is no file of times'):
        LayerTimes(model, {}, str(tmp_path))
