"""Distiller: after thinning only the slots of SGD follow their variables."""

import os
from typing import Any, Callable, Dict, NamedTuple, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.peers.pruned import Pruned, prune_saved
from tests.surgery import load
from tf1pruning.pipeline import strip_only
from tf1pruning.plan import PruningPlan
from tf1pruning.tf1 import tf

OPTIMIZERS: Dict[str, Tuple[Callable[[], tf.train.Optimizer], Tuple[str, ...]]] = {
    'adam': (lambda: tf.train.AdamOptimizer(0.01), ('Adam', 'Adam_1')),
    'nesterov momentum': (lambda: tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True), ('Momentum',)),
    'centred rmsprop': (lambda: tf.train.RMSPropOptimizer(0.001, momentum=0.9, centered=True),
                        ('RMSProp', 'RMSProp_1', 'RMSProp_2')),
    'ftrl': (lambda: tf.train.FtrlOptimizer(0.01, l1_regularization_strength=1e-4, l2_regularization_strength=1e-4),
             ('Ftrl', 'Ftrl_1')),
    'proximal adagrad': (lambda: tf.train.ProximalAdagradOptimizer(0.01), ('ProximalAdagrad',)),
    'adagrad of dual averages': (
        lambda: tf.train.AdagradDAOptimizer(0.01, tf.train.get_or_create_global_step()), ('AdagradDA', 'AdagradDA_1')),
    'adadelta': (lambda: tf.train.AdadeltaOptimizer(1.0), ('Adadelta', 'Adadelta_1')),
    'gradient descent': (lambda: tf.train.GradientDescentOptimizer(0.01), ()),
}
EXPAND = 'block_1/expand/kernel'


class Stripped(NamedTuple):
    """A training graph, pruned: soft and stripped, in files.

    Attributes:
        pruned: what `prune` made of its inference form, with the soft-pruned training graph.
        prefix: the stripped training graph.
        slots: names of the optimizer's slots, behind those of their variables.
    """

    pruned: Pruned
    prefix: str
    slots: Tuple[str, ...]


@pytest.fixture(name='stripped', scope='module', params=sorted(OPTIMIZERS))
def make_stripped(request: Any, tmp_path_factory: Any) -> Stripped:
    """Trained for a few steps with one of the optimizers, then pruned by half."""
    folder = tmp_path_factory.mktemp('trained')
    optimizer, slots = OPTIMIZERS[request.param]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(builders.OPTIMIZERS, request.param, optimizer)
        saved = builders.save_training(folder, request.param)
    pruned = prune_saved(saved, folder)
    plan = PruningPlan.load(os.path.join(pruned.folder, 'plan.json'))
    strip_only(load(saved._replace(prefix=pruned.soft)), pruned.soft, plan, str(folder / 'stripped'))
    return Stripped(pruned, str(folder / 'stripped' / 'Stripped_Dir' / 'model.ckpt-3'), slots)


def _kept(stripped: Stripped, value: np.ndarray) -> np.ndarray:
    """The part of something of the expansion's shape that remains."""
    groups = {group['anchor']['parameter']: group['kept'] for group in stripped.pruned.plan.values()}
    return value[:, :, groups['stem/kernel']][..., groups[EXPAND]]


def test_slots_follow(stripped: Stripped) -> None:
    """Every slot of every variable has its variable's shape, and holds what it held for the channels that stay."""
    before, after = plain.values_of(stripped.pruned.soft), plain.values_of(stripped.prefix)
    trainable = plain.collections_of(stripped.prefix).trainable
    assert sorted(before) == sorted(after)
    for name, shape in trainable.items():
        assert after[name].shape == shape
        for slot in stripped.slots:
            assert after['%s/%s' % (name, slot)].shape == shape
    assert after[EXPAND].shape == (1, 1, 4, 12)
    for suffix in ('', *('/' + slot for slot in stripped.slots)):
        assert np.array_equal(after[EXPAND + suffix], _kept(stripped, before[EXPAND + suffix]))
        assert np.abs(after[EXPAND + suffix]).max() > 0


def test_training_goes_on_as_soft_pruned(stripped: Stripped, tmp_path: Any) -> None:
    """The next step has the same loss, leaves what was soft-pruned at zero and moves the rest alike."""
    feeds = builders.training_feeds(9)
    results = []
    for name, prefix in (('soft', stripped.pruned.soft), ('hard', stripped.prefix)):
        (tmp_path / name).mkdir()
        results.append(plain.train_step(prefix, feeds, str(tmp_path / name)))
    (soft_loss, soft), (hard_loss, hard) = results
    assert hard_loss == pytest.approx(soft_loss, rel=1e-5)
    assert all(np.isfinite(value).all() for value in hard.values())
    assert np.allclose(hard[EXPAND], _kept(stripped, soft[EXPAND]), rtol=1e-3, atol=2e-3)
    assert np.count_nonzero(soft[EXPAND]) == np.count_nonzero(_kept(stripped, soft[EXPAND])) > 24
    assert not np.array_equal(hard['logits/kernel'], plain.values_of(stripped.prefix)['logits/kernel'])
