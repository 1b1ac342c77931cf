"""YAML becomes typed objects; what no object has is refused, with a name that it may have been."""

import dataclasses
import glob
import os
import re
from typing import Any

import pytest

from tf1pruning.errors import OptionError
from train.config import (
    CONFIGS,
    BlockConfig,
    DataConfig,
    ModelConfig,
    PruneConfig,
    TrainConfig,
    TrainingFile,
    load,
    one_of,
)

KINDS = {'model': ModelConfig, 'training': TrainingFile, 'pruning': PruneConfig}


def write(tmp_path: Any, text: str) -> str:
    path = tmp_path / 'config.yaml'
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize('path', sorted(glob.glob(os.path.join(CONFIGS, '*_digits.yaml'))), ids=os.path.basename)
def test_examples_load_and_document_every_key(path: str) -> None:
    kind = KINDS[os.path.basename(path).split('_')[0]]
    load(kind, path)
    with open(path) as file:
        text = file.read()
    lines = [line for line in text.splitlines() if ':' in line.split('#')[0]]
    assert lines
    assert [line for line in lines if '#' not in line] == []
    assert [field.name for field in dataclasses.fields(kind) if not re.search(r'\b%s:' % field.name, text)] == []


def test_values_and_defaults(tmp_path: Any) -> None:
    text = 'width: 1\nblocks: [{channels: 8, se: true}, {channels: 16, stride: 2}]'
    config = load(ModelConfig, write(tmp_path, text))
    assert config == ModelConfig((BlockConfig(8, se=True), BlockConfig(16, stride=2)), width=1.0)
    assert isinstance(config.width, float)


def test_numbers_without_a_point(tmp_path: Any) -> None:
    """YAML 1.1 takes `1e-5` for a text; people take it for a number."""
    assert load(TrainConfig, write(tmp_path, 'steps: 5\nweight_decay: 1e-5')).weight_decay == 1e-5


def test_nested(tmp_path: Any) -> None:
    text = 'train: {steps: 5, batch_size: 2}\nimages: {shift: 0}'
    assert load(TrainingFile, write(tmp_path, text)) == TrainingFile(TrainConfig(5, batch_size=2), DataConfig(shift=0))


@pytest.mark.parametrize(('text', 'message'), [
    ('stepz: 5', r"unknown key 'stepz'; closest: steps"),
    ('batch_size: 5', "missing key 'steps'"),
    ('steps: many', r'steps: expected int, found .many.'),
    ('steps: 1.5', 'steps: expected int, found 1.5'),
    ('steps: true', 'steps: expected int, found True'),
    ('steps: 5\nlearning_rate: fast', 'learning_rate: expected float'),
    ('- steps', 'expected keys'),
    ('steps: [', 'is not YAML'),
    ('', 'expected keys'),
])
def test_mistakes_are_named(tmp_path: Any, text: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        load(TrainConfig, write(tmp_path, text))


def test_mistakes_inside_lists_say_where(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match=r"blocks\[1\]: unknown key 'chanels'; closest: channels"):
        load(ModelConfig, write(tmp_path, 'blocks: [{channels: 8}, {chanels: 8}]'))


def test_list_expected(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match='thresholds: expected a list, found 0.5'):
        load(PruneConfig, write(tmp_path, 'retrain: {steps: 1}\nthresholds: 0.5'))


def test_missing_file() -> None:
    with pytest.raises(OptionError, match='cannot read nowhere.yaml: No such file'):
        load(TrainConfig, 'nowhere.yaml')


def test_one_of() -> None:
    assert one_of('a', {'a': 1}, 'letter') == 1
    with pytest.raises(OptionError, match="no letter named 'c'; there are a, b"):
        one_of('c', {'b': 1, 'a': 2}, 'letter')
