"""Experiments on a tiny network, from training to the comparison."""

import dataclasses
import json
import os
import subprocess
import sys
from typing import Any, List

import numpy as np
import pytest

from tf1pruning.errors import DataError, OptionError
from tf1pruning.network import Network
from tf1pruning.weights import weight_tensors
from train.classifier import Classifier
from train.config import DigitsConfig, Experiment, LeNet300Config, TrainConfig
from train.data import Split
from train.experiments.compressing import FineTuning
from train.experiments.measuring import outputs_of, size_of, some_images, times_of
from train.experiments.running import Experiments
from train.experiments.tasks import parse_tasks

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
TINY = LeNet300Config(image_size=8, image_channels=1, hidden=(20, 10))
TRAIN = TrainConfig(6, batch_size=16)


def _experiments(folder: Any) -> Experiments:
    classifier = Classifier(Experiment(TINY, TRAIN, DigitsConfig()))
    checkpoint = classifier.train(str(folder / 'trained'))
    return Experiments(classifier, TRAIN, checkpoint, FineTuning(4), some_images(classifier.images.test, 0.1),
                       str(folder), 'tiny')


def _weights(folder: Any, training: str) -> List[np.ndarray]:
    """The weights that a training has left."""
    model = Network(['logits'], {'IteratorGetNext:0': ('input', [None, 8, 8, 1])}).load(str(folder / training))
    return [model.value(name) for name in weight_tensors(model)]


@pytest.mark.slow
def test_files_and_scores(tmp_path: Any) -> None:
    """Pruned weights are zero, as many as asked for, and clustered ones few, after the training as well."""
    experiments = _experiments(tmp_path)
    records = [experiments.run(task) for task in parse_tasks('pruned-0.5-fp32,clustered-4-fp32,quantized-int8')]
    labels = ('float32', 'pruned-0.5', 'clustered-4', 'quantized-int8')
    assert [record['file'] for record in records] == ['tiny.%s.tflite' % label for label in labels]
    text = experiments.compare(records, 'tiny')
    assert (tmp_path / 'summary.md').read_text() == text
    assert [each['task'] for each in json.loads((tmp_path / 'summary.json').read_text())] == [
        record['task'] for record in records]
    for record in records:
        for ending in ('-metrics.md', '-confusion-matrix.png'):
            assert (tmp_path / (record['task'] + ending)).exists()
        assert record['bytes'] == (tmp_path / record['file']).stat().st_size
        assert record['deflated'] < record['bytes']
    for weights in _weights(tmp_path, 'trainings/pruned-0.5'):
        assert np.count_nonzero(weights == 0) == weights.size - round(0.5 * weights.size)
    assert all(np.unique(weights).size <= 4 for weights in _weights(tmp_path, 'trainings/clustered-4'))
    base, zeros, values, numbers = records
    assert values['deflated'] < zeros['deflated'] < base['deflated']
    assert numbers['bytes'] < base['bytes'] / 2


@pytest.mark.slow
def test_the_command_goes_on_with_what_is_there(tmp_path: Any) -> None:
    """Tasks are done once; others are added to the comparison."""
    config = tmp_path / 'tiny.yaml'
    config.write_text('model: {name: lenet_300_100, image_size: 8, image_channels: 1, classes: 10, hidden: [20, 10]}\n'
                      'images: {name: digits}\ntrain: {steps: 6, batch_size: 16}\n')

    def run(*words: str) -> Any:
        return subprocess.run([sys.executable, '-m', 'train.experiments', '--config', str(config), '--results-path',
                               str(tmp_path / 'out'), '--test-dataset-fraction', '0.1', *words], cwd=ROOT,
                              capture_output=True, text=True, check=False)
    first = run('--tasks', 'quantized-float16')
    assert first.returncode == 0, first.stderr
    before = (tmp_path / 'out' / 'lenet_300_100.float32.tflite').stat().st_mtime_ns
    second = run('--tasks', 'quantized-dynamic')
    assert second.returncode == 0, second.stderr
    assert (tmp_path / 'out' / 'lenet_300_100.float32.tflite').stat().st_mtime_ns == before
    summary = (tmp_path / 'out' / 'summary.md').read_text()
    for name in ('float32', 'quantized-float16', 'quantized-dynamic'):
        assert '\n| %s | ' % name in summary


def test_a_part_of_the_images() -> None:
    split = Split(np.arange(10.0).reshape(10, 1, 1, 1).astype(np.float32), np.arange(10))
    assert some_images(split, 0.3)[1].tolist() == [0, 3, 6]
    assert some_images(split, 1.0)[1].tolist() == list(range(10))
    assert some_images(split, 0.001)[1].tolist() == [0]
    for fraction in (0, 1.5):
        with pytest.raises(OptionError, match='--test-dataset-fraction'):
            some_images(split, fraction)


def test_no_images_at_all() -> None:
    class Empty(Split):
        def arrays(self) -> Any:
            return np.zeros((0, 8, 8, 1)), np.zeros(0, int)
    with pytest.raises(DataError, match='no test images'):
        some_images(Empty(np.zeros((0, 8, 8, 1)), np.zeros(0, int)), 1.0)


def test_times_in_turn_without_the_first_call(monkeypatch: Any) -> None:
    order: List[str] = []
    clock = [0.0]

    class Slow:
        def __init__(self, path: str, threads: int) -> None:
            self._path, self._threads = path, threads

        def __enter__(self) -> 'Slow':
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def run(self, feeds: Any) -> Any:
            assert self._threads == 1
            clock[0] += 100.0 if self._path not in order else {'a': 0.002, 'b': 0.004}[self._path]
            order.append(self._path)
            return [feeds[0] * 2]
    monkeypatch.setattr('train.experiments.measuring.open_runtime', Slow)
    monkeypatch.setattr('time.perf_counter', lambda: clock[0])
    images = np.arange(6.0).reshape(3, 2)
    assert [each.mean for each in times_of(['a', 'b'], images)] == pytest.approx([2.0, 4.0])
    assert ''.join(order) == 'baabba'
    assert times_of(['a'], images[:1])[0].median == pytest.approx(2.0)
    assert outputs_of('a', images).tolist() == [[0, 2], [4, 6], [8, 10]]


def test_sizes(tmp_path: Any) -> None:
    (tmp_path / 'zeros').write_bytes(bytes(10000))
    size = size_of(str(tmp_path / 'zeros'))
    assert size.bytes == 10000
    assert size.deflation > 0.99


def test_fine_tuning_begins_at_a_part_of_the_learning_rate() -> None:
    train = dataclasses.replace(TRAIN, learning_rate=0.01, warmup_steps=3)
    assert FineTuning(4, 0.5).of(train) == dataclasses.replace(
        TRAIN, steps=4, learning_rate=0.005, warmup_steps=0, schedule='cosine')
