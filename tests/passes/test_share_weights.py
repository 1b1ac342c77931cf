"""Weights share few values, and nothing else changes."""

from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.clustering import ClusterSelection, shared_values
from tf1pruning.errors import ModelError, NameNotFoundError, OptionError, VerificationError
from tf1pruning.model.checkpoint import load_checkpoint, save_checkpoint
from tf1pruning.model.frozen import freeze
from tf1pruning.model.model import Model
from tf1pruning.passes.share_weights import prove_shared, share_weights
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.weights import weight_tensors, with_values

FOUR = ClusterSelection(4)


@pytest.fixture
def model(tmp_path: Any) -> Model:
    """A small network for inference, with zeros in one kernel."""
    network = to_inference(load(builders.save_network('expanded', tmp_path)))
    kernel = network.value('stem/kernel').copy()
    kernel[..., ::3] = 0
    return with_values(network, {'stem/kernel': kernel})


@pytest.mark.parametrize('name', ['expanded', 'resource', 'partitioned', 'dense_se'])
@pytest.mark.parametrize('frozen', [False, True])
def test_every_tensor_has_few_values(tmp_path: Any, name: str, frozen: bool) -> None:
    """Variables and constants, those that `shared_values` finds; what was given stays as it is."""
    given = to_inference(load(builders.save_network(name, tmp_path)))
    given = freeze(given) if frozen else given
    before = {each: given.value(each).copy() for each in weight_tensors(given)}
    made = share_weights(given, FOUR)
    assert [record.name for record in made.tensors] == list(before)
    for record in made.tensors:
        value = made.model.value(record.name)
        assert np.array_equal(value, shared_values(before[record.name], 4).values())
        assert np.unique(value).size == record.values <= 4 < record.values_before
        difference = value.astype(np.float64) - before[record.name]
        np.testing.assert_allclose(record.distortion, np.square(difference).sum())
        np.testing.assert_allclose(record.relative_error,
                                   np.linalg.norm(difference) / np.linalg.norm(before[record.name].astype(np.float64)))
        assert np.array_equal(given.value(record.name), before[record.name])
    prove_shared(given, made.model, made, FOUR)


def test_zeros_stay_or_not(model: Model) -> None:
    """They count among the values."""
    zero = model.value('stem/kernel') == 0
    kept, other = (share_weights(model, ClusterSelection(3, preserve_sparsity=keep)) for keep in (True, False))
    assert np.array_equal(kept.model.value('stem/kernel') == 0, zero)
    record = next(record for record in kept.tensors if record.name == 'stem/kernel')
    assert (record.values, record.zeros, record.zeros_before) == (3, zero.sum(), zero.sum())
    assert not np.array_equal(other.model.value('stem/kernel') == 0, zero)


def test_bits_tensors_and_exclude(model: Model) -> None:
    """Each tensor by its own number of bits; scopes in and out."""
    made = share_weights(model, ClusterSelection(bits={'stem/kernel': 1, 'block/expand/kernel': 3}))
    assert [(record.name, record.values) for record in made.tensors] == [('stem/kernel', 2), ('block/expand/kernel', 8)]
    assert {record.name for record in share_weights(model, FOUR._replace(only=('block',))).tensors} == {
        name for name in weight_tensors(model) if name.startswith('block/')}
    assert 'stem/kernel' not in {record.name for record in share_weights(
        model, FOUR._replace(exclude=('stem',))).tensors}


def test_tensors_with_few_values_stay_as_they_are(model: Model) -> None:
    """To the last bit; where all are so, there is nothing to do."""
    once = share_weights(model, FOUR)
    mixed = with_values(model, {'stem/kernel': once.model.value('stem/kernel')})
    again = share_weights(mixed, FOUR)
    solvers = {record.name: record.solver for record in again.tensors}
    assert solvers.pop('stem/kernel') == 'identity'
    assert set(solvers.values()) == {'exact'}
    prove_shared(mixed, again.model, again, FOUR)
    with pytest.raises(OptionError, match='no weight tensor has more than 4 distinct values'):
        share_weights(once.model, FOUR)


def test_a_training_checkpoint_trains_on(tmp_path: Any) -> None:
    """Its optimizer's slots and everything else have their bits; TensorFlow's own session takes it."""
    given = load(builders.save_training(tmp_path, average=True))
    made = share_weights(given, FOUR)
    (tmp_path / 'shared').mkdir()
    prefix = save_checkpoint(made.model, str(tmp_path / 'shared'))
    prove_shared(given, load_checkpoint(prefix, given.outputs, given.inputs, given.feeds), made, FOUR)
    values = plain.values_of(prefix)
    assert all(np.unique(values[record.name]).size <= 4 for record in made.tensors)
    loss, _ = plain.train_step(prefix, builders.training_feeds(), str(tmp_path / 'further'))
    assert np.isfinite(loss)


@pytest.mark.parametrize(('wrong', 'message'), [
    ('another value', 'has other values than were found'), ('too many values', 'has 5 values, not up to 4'),
    ('another parameter', 'is not as it was')])
def test_the_proof_sees_what_is_wrong(model: Model, wrong: str, message: str) -> None:
    """Whatever it is, with the name of the parameter."""
    made = share_weights(model, FOUR)
    name = 'stem/kernel' if wrong != 'another parameter' else next(
        each for each in model.weights if each not in weight_tensors(model))
    value = made.model.value(name).copy()
    least = value == value.min()
    value[least] = np.nextafter(value[least], np.float32(9))
    if wrong == 'too many values':
        value.flat[np.flatnonzero(least)[0]] -= 1
    with pytest.raises(VerificationError, match='%s %s' % (name, message)):
        prove_shared(model, with_values(made.model, {name: value}), made, FOUR)


def test_the_proof_sees_a_zero_that_moved(model: Model) -> None:
    """A pass that did not keep it, whatever it says."""
    made = share_weights(model, FOUR._replace(preserve_sparsity=False))
    with pytest.raises(VerificationError, match='stem/kernel has weights that were zero and are not any more'):
        prove_shared(model, made.model, made, FOUR)


@pytest.mark.parametrize(('selection', 'error', 'message'), [
    (ClusterSelection(), OptionError, 'say how many values are shared'),
    (ClusterSelection(1), OptionError, '2 to 1024'),
    (ClusterSelection(4, {'stem/kernel': 2}), OptionError, 'leave out clusters'),
    (ClusterSelection(bits={'stem/kernel': 11}), OptionError, '2048 values cannot be shared'),
    (ClusterSelection(bits={'stem/kernle': 2}), NameNotFoundError, 'closest: stem/kernel'),
    (ClusterSelection(4, exclude=('stem', 'block', 'head', 'logits')), NameNotFoundError, 'no weight tensor named'),
    (ClusterSelection(4, only=('stem',), exclude=('stem',)), OptionError, 'exclude .* leaves nothing'),
    (ClusterSelection(4, method='best'), OptionError, "no method named 'best'"),
    (ClusterSelection(4, seed=-1), OptionError, 'seed -1 is not between')])
def test_refused(model: Model, selection: ClusterSelection, error: Any, message: str) -> None:
    """With what to do."""
    with pytest.raises(error, match=message):
        share_weights(model, selection)


def test_what_is_no_number_is_refused_by_name(model: Model) -> None:
    """Nothing is near it."""
    value = model.value('stem/kernel').copy()
    value.flat[0] = np.nan
    with pytest.raises(ModelError, match='stem/kernel: the weights hold numbers'):
        share_weights(with_values(model, {'stem/kernel': value}), FOUR)
