"""Weights of the smallest magnitudes become zero, and nothing else changes."""

from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.errors import VerificationError
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.model.frozen import freeze
from tf1pruning.model.masked import Masked
from tf1pruning.model.model import Model
from tf1pruning.model.values import Held
from tf1pruning.passes.sparse_proof import prove_sparse
from tf1pruning.passes.sparsify import sparsify
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.sparsity import SparsitySelection, kept_count, mask_of, parse_structure
from tf1pruning.tf1 import tf
from tf1pruning.weights import weight_tensors, with_values

HALF = SparsitySelection(0.5)


def _expected(model: Model, name: str, structure: str = 'unstructured', sparsity: Any = 0.5) -> np.ndarray:
    value = model.value(name)
    return np.where(mask_of(value, structure, sparsity, weight_tensors(model)[name]), value, np.float32(0))


@pytest.mark.parametrize('name', ['expanded', 'resource', 'partitioned', 'transposed', 'dense_se'])
@pytest.mark.parametrize('frozen', [False, True])
def test_exactly_the_smallest_weights_are_zero(tmp_path: Any, name: str, frozen: bool) -> None:
    """Of variables and of constants; what was given stays as it is."""
    model = to_inference(load(builders.save_network(name, tmp_path)))
    model = freeze(model) if frozen else model
    before = {each: model.value(each).copy() for each in weight_tensors(model)}
    made = sparsify(model, HALF)
    assert {tensor.name for tensor in made.tensors} == set(HALF.tensors(model)) == set(made.changed)
    for tensor in made.tensors:
        value = made.model.value(tensor.name)
        assert np.array_equal(value, _expected(model, tensor.name))
        assert tensor.zeros == tensor.pruned == value.size - kept_count(value.size, 0.5) == (value == 0).sum()
        assert np.array_equal(model.value(tensor.name), before[tensor.name])
    prove_sparse(model, made.model, made)


def test_slots_and_averages_are_zero_where_their_weights_are(tmp_path: Any) -> None:
    """And only there; what Adagrad divides by stays."""
    model = load(builders.save_training(tmp_path, average=True))
    made = sparsify(model, SparsitySelection(0.75))
    name = next(iter(weight_tensors(model)))
    companions = [each.node for each in model.companions[name]]
    assert len(companions) == 3
    kept = made.model.value(name) != 0
    for each in companions:
        assert np.array_equal(made.model.value(each), np.where(kept, model.value(each), np.float32(0)))
        assert not np.array_equal(made.model.value(each), model.value(each))
    untouched = set(model.weights) - set(made.changed)
    assert len(untouched) > 5
    assert all(np.array_equal(made.model.value(each), model.value(each)) for each in untouched)


def test_what_is_divided_by_stays(tmp_path: Any) -> None:
    """0 / 0 would follow."""
    model = load(builders.save_training(tmp_path, 'adagrad'))
    assert set(sparsify(model, HALF).changed) == set(HALF.tensors(model))


def test_a_training_checkpoint_trains_on(tmp_path: Any) -> None:
    """Written as it came, with TensorFlow's own session."""
    saved = builders.save_training(tmp_path)
    model = load(saved)
    made = sparsify(model, HALF)
    (tmp_path / 'sparse').mkdir()
    prefix = save_checkpoint(made.model, str(tmp_path / 'sparse'))
    written = load_checkpoint(prefix, model.outputs, model.inputs, model.feeds)
    prove_sparse(model, written, made)
    values = plain.values_of(prefix)
    assert all((values[tensor.name] == 0).sum() == tensor.zeros for tensor in made.tensors)
    loss, _ = plain.train_step(prefix, builders.training_feeds(), str(tmp_path / 'further'))
    assert np.isfinite(loss)


def test_levels_structures_and_competition(tmp_path: Any) -> None:
    """Every tensor by its own level; blocks; 2:4; all together."""
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    levels = {'stem/kernel': 0.25, 'block/expand/kernel': 0.0}
    made = sparsify(model, SparsitySelection(levels=levels))
    assert [(each.name, each.sparsity) for each in made.tensors] == list(levels.items())
    for structure, sparsity in (('block:2,2', 0.5), ('2:4', None)):
        made = sparsify(model, SparsitySelection(sparsity, structure=parse_structure(structure)))
        assert all(np.array_equal(made.model.value(each.name), _expected(model, each.name, structure, sparsity))
                   for each in made.tensors)
    made = sparsify(model, SparsitySelection(0.9, together=True))
    total = sum(each.weights for each in made.tensors)
    assert sum(each.zeros for each in made.tensors) == total - kept_count(total, 0.9)
    assert len({round(each.sparsity, 3) for each in made.tensors}) > 1


def test_zeros_that_were_there_are_counted(tmp_path: Any) -> None:
    """They go first; where there are more of them than asked for, there are more after."""
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    value = model.value('stem/kernel').copy()
    value.flat[:-10] = 0
    model = with_values(model, {'stem/kernel': value})
    made = sparsify(model, SparsitySelection(levels={'stem/kernel': 0.5}))
    tensor, = made.tensors
    assert (tensor.zeros_before, tensor.zeros, tensor.pruned) == (value.size - 10, value.size - 10, value.size // 2)
    assert np.array_equal(made.model.value('stem/kernel'), value)


def test_masked_values_are_read_in_blocks(monkeypatch: Any) -> None:
    """Blocks that do not begin at a whole byte of the mask; the bits of the others stay, NaN and -0 too."""
    monkeypatch.setattr('tf1pruning.model.values.BLOCK_BYTES', 60)
    random = np.random.RandomState(0)
    value = random.normal(size=(7, 3, 5)).astype(np.float32)
    value[0, 0, :3] = [np.nan, np.inf, -0.0]
    mask = random.uniform(size=value.shape) < 0.5
    mask[0, 0] = [True, False, True, False, True]
    masked = Masked(Held(value), mask)
    assert len(list(masked.blocks())) == 7
    assert masked.array().tobytes() == np.where(mask, value, np.float32(0)).tobytes()


@pytest.mark.parametrize('wrong', ['another value', 'a zero too many', 'a zero too few', 'another parameter'])
def test_the_proof_sees_what_is_wrong(tmp_path: Any, wrong: str) -> None:
    """Whatever it is, with the name of the parameter."""
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    made = sparsify(model, HALF)
    name = 'stem/kernel' if wrong != 'another parameter' else next(
        each for each in model.weights if each not in made.changed)
    value = made.model.value(name).copy()
    places = np.flatnonzero(value)
    if wrong == 'a zero too few':
        value.flat[np.flatnonzero(value == 0)[0]] = model.value(name).flat[np.flatnonzero(value == 0)[0]]
    else:
        value.flat[places[0]] = 0 if wrong == 'a zero too many' else np.nextafter(value.flat[places[0]], np.float32(9))
    with pytest.raises(VerificationError, match=name):
        prove_sparse(model, with_values(made.model, {name: value}), made)


def test_the_proof_sees_another_graph(tmp_path: Any) -> None:
    """A constant that had no part in it."""
    model = freeze(to_inference(load(builders.save_network('expanded', tmp_path))))
    made = sparsify(model, HALF)
    prove_sparse(model, made.model, made)
    other = next(name for name in model.view.nodes if model.view.op(name) == 'Const' and name not in made.changed
                 and model.value(name).dtype.kind == 'f' and model.value(name).size)
    with pytest.raises(VerificationError, match='node %s is not as it was' % other):
        prove_sparse(model, with_values(made.model, {other: model.value(other) + 1}), made)


def test_a_constant_that_is_no_number_is_as_it_was(tmp_path: Any) -> None:
    """A message with a NaN in it is not equal to itself."""
    def masked_network() -> None:
        x = builders.conv(builders.image(), 8, 'stem', 3)
        tf.where(x > 0, x, tf.fill(tf.shape(x), np.float32(np.nan)), name='output')
    frozen = freeze(to_inference(load(builders.save_graph(masked_network, tmp_path))))
    prove_sparse(frozen, frozen.replace(meta=sparsify(frozen, HALF).model.meta), sparsify(frozen, HALF))


def test_slots_with_other_zeros_than_the_mask_has_are_found(tmp_path: Any) -> None:
    """Though each of their numbers is zero or as it was."""
    model = load(builders.save_training(tmp_path))
    made = sparsify(model, HALF)
    slot = next(name for name in made.changed if 'Adam' in name)
    wrong = with_values(made.model, {slot: np.zeros_like(made.model.value(slot))})
    with pytest.raises(VerificationError, match='is not as it was computed'):
        prove_sparse(model, wrong, made)
