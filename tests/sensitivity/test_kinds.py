"""What each kind does to a network's tensors."""

from typing import Any, Dict

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.channels import analyse
from tf1pruning.choice import choose
from tf1pruning.errors import NameNotFoundError, NothingToPruneError, OptionError
from tf1pruning.levels import load_bits, load_levels
from tf1pruning.model.model import Model
from tf1pruning.passes.soft_prune import soft_prune
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.ranking import Amount
from tf1pruning.sensitivity.kinds import KINDS, BitsKind, ChannelKind, LevelKind
from tf1pruning.tf1 import tf
from tf1pruning.weights import weight_tensors


@pytest.fixture
def model(tmp_path: Any) -> Model:
    """A stem, an inverted residual, a head."""
    return to_inference(load(builders.save_network('expanded', tmp_path)))


def test_levels_are_exact_and_leave_the_largest(model: Model, tmp_path: Any) -> None:
    kind = LevelKind(model)
    assert tuple(kind.sizes) == kind.tensors == tuple(weight_tensors(model))
    weights = model.value('stem/kernel')
    changed = kind.changed({'stem/kernel': 0.75})
    assert list(changed) == ['stem/kernel']
    kept = changed['stem/kernel'] != 0
    assert kept.sum() == weights.size // 4
    np.testing.assert_array_equal(changed['stem/kernel'][kept], weights[kept])
    assert np.abs(weights[~kept]).max() <= np.abs(weights[kept]).min()
    kind.save({'stem/kernel': 0.75}, str(tmp_path / 'levels.yaml'))
    assert load_levels(str(tmp_path / 'levels.yaml')) == {'stem/kernel': 0.75}


def test_levels_in_a_structure(model: Model) -> None:
    changed = LevelKind(model, ['last/kernel'] if 'last/kernel' in model.weights else ['logits/kernel'],
                        'block:2,2')
    name, = changed.sizes
    array = changed.changed({name: 0.5})[name]
    tiles = array[..., :array.shape[-2] // 2 * 2, :array.shape[-1] // 2 * 2]
    tiles = tiles.reshape(array.shape[-2] // 2, 2, -1, 2).transpose(0, 2, 1, 3).reshape(-1, 4)
    assert set((tiles != 0).sum(1)) == {0, 4}


def test_bits(model: Model, tmp_path: Any) -> None:
    pytest.importorskip('ckwrap')
    kind = BitsKind(model)
    changed = kind.changed({'stem/kernel': 2, 'logits/kernel': 1})
    assert {name: np.unique(array).size for name, array in changed.items()} == {'stem/kernel': 4, 'logits/kernel': 2}
    assert kind.reached({}) == 32
    kind.save({'stem/kernel': 2.0}, str(tmp_path / 'bits.yaml'))
    assert load_bits(str(tmp_path / 'bits.yaml')) == {'stem/kernel': 2}


def test_channels_are_soft_pruned(model: Model, tmp_path: Any) -> None:
    """All at once, too, where the slices of two groups lie in one kernel."""
    kind = ChannelKind(model)
    channels = analyse(model)
    names = [group.name for group in channels.groups]
    assert list(kind.sizes) == names
    for some in ([names[0]], names):
        plan = choose(channels, [group for group in channels.groups if group.name in some],
                      Amount(ratio=0.5, align=1), 'l1')
        soft = soft_prune(model, channels, plan)
        changed = kind.changed(dict.fromkeys(some, 0.5))
        assert set(changed) <= set(kind.tensors)
        for name in model.weights:
            np.testing.assert_array_equal(changed.get(name, model.value(name)), soft.value(name))
    kind.save({names[0]: 0.5}, str(tmp_path / 'plan.json'))
    saved = PruningPlan.load(str(tmp_path / 'plan.json'))
    assert {group.name: len(group.pruned) for group in saved.groups if group.pruned} == {
        names[0]: round(kind.sizes[names[0]] / 2)}


def test_channels_stay_multiples(model: Model) -> None:
    kind = ChannelKind(model, align=4)
    name = max(kind.sizes, key=lambda each: kind.sizes[each])
    changed = kind.changed({name: 0.3})
    kernel = changed['block/expand/kernel'] if 'block/expand/kernel' in changed else next(iter(changed.values()))
    assert (np.abs(kernel).sum((0, 1, 2)) > 0).sum() % 4 == 0


@pytest.mark.parametrize(('kind', 'options', 'error', 'message'), [
    ('level', {'parameters': ['stem/kernle']}, NameNotFoundError, 'no weight tensor named .*closest: stem/kernel'),
    ('bits', {'parameters': ['stem/kernle']}, NameNotFoundError, 'no weight tensor named .*closest: stem/kernel'),
    ('channel', {'parameters': ['stme']}, NameNotFoundError, 'no group of channels named .*closest: stem'),
    ('channel', {'align': 0}, OptionError, 'align 0 is not a positive number'),
    ('level', {'structure': 'blok'}, OptionError, "no structure 'blok'"),
])
def test_mistakes(model: Model, kind: str, options: Dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        KINDS[kind](model, **options)


def test_numbers_out_of_range(model: Model) -> None:
    for number in (0, 1, -0.1):
        with pytest.raises(OptionError, match='sparsity'):
            LevelKind(model).check(number)
    for number in (0, 11, 2.5):
        with pytest.raises(OptionError, match='no number of bits from 1 to 10'):
            BitsKind(model).check(number)


def test_a_network_without_weights(tmp_path: Any) -> None:
    def build() -> None:
        x = builders.image()
        scale = tf.get_variable('scale', [3])
        tf.identity(tf.reduce_mean(x * scale, [1, 2]), 'output')
    model = to_inference(load(builders.save_graph(build, tmp_path)))
    for kind in ('level', 'bits', 'channel'):
        with pytest.raises(NothingToPruneError):
            KINDS[kind](model)
