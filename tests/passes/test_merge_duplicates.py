"""Copies and multiples of channels: one takes over from the others."""

import time
from typing import Any, Callable

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Dialect, conv, head, image
from tests.planted import changed, model_of
from tf1pruning.activations.samples import sample
from tf1pruning.channels import analyse
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.fold_constants import Folded, apply, decide, known_constants
from tf1pruning.passes.merge_duplicates import _errors, _matched, exact_duplicates, near_duplicates, with_merges
from tf1pruning.passes.substitute import consumers_of

BIASED = Dialect(norm='none', bias='bias_add')


def network(folder: Any, change: Callable[[str, np.ndarray], None], size: int = 3,
            act: Any = builders.tf.nn.relu) -> Model:
    """`first` with six channels, read by `second` with kernels of a size."""
    def build() -> None:
        x = conv(image(), 6, 'first', 3, dialect=BIASED, act=act)
        head(conv(x, 4, 'second', size, dialect=BIASED))
    return changed(model_of(build, folder), change)


def copied(gone: int, kept: int, factor: float = 1.0, offset: float = 0.0) -> Callable[[str, np.ndarray], None]:
    """Makes one channel of `first` a multiple of another one, plus a number."""
    def change(name: str, array: np.ndarray) -> None:
        if name in ('first/kernel', 'first/bias'):
            array[..., gone] = factor * array[..., kept]
        if name == 'first/bias':
            array[gone] += offset
    return change


def merged(model: Model, tolerance: float = -1.0) -> Folded:
    """Merges exact duplicates, with a tolerance near ones, too."""
    channels = analyse(model)
    consumers = consumers_of(channels)
    decision = decide(channels, consumers, known_constants(channels, consumers))
    found, samples = exact_duplicates(channels), {}
    if tolerance >= 0:
        examples = [{'image:0': np.random.RandomState(seed).normal(0, 1, builders.IMAGE).astype(np.float32)}
                    for seed in range(4)]
        drawn = sample(model, {each.place.tensor: each.place.axis for each in consumers}, examples, 256, 4)
        samples = {each.name: drawn[each.place.tensor] for each in consumers}
        found = found + near_duplicates(channels, consumers, samples, tolerance)
    return apply(channels, consumers, with_merges(channels, consumers, decision, found, samples))


def difference(first: Model, second: Model) -> float:
    feeds = plain.feeds_for({'image': builders.IMAGE})
    before, after = (plain.run_graph(frozen_graph(each), ['output'], feeds)[0] for each in (first, second))
    return plain.relative(before, after)


@pytest.mark.parametrize('size', [1, 3])
def test_an_exact_copy(tmp_path: Any, size: int) -> None:
    """The slices of the consumer's kernel are added, which is exact at the border, too."""
    model = network(tmp_path, copied(4, 1), size)
    found = merged(model)
    assert {group.name: group.pruned for group in found.decision.plan.groups} == {'first': (4,)}
    assert found.decision.provable
    assert difference(model, found.model) <= 1e-5
    kernel = model.value('second/kernel')
    assert np.allclose(found.model.value('second/kernel')[:, :, 1], kernel[:, :, 1] + kernel[:, :, 4], atol=1e-6)


def test_other_biases_are_no_copies(tmp_path: Any) -> None:
    model = network(tmp_path, copied(4, 1, offset=0.25))
    assert not merged(model).decision.plan.pruned_count


def test_every_copy_of_one(tmp_path: Any) -> None:
    def change(name: str, array: np.ndarray) -> None:
        for gone in (2, 3, 5):
            copied(gone, 1)(name, array)
    model = network(tmp_path, change)
    found = merged(model)
    assert found.decision.plan.groups[0].pruned == (2, 3, 5)
    assert difference(model, found.model) <= 1e-5


def test_a_multiple(tmp_path: Any) -> None:
    """ReLU(2·x) is 2·ReLU(x): no copy, but one explains the other wholly."""
    model = network(tmp_path, copied(4, 1, 2.0))
    assert not merged(model).decision.plan.pruned_count
    found = merged(model, 1e-3)
    assert len(found.decision.plan.groups[0].pruned) == 1
    assert not found.decision.provable
    assert difference(model, found.model) <= 1e-5


def test_a_multiple_and_a_number(tmp_path: Any) -> None:
    """Into the bias where no zeros are put beside the image; where some are, the pair is left alone."""
    for size, pruned in ((1, 1), (3, 0)):
        folder = tmp_path / str(size)
        folder.mkdir()
        model = network(folder, copied(4, 1, 2.0, 3.0), size, act=None)
        found = merged(model, 1e-3)
        assert found.decision.plan.pruned_count == pruned
        assert difference(model, found.model) <= 1e-5


def test_about_the_same(tmp_path: Any) -> None:
    """Within a tolerance only, and then with a difference."""
    def change(name: str, array: np.ndarray) -> None:
        copied(4, 1)(name, array)
        if name == 'first/kernel':
            array[..., 4] += 0.01 * np.random.RandomState(0).normal(0, 1, array.shape[:-1])
    model = network(tmp_path, change)
    assert not merged(model, 1e-4).decision.plan.pruned_count
    found = merged(model, 0.1)
    assert found.decision.plan.pruned_count == 1
    assert 1e-7 < difference(model, found.model) < 0.05


def test_flattened_copies(tmp_path: Any) -> None:
    """Behind a flatten, a channel has as many places as there are positions."""
    def change(name: str, array: np.ndarray) -> None:
        if name in ('stem/kernel', 'stem/bn/gamma', 'stem/bn/beta', 'stem/bn/moving_mean', 'stem/bn/moving_variance'):
            array[..., 5] = array[..., 2]
    model = changed(model_of(builders.NETWORKS['flattened'], tmp_path), change)
    found = merged(model)
    assert {group.name: group.pruned for group in found.decision.plan.groups} == {'stem': (5,)}
    assert difference(model, found.model) <= 1e-5


@pytest.mark.parametrize('name', sorted(builders.NETWORKS))
def test_every_network_computes_the_same(name: str, tmp_path: Any) -> None:
    """The first two channels of every group are made alike by all that makes them."""
    model = model_of(builders.NETWORKS[name], tmp_path)
    channels = analyse(model)

    def change(parameter: str, array: np.ndarray) -> None:
        for group in channels.groups:
            read = channels.used.axes(group.consumers) - channels.made.axes(group.producers)
            for axis in (axis for own, axis in group.slices if own == parameter and (own, axis) not in read):
                first, second = (np.flatnonzero(channels.classes(parameter, axis) == label)
                                 for label in group.classes[:2])
                if len(first) == len(second):
                    moved = np.moveaxis(array, axis, 0)
                    moved[second] = moved[first]
    alike = changed(model, change)
    found = merged(alike)
    assert difference(alike, found.model) <= 1e-5
    if name not in ('partitioned', 'partitioned_rows'):
        assert found.decision.plan.pruned_count


def test_two_thousand_channels_in_seconds() -> None:
    """2,048 channels, the second half about copies of the first."""
    random = np.random.RandomState(0)
    half = random.normal(0, 1, (4096, 1024)).astype(np.float32)
    rows = np.concatenate([half, 2 * half + 1e-3 * random.normal(0, 1, half.shape).astype(np.float32)], axis=1)
    start = time.process_time()
    pairs = list(_matched(_errors(rows, False), 0.01))
    assert time.process_time() - start < 20
    assert sorted(abs(gone - kept) for gone, kept in pairs) == [1024] * 1024


def test_copies_that_go_different_ways(tmp_path: Any) -> None:
    """Behind a split, one half goes through a ReLU and the other through a tanh: copies within one half only."""
    def build() -> None:
        x = conv(image(), 6, 'first', 3, dialect=BIASED, act=None)
        first, second = builders.tf.split(x, 2, 3)
        x = builders.tf.concat([builders.tf.nn.relu(first), builders.tf.tanh(second)], 3)
        head(conv(x, 4, 'second', dialect=BIASED))

    def change(name: str, array: np.ndarray) -> None:
        copied(1, 0)(name, array)
        copied(4, 0)(name, array)
    model = changed(model_of(build, tmp_path), change)
    found = merged(model)
    assert {group.name: group.pruned for group in found.decision.plan.groups} == {'first': (1,)}
    assert difference(model, found.model) <= 1e-5
