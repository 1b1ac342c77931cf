"""A decomposed network is trained on by `python -m train.train`, while its sparse branches stay sparse."""

import os
from types import SimpleNamespace
from typing import Any, Dict

import numpy as np
import pytest

from tests.plain import values_of
from tf1pruning.decomposition import DecomposeOrder, write_decomposed
from tf1pruning.errors import OptionError
from tf1pruning.graph.inference import Input
from tf1pruning.model.load import load_model
from tf1pruning.tf1 import tf
from train import train
from train.classifier import Classifier
from train.config import DigitsConfig, Experiment, ImportedConfig, SparsifyConfig, TrainConfig, VGGConfig
from train.held_zeros import held_zeros

SOURCE = Experiment(VGGConfig(image_size=8, image_channels=1, stages=((16,), (24, 16))),
                    TrainConfig(1, batch_size=16, learning_rate=0.01), DigitsConfig())
TEXT = ('model: {name: imported, image_size: 8, image_channels: 1, input: %s, hold_zeros: true}\n'
        'train: {steps: %d, batch_size: 16, optimizer: momentum, learning_rate: 0.02, weight_decay: 0.01}\n')
KINDS = ('hybrid', 'tucker', 'spars')


@pytest.fixture(name='decomposed', scope='module')
def make_decomposed(tmp_path_factory: Any) -> Dict[str, str]:
    """Decomposes a network in every way; returns the checkpoints by kind."""
    folder = str(tmp_path_factory.mktemp('decomposed'))
    source = Classifier(SOURCE).train(os.path.join(folder, 'source'))
    model = load_model(source, ('logits',), {'IteratorGetNext': Input('input', (None, 8, 8, 1))})
    made = {}
    for kind in KINDS:
        output = os.path.join(folder, kind)
        report = write_decomposed(model, source, output, DecomposeOrder(factor=0.595, kind=kind))
        made[kind] = os.path.join(output, report['path'])
    return made


@pytest.fixture(name='run')
def make_run(tmp_path: Any, monkeypatch: Any) -> Any:
    """Trains as the program does; returns the folder."""
    monkeypatch.setattr(train, 'prepare', lambda: None)

    def run(checkpoint: str, steps: int, name: str = 'tuned', begins: str = 'input') -> str:
        (tmp_path / 'config.yaml').write_text(TEXT % (begins, steps))
        monkeypatch.setattr(train, 'FLAGS', SimpleNamespace(
            config=str(tmp_path / 'config.yaml'), data=None, model=checkpoint, output=str(tmp_path / name)))
        assert train.main([]) == 0
        return str(tmp_path / name)
    return run


@pytest.mark.parametrize('kind', KINDS)
def test_branches_learn_and_zeros_stay(decomposed: Dict[str, str], run: Any, capsys: Any, kind: str) -> None:
    """It begins with the values that the decomposition wrote; and goes on once more from what came out."""
    start, once = decomposed[kind], run(decomposed[kind], 4)
    before, begun, after = values_of(start), values_of(once + '/model.ckpt-0'), values_of(once)
    for name, value in before.items():
        np.testing.assert_array_equal(begun[name], value, name)
    kernels = [name for name, value in before.items() if value.ndim > 1]
    sparse = [name for name in kernels if (before[name] == 0).any()]
    assert bool(sparse) == (kind != 'tucker')
    assert [name for name in kernels if name.endswith('/first')] or kind == 'spars'
    for name in kernels:
        assert 1e-6 < np.abs(after[name] - before[name]).max() < 1, name
        np.testing.assert_array_equal(after[name] == 0, before[name] == 0, name)
    assert all((after[name] != before[name]).any() for name in before if name.endswith('moving_mean'))
    assert 'accuracy' in capsys.readouterr().out


def test_what_came_out_is_trained_on_again(decomposed: Dict[str, str], run: Any) -> None:
    """Its mask and slots are those of another training."""
    once = tf.train.latest_checkpoint(run(decomposed['hybrid'], 2))
    before, after = values_of(once), values_of(run(once, 2, 'twice', 'IteratorGetNext'))
    sparse = [name for name in before if name.endswith('/sparse')]
    assert sparse
    for name in sparse:
        np.testing.assert_array_equal(after[name] == 0, before[name] == 0, name)
        assert (after[name] != before[name]).any()


def test_a_tensor_of_zeros_stays_one(decomposed: Dict[str, str], tmp_path: Any) -> None:
    """A sparse branch that keeps nothing is no reason to let it grow."""
    name = 'vgg/conv2/conv2_1/weights'
    changed = values_of(decomposed['spars'])
    assert name in changed
    changed[name][:] = 0
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(decomposed['spars'] + '.meta')
        for variable in tf.global_variables():
            variable.load(changed[variable.op.name], session)
        checkpoint = tf.train.Saver().save(session, str(tmp_path / 'changed.ckpt'))
    model = ImportedConfig(image_size=8, image_channels=1, checkpoint=checkpoint, hold_zeros=True)
    classifier = Classifier(Experiment(model, TrainConfig(2, batch_size=16, weight_decay=0.01)))
    after = values_of(classifier.train(str(tmp_path / 'tuned')))
    assert not after[name].any()
    assert not after[name + '/Adam'].any()


def test_nothing_is_held_where_nothing_is_zero(decomposed: Dict[str, str]) -> None:
    model = ImportedConfig(image_size=8, image_channels=1)
    classifier = Classifier(Experiment(model, TrainConfig(1)))
    for kind, hooks in (('tucker', 0), ('hybrid', 1)):
        config = ImportedConfig(image_size=8, image_channels=1, checkpoint=decomposed[kind])
        assert len(held_zeros(config, classifier.network)) == hooks


def test_two_keys_that_contradict() -> None:
    with pytest.raises(OptionError, match='sparsify and hold_zeros both say which weights are zero'):
        Experiment(ImportedConfig(hold_zeros=True), TrainConfig(1), sparsify=SparsifyConfig(end=1, final=0.5))
