"""The pruning loop around a real, tiny training, from the first step to the stripped graph."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests import plain
from tf1pruning.errors import NothingToPruneError, OptionError
from tf1pruning.model.checkpoint import resolve_prefix
from tf1pruning.network import AVERAGE
from tf1pruning.plan import PruningPlan
from tf1pruning.search.settings import LoopResult
from tf1pruning.tf1 import tf
from train import prune_loop
from train.classifier import Classifier
from train.config import (
    BlockConfig,
    DigitsConfig,
    DistillConfig,
    Experiment,
    LeNet300Config,
    LoopConfig,
    MobileNetV2SEConfig,
    SoftConfig,
    SparseConfig,
    TrainConfig,
)
from train.measure import Frozen
from train.prune_loop import STRIPPED, prune

TINY = MobileNetV2SEConfig(blocks=(BlockConfig(8, stride=2), BlockConfig(8, se=True)), image_size=16, image_channels=1,
                           channel_multiple=4, stem_channels=8, head_channels=0)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _run(folder: Any, optimizer: str = 'adam', **changes: Any) -> LoopResult:
    classifier = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8, optimizer=optimizer)))
    start = classifier.train(str(folder / 'baseline'))
    config = LoopConfig('', TrainConfig(3, batch_size=8, optimizer=optimizer, weight_decay=0.1), values=(0.6, 0.5))
    return prune(classifier, start, dataclasses.replace(config, **changes), str(folder))


@pytest.mark.parametrize('optimizer', ['adam', 'momentum', 'adagrad'])
def test_a_real_run(tmp_path: Any, optimizer: str) -> None:
    """One retraining per threshold converges: failed_rate 0; the stripped graph is as good as the zeroed one."""
    result = _run(tmp_path, optimizer)
    assert [each['failed_rate'] for each in result.attempts] == [0.0, 0.0]
    assert result.plan is not None
    assert result.plan.pruned_count > 0
    assert result.stripped is not None
    assert result.stripped['stripped_vs_soft_pruned']['relative'] < 1e-5
    classifier = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8)))
    frozen = Frozen(str(tmp_path / STRIPPED / 'modify.pb'))
    assert frozen.accuracy(classifier.images.test) == pytest.approx(
        classifier.evaluate(result.checkpoint)['accuracy'])
    assert {'history.csv', 'history.json', 'loop.json'} <= set(os.listdir(str(tmp_path)))


@pytest.mark.slow
def test_soft_first_then_held(tmp_path: Any) -> None:
    """Filters may come back and are chosen anew; what is accepted is zero, by the plan that retraining has left."""
    result = _run(tmp_path, soft=SoftConfig(4, 2))
    assert [each['failed_rate'] for each in result.attempts] == [0.0, 0.0]
    assert [each['plan'] for each in result.attempts] == [
        os.path.join(name, 'retrained_0', 'plan.json') for name in ('00_threshold_0.6', '01_threshold_0.5')]
    first = PruningPlan.load(str(tmp_path / '00_threshold_0.6' / 'Pruned_Dir' / 'plan.json'))
    again = PruningPlan.load(str(tmp_path / result.attempts[0]['plan']))
    assert [len(group.pruned) for group in again.groups] == [len(group.pruned) for group in first.groups]
    assert result.stripped is not None
    assert result.stripped['stripped_vs_soft_pruned']['relative'] < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize('sparse', [SparseConfig(TrainConfig(3, batch_size=8), coefficient=0.1),
                                    SparseConfig(TrainConfig(3, batch_size=8), 'slimming', 0.1)],
                         ids=lambda value: value.kind)
def test_every_option_at_once(tmp_path: Any, sparse: SparseConfig) -> None:
    """A regulariser, distillation, recalibration and a last training: each leaves its row and its checkpoint."""
    result = _run(tmp_path, sparse=sparse, distill=DistillConfig(0.5), recalibrate=2,
                  finetune=TrainConfig(2, batch_size=8))
    with open(str(tmp_path / 'history.json')) as stream:
        rows = json.load(stream)
    assert [row['step'] for row in rows] == ['baseline', 'prepared', 'threshold 0.6', 'threshold 0.5', 'stripped',
                                             'recalibrated', 'finetuned']
    assert all(row['loss'] > 0 for row in rows)
    assert result.final is not None
    assert result.final['macs'] == rows[-1]['macs'] < rows[0]['macs']
    dense, prepared, stripped, recalibrated, tuned = (
        plain.values_of(resolve_prefix(str(tmp_path / name)))
        for name in ('baseline', 'prepared', 'stripped/Stripped_Dir', 'recalibrated', 'finetuned'))
    norm = next(name for name in dense if name.endswith('moving_mean'))
    scale = norm.replace('moving_mean', 'gamma')
    assert np.abs(prepared[scale] - dense[scale]).max() > 0
    assert np.abs(recalibrated[norm] - stripped[norm]).max() > 0
    assert np.array_equal(recalibrated[scale], stripped[scale])
    assert np.abs(tuned[scale] - recalibrated[scale]).max() > 0
    assert tuned[scale].shape == stripped[scale].shape
    shipped = Frozen(str(tmp_path / result.final['pb']))
    images = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8))).images
    assert shipped.accuracy(images.test) == pytest.approx(result.final['accuracy'])


@pytest.mark.slow
def test_the_averages_of_the_weights_are_what_is_pruned_and_shipped(tmp_path: Any) -> None:
    """What is evaluated is what the choice is made by, what is stripped and what is in the file, after any training."""
    train = TrainConfig(3, batch_size=8, schedule='constant', average=0.9)
    result = _run(tmp_path, retrain=train, finetune=train, values=(0.5,))
    assert result.final is not None
    retrained, stripped, tuned, shipped = (plain.values_of(resolve_prefix(str(tmp_path / name))) for name in (
        '00_threshold_0.5/retrained_0', 'stripped/Stripped_Dir', 'finetuned', 'final'))
    names = [name for name in shipped if name + AVERAGE in tuned]
    assert len(names) > 5
    assert any(np.abs(tuned[name] - tuned[name + AVERAGE]).max() > 1e-3 for name in names)
    for name in names:
        assert np.array_equal(shipped[name], tuned[name + AVERAGE])
        assert np.array_equal(stripped[name], stripped[name + AVERAGE])
        assert np.isclose(np.abs(stripped[name]).sum(), np.abs(retrained[name + AVERAGE]).sum())
    classifier = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8)))
    images = classifier.images.test
    assert Frozen(str(tmp_path / result.final['pb'])).accuracy(images) == pytest.approx(result.final['accuracy'])
    kept = result.attempts[-1]['accuracy']
    assert Frozen(str(tmp_path / STRIPPED / 'modify.pb')).accuracy(images) == pytest.approx(kept)


def test_a_floor_needs_images_of_its_own(tmp_path: Any, monkeypatch: Any) -> None:
    """The test images must not decide; that is known before the network is trained, which other images would change."""
    monkeypatch.setattr(prune_loop, 'FLAGS', SimpleNamespace(checkpoint=None, output=str(tmp_path / 'loop')))
    classifier = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8)))
    config = LoopConfig('', TrainConfig(3, batch_size=8), least_accuracy=0.5)
    with pytest.raises(OptionError, match='set validation_fraction'):
        prune_loop.lead(classifier, config, 4)
    with pytest.raises(OptionError, match='set validation_fraction'):
        prune(classifier, 'checkpoint', config, str(tmp_path / 'loop'))
    assert not os.path.exists(str(tmp_path / 'loop'))


def test_what_cannot_work_is_known_before_any_retraining(tmp_path: Any) -> None:
    """No batch norm to recalibrate, no blocks to prune; and other settings after the strip are another loop."""
    classifier = Classifier(Experiment(LeNet300Config(image_size=8, hidden=(16,)), TrainConfig(2, batch_size=8)))
    start = classifier.train(str(tmp_path / 'baseline'))
    config = LoopConfig('', TrainConfig(2, batch_size=8), 'ratio', (0.5,), scopes=('all',))
    for changes, error, message in (
            ({'recalibrate': 2}, OptionError, 'depend on no batch norm'),
            ({'scopes': ('blocks',)}, NothingToPruneError, 'no channels of the scopes asked for can be'),
            ({'kind': 'macs', 'values': (0.5, 0.01)}, OptionError, 'macs 0.01: cannot reach 1.0 %')):
        with pytest.raises(error, match=message):
            prune(classifier, start, dataclasses.replace(config, **changes), str(tmp_path / 'loop'))
    assert not os.path.exists(str(tmp_path / 'loop'))
    prune(classifier, start, config, str(tmp_path / 'loop'))
    with pytest.raises(OptionError, match=r'a run with training\.finetune null, not \{'):
        prune(classifier, start, dataclasses.replace(config, finetune=TrainConfig(2)), str(tmp_path / 'loop'))


def test_other_images_are_another_run(tmp_path: Any) -> None:
    """A folder is not gone on with on another split, which `--checkpoint` alone would not tell."""
    _run(tmp_path)
    other = DigitsConfig(validation_fraction=0.1)
    classifier = Classifier(Experiment(TINY, TrainConfig(4, batch_size=8), other))
    start = tf.train.latest_checkpoint(str(tmp_path / 'baseline'))
    with pytest.raises(OptionError, match='training.images.validation_fraction 0.0, not 0.1'):
        prune(classifier, start, LoopConfig('', TrainConfig(3, batch_size=8, weight_decay=0.1), values=(0.6, 0.5)),
              str(tmp_path))


CONFIG = """experiment: experiment.yaml
values: [0.6, 0.5]
retrain: {steps: 6, batch_size: 8, checkpoint_steps: 2}
"""
EXPERIMENT = """model: {name: mobilenet_v2_se, image_size: 16, image_channels: 1, stem_channels: 8,
        blocks: [{channels: 8, stride: 2}, {channels: 8, se: true}]}
images: {name: digits}
train: {steps: 4, batch_size: 8}
"""


def _start(tmp_path: Any, output: str) -> 'subprocess.Popen[bytes]':
    (tmp_path / 'loop.yaml').write_text(CONFIG)
    (tmp_path / 'experiment.yaml').write_text(EXPERIMENT)
    words = ['-m', 'train.prune_loop', '--config', str(tmp_path / 'loop.yaml'), '--output', str(tmp_path / output)]
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def test_killed_and_started_again(tmp_path: Any) -> None:
    """SIGKILL in the middle of a retraining: the same command goes on, and ends where one run ends."""
    assert _start(tmp_path, 'whole').wait() == 0
    broken = _start(tmp_path, 'broken')
    deadline = time.time() + 120
    while broken.poll() is None and time.time() < deadline:
        if os.path.exists(str(tmp_path / 'broken' / '00_threshold_0.6' / 'retrained_0' / 'model.ckpt-2.index')):
            broken.send_signal(signal.SIGKILL)
            break
        time.sleep(0.02)
    assert broken.wait() == -signal.SIGKILL
    assert not os.path.exists(str(tmp_path / 'broken' / STRIPPED))
    again = _start(tmp_path, 'broken')
    assert again.wait() == 0, again.stderr.read() if again.stderr else ''
    values = [plain.values_of(str(tmp_path / name / STRIPPED / 'model.ckpt-6')) for name in ('whole', 'broken')]
    assert sorted(values[0]) == sorted(values[1])
    for name in values[0]:
        assert np.allclose(values[0][name], values[1][name], rtol=1e-3, atol=1e-4), name
