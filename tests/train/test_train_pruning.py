"""The threshold loop: folders, retries, and a real run of a tiny network from training to the stripped graph."""

import os
from typing import Any, Dict, List

import pytest

from train import train_pruning
from train.classifier import Classifier
from train.config import BlockConfig, Experiment, MobileNetV2SEConfig, PruneConfig, TrainConfig
from train.measure import Frozen

TINY = MobileNetV2SEConfig(blocks=(BlockConfig(8, stride=2), BlockConfig(8, se=True)), image_size=16, image_channels=1,
                           channel_multiple=4, stem_channels=8, head_channels=0)
FEW = TrainConfig(4, batch_size=8, learning_rate=0.01)


class FakePruning:
    """Stands in for `Pruning`: writes down what is called, and fails as often as it is told."""

    calls: List[str] = []
    rates: List[float] = []
    zeros: Dict[str, Any] = {}

    def __init__(self, checkpoint: str, scope_names: Any, output_dir: str, **options: Any) -> None:
        self.output_dir = output_dir
        self.pruned_ckpt_path = self.retrained_ckpt_path = checkpoint
        self.calls.append('from %s' % checkpoint)

    def set_threshold(self, value: float) -> None:
        self.calls.append('threshold %g' % value)

    def set_output_dir(self, path: str) -> None:
        self.output_dir = path

    def pruning_process(self, retrain: bool = False) -> None:
        self.calls.append('again' if retrain else 'prune')

    def get_retrained_ckpt(self, folder: str) -> None:
        self.retrained_ckpt_path = folder

    def get_pruning_summary(self) -> float:
        return self.rates.pop(0)


class FakeClassifier:
    """Trains nothing, but says where to."""

    output_node = 'logits'
    input_tensors_map: Dict[str, Any] = {}

    def train(self, folder: str, train: TrainConfig, start: Any, hooks: Any) -> None:
        FakePruning.calls.append('train %s' % folder)


@pytest.fixture
def calls(monkeypatch: Any) -> List[str]:
    monkeypatch.setattr(train_pruning, 'Pruning', FakePruning)
    monkeypatch.setattr(train_pruning, 'warm_start_from', lambda checkpoint: None)
    monkeypatch.setattr(FakePruning, 'calls', [])
    return FakePruning.calls


def test_failed_steps_are_repeated_in_folders_of_their_own(calls: List[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(FakePruning, 'rates', [0.5, 0.05, 0.1])
    config = PruneConfig(FEW, thresholds=(0.7, 0.55))
    steps = list(train_pruning.prune_in_steps(FakeClassifier(), 'start', 'out', config))  # type: ignore[arg-type]
    assert calls == ['from start', 'threshold 0.7', 'prune', 'train out/TH0.7', 'again', 'train out/TH0.7_Repruned1',
                     'from out/TH0.7_Repruned1', 'threshold 0.55', 'prune', 'train out/TH0.55']
    assert [step.failed_rate for step in steps] == [0.05, 0.1]


def test_retries_are_bounded(calls: List[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(FakePruning, 'rates', [0.9] * 9)
    config = PruneConfig(FEW, thresholds=(0.5,), max_retries=3)
    steps = list(train_pruning.prune_in_steps(FakeClassifier(), 'start', 'out', config))  # type: ignore[arg-type]
    assert calls[-1] == 'train out/TH0.5_Repruned3'
    assert steps[0].failed_rate == 0.9


@pytest.mark.parametrize('optimizer', ['adam', 'momentum'])
def test_a_real_run(tmp_path: Any, optimizer: str) -> None:
    """One retraining per threshold converges: failed_rate 0; the stripped graph computes what the zeroed one does."""
    classifier = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8, optimizer=optimizer)))
    start = classifier.train(str(tmp_path / 'base'))
    config = PruneConfig(TrainConfig(3, batch_size=8, optimizer=optimizer, weight_decay=0.1), thresholds=(0.6, 0.5))
    steps = list(train_pruning.prune_in_steps(classifier, start, str(tmp_path), config))
    assert [step.failed_rate for step in steps] == [0.0, 0.0]
    assert steps[-1].pruning.plan is not None
    assert steps[-1].pruning.plan.pruned_count > 0
    assert os.path.exists(str(tmp_path / 'TH0.5' / 'Pruning_Summary.txt'))
    path = train_pruning.strip(steps[-1].pruning, str(tmp_path))
    test = classifier.images.test
    assert steps[-1].pruning.verify({'input:0': test.images}).relative < 1e-5
    assert Frozen(path).accuracy(test) == pytest.approx(classifier.evaluate(steps[-1].checkpoint))
