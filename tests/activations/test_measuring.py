"""The calibration run against plain TensorFlow."""

import os
from typing import Any, Dict, Iterator

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import channels_of, load
from tf1pruning.activations import Calibration, activations_of, measure
from tf1pruning.activations.points import points_of
from tf1pruning.channels import analyse
from tf1pruning.errors import DataError, ModelError, OptionError
from tf1pruning.graph.inference import Input
from tf1pruning.graph.view import TensorName
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

IMAGES = np.random.RandomState(5).uniform(-1, 1, (12, 8, 8, 3)).astype(np.float32)


def batches(size: int) -> Iterator[Dict[str, np.ndarray]]:
    """Batches that are made when they are asked for."""
    for start in range(0, len(IMAGES), size):
        yield {'image:0': IMAGES[start:start + size]}


def test_moments_of_a_network(tmp_path: Any) -> None:
    """Means and zeros of an activation are those that TensorFlow computes for all images at once."""
    saved = builders.save_network('expanded', tmp_path)
    model = channels_of(saved).model
    name = 'block/depthwise/Relu6'
    found = measure(model, {TensorName(name): 3}, batches(5))[TensorName(name)]
    values = plain.run_checkpoint(saved.prefix, [name], {'image:0': IMAGES})[0].reshape(-1, 24)
    assert found.numbers == len(values)
    assert np.allclose(found.mean, values.mean(0), atol=1e-5)
    assert np.allclose(found.deviation, values.std(0), atol=1e-5)
    assert np.allclose(found.zero_fraction, (values == 0).mean(0), atol=1e-6)
    assert 0 < found.zero_fraction.mean() < 1


def test_nothing_is_kept_of_a_batch(tmp_path: Any) -> None:
    """Batches are asked for one by one, each after the one before was measured."""
    order = []

    def asked() -> Iterator[Dict[str, np.ndarray]]:
        for number, each in enumerate(batches(4)):
            order.append('asked %d' % number)
            yield each
    model = channels_of(builders.save_network('expanded', tmp_path)).model
    measure(model, {TensorName('block/depthwise/Relu6'): 3}, asked(), lambda count: order.append('%d done' % count))
    assert order == ['asked 0', '4 done', 'asked 1', '4 done', 'asked 2', '4 done']


def test_activations_that_are_no_numbers(tmp_path: Any) -> None:
    """The first node that has them is named, in one line."""
    def build() -> None:
        x = builders.conv(builders.image(), 4, 'stem')
        builders.head(builders.conv(tf.sqrt(builders.conv(x, 4, 'middle', act=None)), 4, 'last'))
    channels = channels_of(builders.save_graph(build, tmp_path))
    with pytest.raises(ModelError, match=r'activations of Sqrt \(Sqrt\) are not finite on batch 1') as error:
        measure(channels.model, {TensorName('last/Relu6'): 3, TensorName('Sqrt'): 3}, batches(4))
    assert '\n' not in str(error.value)


def test_what_is_measured_of_a_group(tmp_path: Any) -> None:
    """Behind activation functions, both of an expanded block; where there are none, what the consumers read."""
    channels = channels_of(builders.save_network('expanded', tmp_path))
    points = points_of(channels, channels.groups)
    assert points['block'] == {TensorName('block/expand/Relu6'): 3, TensorName('block/depthwise/Relu6'): 3}

    def bare() -> None:
        builders.head(builders.conv(builders.conv(builders.image(), 4, 'first', act=None), 4, 'second'))
    channels = channels_of(builders.save_graph(bare, tmp_path))
    assert points_of(channels, channels.groups)['first'] == {TensorName('first/bn/FusedBatchNorm'): 3} or (
        points_of(channels, channels.groups)['first'] == {TensorName('first/bn/FusedBatchNormV3'): 3})


def test_channels_first(tmp_path: Any) -> None:
    """NCHW: the axis comes from the analysis, and CPUs run it all the same."""
    saved = builders.save_graph(lambda: builders.mobilenet(builders.Dialect(data_format='NCHW')), tmp_path)
    model = load(saved).replace(inputs={'image': Input('', (None, 3, 8, 8))})
    channels = analyse(to_inference(model))
    images = [{'image:0': IMAGES.transpose(0, 3, 1, 2)}]
    found = activations_of(channels, channels.groups, images)
    assert {axis for each in found.points.values() for axis in each.values()} == {1}
    for group in channels.groups:
        for tensor, labels in found.of(channels, group):
            assert found.moments[tensor].mean.size == labels.size


def test_examples_from_a_file(tmp_path: Any) -> None:
    """As many as asked for, in batches, where the model leaves that open."""
    saved = builders.save_network('expanded', tmp_path)
    path = os.path.join(str(tmp_path), 'images.npy')
    np.save(path, IMAGES)
    model = to_inference(load(saved).replace(inputs={}))
    assert [each['image:0'].shape[0] for each in Calibration(path, 12, batch=4).examples(model)] == [4, 4, 4]
    assert [each['image:0'].shape[0] for each in Calibration(path, 5, batch=32).examples(model)] == [5]
    fixed = to_inference(load(saved))
    assert [each['image:0'].shape[0] for each in Calibration(path, 12, batch=4).examples(fixed)] == [2] * 6
    with pytest.raises(OptionError, match='count'):
        Calibration(path, 0).examples(model)
    with pytest.raises(DataError, match='no file or folder'):
        Calibration(path + 'x').examples(model)
