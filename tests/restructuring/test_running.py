"""Folding on examples: by a tolerance, a percentile, or as much as the accuracy lets go."""

import os
from typing import Any, Tuple

import numpy as np
import pytest

from tests.builders import Dialect, conv, head, image
from tests.planted import changed, model_of
from tf1pruning.activations import Calibration
from tf1pruning.calibration import inputs_of
from tf1pruning.channels import Channels, analyse
from tf1pruning.errors import DataError, OptionError
from tf1pruning.evaluation import Evaluator, load_labelled
from tf1pruning.restructuring import FoldOrder, restructure
from tf1pruning.tf1 import tf
from tf1pruning.verify import run

BIASED = Dialect(norm='none', bias='bias_add')
SCALES = np.array([1, 1e-3, 1e-2, 1, 1e-1, 1])
"""Of the filters: what channels deviate by, about."""


def network(folder: Any, scales: np.ndarray = SCALES, size: int = 1, bias: float = 0.5) -> Channels:
    """Six channels, some of which hardly change, read by a convolution, padded if it is larger than 1×1."""
    def build() -> None:
        head(conv(conv(image(), 6, 'first', dialect=BIASED, act=None), 8, 'second', size, dialect=BIASED))

    def change(name: str, array: np.ndarray) -> None:
        if name == 'first/kernel':
            array *= scales
        elif name == 'first/bias':
            array[...] = bias
    return analyse(changed(model_of(build, folder), change))


@pytest.fixture
def prepared(tmp_path: Any) -> Tuple[Channels, str]:
    """The network, and examples that are labelled by it."""
    channels = network(tmp_path)
    return channels, labelled_by_itself(channels, tmp_path)


def labelled_by_itself(channels: Channels, folder: Any) -> str:
    """Writes examples whose labels are what the model says."""
    images = np.random.RandomState(0).normal(0, 1, (64, 8, 8, 3)).astype(np.float32)
    labels = run(channels.model, {'image:0': images})[0].argmax(1)
    path = os.path.join(str(folder), 'images.npz')
    np.savez(path, image=images, labels=labels)
    return path


def pruned(found: Any) -> Any:
    return {group.name: group.pruned for group in found.decision.plan.groups}


def test_a_tolerance(prepared: Tuple[Channels, str]) -> None:
    """A part of the largest deviation in the layer; what that changes is reported."""
    channels, path = prepared
    found = restructure(channels, FoldOrder(tolerance=0.03), Calibration(path, 64))
    assert pruned(found) == {'first': (1, 2)}
    assert not found.record['provable']
    assert 0 < found.record['difference']['relative'] < 0.02
    found = restructure(channels, FoldOrder(tolerance=0.002), Calibration(path, 64))
    assert pruned(found) == {'first': (1,)}


def test_the_mean_is_what_is_folded(prepared: Tuple[Channels, str]) -> None:
    """With the mean, 0.5, the result is nearer than with nothing in the channel's place."""
    channels, path = prepared
    found = restructure(channels, FoldOrder(tolerance=0.002), Calibration(path, 64))
    kernel = channels.model.value('second/kernel')[0, 0, 1]
    moved = found.model.value('second/bias') - channels.model.value('second/bias')
    assert np.allclose(moved, 0.5 * kernel, atol=5e-3 * np.abs(kernel).max())
    assert np.abs(moved).max() > 0


@pytest.mark.parametrize('scales', [SCALES, SCALES * [1, 0, 1, 1, 1, 1]])
def test_at_a_padded_border(scales: np.ndarray, tmp_path: Any) -> None:
    """The steadiest one takes over, zeros beside the image included; it may be one that is constant for certain."""
    channels = network(tmp_path, scales, size=3)
    found = restructure(channels, FoldOrder(tolerance=0.03), Calibration(labelled_by_itself(channels, tmp_path), 64))
    assert pruned(found) == {'first': (2,)}
    assert not found.record['provable']
    kernel = channels.model.value('second/kernel')
    assert np.allclose(found.model.value('second/kernel')[:, :, 1], kernel[:, :, 1] + kernel[:, :, 2], rtol=0.01,
                       atol=0.01 * np.abs(kernel).max())
    assert np.array_equal(found.model.value('second/bias'), channels.model.value('second/bias'))
    assert 0 < found.record['difference']['relative'] < 0.02
    assert [each['channels'] for each in found.record['refused']] == [1]


def test_what_changes_more_than_it_is_takes_over_little(tmp_path: Any) -> None:
    """The slope is v·m / (m² + d²): with m = v = 0.01 and a deviation of d, far below 1."""
    channels = network(tmp_path, np.ones(6), size=3, bias=0.01)
    found = restructure(channels, FoldOrder(percentile=40), Calibration(labelled_by_itself(channels, tmp_path), 64))
    before, after = (each.value('second/kernel') for each in (channels.model, found.soft))
    assert len(pruned(found)['first']) == 1
    assert 0 < np.abs((after - before)[after != 0]).max() < 0.1 * np.abs(before).max()


def test_a_percentile(prepared: Tuple[Channels, str]) -> None:
    """Of every group, those that change least."""
    channels, path = prepared
    found = restructure(channels, FoldOrder(percentile=50), Calibration(path, 64))
    assert pruned(found)['first'] == (1, 2, 4)
    assert len(pruned(found)['second']) == 4


def test_a_search(prepared: Tuple[Channels, str]) -> None:
    """As much as the accuracy lets go; what it says of the accuracy is so of the model that it made."""
    channels, path = prepared
    labelled = load_labelled(path, inputs_of(channels.model))
    found = restructure(channels, FoldOrder(search=True, max_accuracy_loss=0.02), Calibration(path, 64), labelled)
    assert found.record['accuracy']['before'] == 1
    assert found.record['accuracy']['after'] >= 0.98
    assert 1 in pruned(found)['first']
    with Evaluator(found.model, labelled) as evaluator:
        assert evaluator.evaluate().accuracy == found.record['accuracy']['after']


def test_without_a_search_for_more_than_is_there(prepared: Tuple[Channels, str]) -> None:
    """Nothing is provable in this network."""
    channels, _ = prepared
    found = restructure(channels, FoldOrder())
    assert pruned(found) == {}
    assert found.record['difference']['relative'] == 0


@pytest.mark.parametrize(('order', 'message'), [
    (FoldOrder(tolerance=0.1), 'give --data PATH'),
    (FoldOrder(duplicates=0.1), 'give --data PATH'),
    (FoldOrder(tolerance=2.0), r'--tolerance 2 is outside \[0, 1\]'),
    (FoldOrder(percentile=101.0), r'--percentile 101 is outside \[0, 100\]'),
    (FoldOrder(tolerance=0.1, search=True), 'give one of --tolerance, --percentile, --search'),
])
def test_mistakes(prepared: Tuple[Channels, str], order: FoldOrder, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        restructure(prepared[0], order)


def test_a_search_without_labels(prepared: Tuple[Channels, str]) -> None:
    channels, path = prepared
    with pytest.raises(OptionError, match='labels'):
        restructure(channels, FoldOrder(search=True), Calibration(path, 64))
    with pytest.raises(DataError, match='no file'):
        restructure(channels, FoldOrder(tolerance=0.1), Calibration(path + 'x', 64))


def test_a_search_leaves_alone_what_it_cannot_try(tmp_path: Any) -> None:
    """A kernel that is scaled on the way is no parameter of its own: nothing could be measured."""
    def build() -> None:
        x = conv(image(), 6, 'first', dialect=BIASED)
        scaled = tf.get_variable('second', [1, 1, 6, 8]).value() * 0.7
        head(tf.nn.relu(tf.nn.conv2d(x, scaled, 1, 'VALID')))
    channels = analyse(model_of(build, tmp_path))
    path = labelled_by_itself(channels, tmp_path)
    labelled = load_labelled(path, inputs_of(channels.model))
    found = restructure(channels, FoldOrder(search=True, max_accuracy_loss=1.0), Calibration(path, 64), labelled)
    assert 'first' not in pruned(found)
    assert pruned(found)
    assert pruned(restructure(channels, FoldOrder(percentile=50), Calibration(path, 64)))['first']


@pytest.mark.parametrize(('duplicates', 'merges'), [(0.99, False), (0.01, True)])
def test_near_duplicates_after_a_search(prepared: Tuple[Channels, str], tmp_path: Any, duplicates: float,
                                        merges: bool) -> None:
    """They are measured, too: what costs more than is allowed is not merged, what is reported is what is delivered."""
    def double(name: str, array: np.ndarray) -> None:
        if name in ('second/kernel', 'second/bias'):
            array[..., 3] = 2 * array[..., 1]
    channels = analyse(changed(prepared[0].model, double))
    path = labelled_by_itself(channels, tmp_path)
    labelled = load_labelled(path, inputs_of(channels.model))
    order = FoldOrder(search=True, max_accuracy_loss=0.02)
    alone = restructure(channels, order, Calibration(path, 64), labelled)
    found = restructure(channels, order._replace(duplicates=duplicates), Calibration(path, 64), labelled)
    assert (pruned(found) != pruned(alone)) == merges
    with Evaluator(found.model, labelled) as evaluator:
        assert evaluator.evaluate().accuracy == found.record['accuracy']['after']
    assert found.record['accuracy']['after'] >= 0.98
