"""Which folder a training may be begun in, or gone on with in."""

import dataclasses
import json
from typing import Any

import pytest

from tf1pruning.errors import OutputError
from tf1pruning.search.loop import JOURNAL
from tf1pruning.tf1 import tf
from train.config import DigitsConfig, Experiment, LeNet300Config, TrainConfig
from train.resuming import RECORD, record

EXPERIMENT = Experiment(LeNet300Config(image_size=8, hidden=(16,)), TrainConfig(6, batch_size=8), DigitsConfig())


def _checkpoint_in(folder: Any) -> None:
    """Leaves a checkpoint, as far as its name tells."""
    (folder / 'model.ckpt-3.index').write_text('')
    tf.train.update_checkpoint_state(str(folder), str(folder / 'model.ckpt-3'))


def test_what_was_begun_is_gone_on_with(tmp_path: Any) -> None:
    """More steps may follow, and a key that there was not yet is as if it were none, or zero."""
    record(str(tmp_path), EXPERIMENT)
    _checkpoint_in(tmp_path)
    written = json.loads((tmp_path / RECORD).read_text())
    assert written['images'].pop('validation_fraction') == 0
    (tmp_path / RECORD).write_text(json.dumps(written))
    record(str(tmp_path), dataclasses.replace(EXPERIMENT, train=TrainConfig(9, batch_size=8)))
    assert json.loads((tmp_path / RECORD).read_text())['train']['steps'] == 9
    with pytest.raises(OutputError, match=r'with images.validation_fraction 0.0, not 0.2: choose another folder'):
        record(str(tmp_path), dataclasses.replace(EXPERIMENT, images=DigitsConfig(validation_fraction=0.2)))


def test_checkpoints_without_a_record(tmp_path: Any) -> None:
    """Nobody knows what they are of."""
    _checkpoint_in(tmp_path)
    with pytest.raises(OutputError, match=r'holds checkpoints that no training here left \(there is no training.json'
                                          r'\): choose another folder'):
        record(str(tmp_path), EXPERIMENT)
    assert not (tmp_path / RECORD).exists()


def test_the_folder_of_a_loop(tmp_path: Any) -> None:
    """Its trainings have folders of their own, below."""
    (tmp_path / JOURNAL).write_text('{}')
    with pytest.raises(OutputError, match=r'holds a pruning loop \(loop.json\), not a training: choose another folder'):
        record(str(tmp_path), EXPERIMENT)
    assert not (tmp_path / RECORD).exists()
    record(str(tmp_path / 'baseline'), EXPERIMENT)
    assert (tmp_path / 'baseline' / RECORD).exists()
