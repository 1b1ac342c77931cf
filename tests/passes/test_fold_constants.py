"""Constant channels go, and nothing else changes; or they stay, with a reason."""

import os
from types import SimpleNamespace
from typing import Any, Callable, Optional

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Dialect, conv, head, image
from tests.planted import changed, model_of, without_scale
from tests.surgery import load
from tf1pruning.channels import analyse
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.frozen import freeze, frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.fold_constants import Folded, fold_constants
from tf1pruning.passes.nearly_constant import spreads
from tf1pruning.passes.substitute import consumers_of
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

NORM, BARE, BIASED = Dialect(), Dialect(norm='none'), Dialect(norm='none', bias='bias_add')
ONE_BY_ONE = ('expanded', 'mobilenet_v2', 'nested_se', 'bias_then_norm', 'without_beta', 'unfused',
              'multiplier_2', 'resource', 'wide', 'partitioned', 'flattened', 'transposed', 'concatenated', 'dense_se')
"""Networks in which some of the constants planted must go."""


def folded(model: Model) -> Folded:
    """Folds, after comparing what both compute in plain TensorFlow."""
    found = fold_constants(model)
    feeds = plain.feeds_for({'image': builders.IMAGE})
    before, after = (plain.run_graph(frozen_graph(each), model.outputs, feeds)[0] for each in (model, found.model))
    assert np.abs(before).max() > 0
    assert plain.relative(before, after) <= 1e-5
    assert found.decision.provable
    return found


def gone(found: Folded) -> 'dict':
    return {group.name: group.pruned for group in found.decision.plan.groups}


@pytest.mark.parametrize('name', sorted(builders.NETWORKS))
def test_every_network_computes_the_same(name: str, tmp_path: Any) -> None:
    found = folded(without_scale(to_inference(load(builders.save_network(name, tmp_path)))))
    if name in ONE_BY_ONE:
        assert found.decision.plan.pruned_count


@pytest.mark.parametrize('name', ['mobilenet_v2', 'nested_se', 'resource', 'partitioned'])
def test_frozen_ones(name: str, tmp_path: Any) -> None:
    model = freeze(without_scale(to_inference(load(builders.save_network(name, tmp_path)))))
    assert folded(model).decision.plan.pruned_count


def planted(folder: Any, first: Dialect, second: Dialect, value: float, size: int = 1,
            act: Optional[Callable[[tf.Tensor], tf.Tensor]] = tf.nn.relu, count: int = 1) -> Model:
    """Two layers; the first `count` channels between them are constant: filters of zeros, and a β or bias."""
    def build() -> None:
        x = conv(image(), 6, 'first', dialect=first, act=act)
        head(conv(x, 4, 'second', size, dialect=second), second)

    def change(name: str, array: np.ndarray) -> None:
        if name == 'first/kernel':
            array[..., :count] = 0
        elif name in ('first/bn/beta', 'first/bias'):
            array[:count] = value * (1 + np.arange(count))
        elif name == 'first/bn/moving_mean':
            array[:count] = 0
    return changed(model_of(build, folder), change)


def test_into_the_mean_of_a_batch_norm(tmp_path: Any) -> None:
    """y = Σ w·x is smaller by 0.5 · w₀ everywhere: so is its mean; β stays, as it would in training."""
    model = planted(tmp_path, NORM, NORM, 0.5)
    found = folded(model)
    assert gone(found) == {'first': (0,)}
    kernel = model.value('second/kernel')
    assert kernel.shape == (1, 1, 6, 4)
    assert found.model.value('second/kernel').shape == (1, 1, 5, 4)
    assert np.allclose(found.model.value('second/bn/moving_mean'),
                       model.value('second/bn/moving_mean') - 0.5 * kernel[0, 0, 0], atol=1e-6)
    assert np.array_equal(found.model.value('second/bn/beta'), model.value('second/bn/beta'))


def test_into_a_bias(tmp_path: Any) -> None:
    model = planted(tmp_path, BIASED, BIASED, 0.5)
    found = folded(model)
    assert gone(found) == {'first': (0,)}
    assert np.allclose(found.model.value('second/bias'),
                       model.value('second/bias') + 0.5 * model.value('second/kernel')[0, 0, 0], atol=1e-6)


def test_a_bias_where_there_was_none(tmp_path: Any) -> None:
    """A trainable variable; the checkpoint with it imports, restores, initialises and saves in plain TensorFlow."""
    model = planted(tmp_path, BIASED, BARE, 0.5)
    found = folded(model)
    name = 'second/Conv2D/bias'
    assert np.allclose(found.model.value(name), 0.5 * model.value('second/kernel')[0, 0, 0], atol=1e-6)
    assert found.model.view.op('second/Conv2D') == 'BiasAdd'
    os.mkdir(str(tmp_path / 'out'))
    prefix = save_checkpoint(found.model, str(tmp_path / 'out'))
    feeds = plain.feeds_for({'image': builders.IMAGE})
    assert plain.relative(plain.run_graph(frozen_graph(model), ['output'], feeds)[0],
                          plain.run_checkpoint(prefix, ['output'], feeds)[0]) <= 1e-5
    assert plain.collections_of(prefix).trainable[name] == (4,)
    saved, back = plain.initialise_and_resave(prefix, str(tmp_path))
    assert name in saved
    assert set(back) == set(found.model.variables)


def test_an_output_behind_the_consumer(tmp_path: Any) -> None:
    """The result has the name that was asked for, though a bias was put behind it."""
    def build() -> None:
        x = conv(image(), 6, 'first', dialect=BIASED, act=tf.nn.relu)
        tf.nn.conv2d(x, tf.get_variable('k', [1, 1, 6, 3]).value(), 1, 'SAME', name='output')

    def change(name: str, array: np.ndarray) -> None:
        if name == 'first/kernel':
            array[..., 2] = 0
        elif name == 'first/bias':
            array[2] = 1.5
    assert gone(folded(changed(model_of(build, tmp_path), change))) == {'first': (2,)}


@pytest.mark.parametrize('value', [0.0, -0.7])
def test_dead_behind_a_relu(tmp_path: Any, value: float) -> None:
    """Zero is zero beside the image, too."""
    assert gone(folded(planted(tmp_path, NORM, NORM, value, size=3, count=2))) == {'first': (0, 1)}


def test_never_above_zero(tmp_path: Any) -> None:
    """Sigmoids are at most 1: weights that add up to less than the bias lets nothing through."""
    def build() -> None:
        x = conv(image(), 4, 'gate', dialect=BIASED, act=tf.sigmoid)
        head(conv(conv(x, 6, 'first', 3, dialect=BIASED, act=tf.nn.relu), 4, 'second', 3))

    def change(name: str, array: np.ndarray) -> None:
        if name == 'first/bias':
            array[1] = -1 - np.maximum(kernel[..., 1], 0).sum()
    model = model_of(build, tmp_path)
    kernel = model.value('first/kernel')
    assert gone(folded(changed(model, change))) == {'first': (1,)}


def test_a_border_is_no_constant(tmp_path: Any) -> None:
    """One 0.5 in front of a padded 3 × 3 kernel stays, with the reason."""
    found = folded(planted(tmp_path, NORM, NORM, 0.5, size=3))
    assert gone(found) == {}
    assert [(each.group, each.channels) for each in found.decision.refused] == [('first', 1)]
    assert 'second/Conv2D: zeros are put beside it at the border' in found.decision.refused[0].reason


def test_constants_at_a_border_are_one(tmp_path: Any) -> None:
    """0.5, 1 and 1.5 are multiples of the first one, zeros beside the image included: that takes over from them."""
    model = planted(tmp_path, NORM, NORM, 0.5, size=3, count=3)
    found = folded(model)
    assert gone(found) == {'first': (1, 2)}
    kernel = model.value('second/kernel')
    assert np.allclose(found.model.value('second/kernel')[:, :, 0],
                       kernel[:, :, 0] + 2 * kernel[:, :, 1] + 3 * kernel[:, :, 2], atol=1e-5)
    assert sum(each.channels for each in found.decision.refused) == 1


def test_no_border_without_padding(tmp_path: Any) -> None:
    def build() -> None:
        x = conv(image(), 6, 'first', dialect=BIASED, act=tf.nn.relu)
        x = tf.nn.conv2d(x, tf.get_variable('k', [3, 3, 6, 3]).value(), 2, 'VALID')
        head(tf.nn.relu(x))

    def change(name: str, array: np.ndarray) -> None:
        if name == 'first/kernel':
            array[..., 2:4] = 0
        elif name == 'first/bias':
            array[2:4] = 1.5
    assert gone(folded(changed(model_of(build, tmp_path), change))) == {'first': (2, 3)}


def test_a_whole_layer(tmp_path: Any) -> None:
    """One channel has to stay."""
    found = folded(planted(tmp_path, NORM, NORM, 0.5, count=6))
    assert gone(found) == {'first': (1, 2, 3, 4, 5), 'second': (1, 2, 3)}  # of what is constant, so is what is made
    assert found.decision.refused[0].reason == 'a group cannot lose its last channel'


def test_what_nobody_reads(tmp_path: Any) -> None:
    """Slices of zeros in all consumers: whatever the channel is, it can go."""
    def change(name: str, array: np.ndarray) -> None:
        if name == 'second/kernel':
            array[:, :, 3] = 0
    model = changed(planted(tmp_path, NORM, NORM, 0.5), change)
    assert gone(folded(model)) == {'first': (0, 3)}


def test_nothing_is_constant(tmp_path: Any) -> None:
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    found = folded(model)
    assert gone(found) == {}
    assert found.decision.refused == ()


def test_what_an_output_needs_stays(tmp_path: Any) -> None:
    """A constant that is an output, too, is said to be one."""
    def build() -> None:
        x = conv(image(), 6, 'first', act=tf.nn.relu)
        tf.identity(x, 'early')
        head(conv(x, 4, 'second'))

    def change(name: str, array: np.ndarray) -> None:
        if name == 'first/bn/gamma':
            array[0] = 0
    model = load(builders.save_graph(build, tmp_path)).replace(outputs=('output', 'early'))
    found = fold_constants(changed(to_inference(model), change))
    assert gone(found) == {}
    assert [each.reason for each in found.decision.refused] == ['early: an output of the model']


def test_what_a_consumer_does_not_read_is_no_measure(tmp_path: Any) -> None:
    """Spreads are parts of the largest deviation among the channels that are read."""
    channels = analyse(model_of(builders.NETWORKS['residual_stage'], tmp_path))
    consumer = next(each for each in consumers_of(channels) if len(each.place.labels) > 2)
    assert consumer.kernel is not None
    kernel, deviation = consumer.kernel.copy(), np.ones(consumer.place.labels.size)
    kernel[:, 0] = 0
    deviation[0], deviation[1] = 1000, 0.5
    moments = {consumer.place.tensor: SimpleNamespace(deviation=deviation)}
    found = spreads(channels, [consumer._replace(kernel=kernel)], moments)  # type: ignore[arg-type]
    assert found[consumer.place.labels].tolist()[:3] == [0, 0.5, 1]
    nothing = spreads(channels, [consumer._replace(kernel=0 * kernel)], moments)  # type: ignore[arg-type]
    assert not nothing.any()
