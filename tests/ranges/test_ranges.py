"""Intervals hold what TensorFlow computes, and say enough to be of use."""

from typing import Any

import numpy as np
import pytest

from tests import builders
from tests.planted import changed, model_of, without_epsilon, without_scale
from tests.surgery import load
from tf1pruning.graph.view import TensorName
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.ranges import Interval, Ranges
from tf1pruning.tf1 import tf
from tf1pruning.verify import run


def checked(model: Model) -> Ranges:
    """Compares the interval of every tensor with its values on inputs of three sizes."""
    view = model.view
    names = [name for name in view.topological(view.ancestors(model.outputs)) if view.op(name) not in (
        'Const', 'VariableV2', 'VarHandleOp', 'Placeholder', 'Shape', 'Pack', 'StridedSlice', 'NoOp')
        and model.shapes[name] and model.shapes[name][0] is not None]
    ranges = Ranges(model, [TensorName(name) for name in names])
    for scale in (0.1, 1.0, 30.0):
        image = np.random.RandomState(3).normal(0, scale, builders.IMAGE).astype(np.float32)
        for name, value in zip(names, run(model, {'image:0': image}, names)):
            low, high = ranges.of(TensorName(name))
            if value.dtype.kind != 'f' or value.ndim != low.ndim:
                continue
            slack = 1e-4 * (1 + np.abs(value))
            assert (value >= low - slack).all(), name
            assert (value <= high + slack).all(), name
    return ranges


@pytest.mark.parametrize('name', sorted(builders.NETWORKS))
def test_every_network_stays_inside(name: str, tmp_path: Any) -> None:
    checked(without_scale(to_inference(load(builders.save_network(name, tmp_path)))))


def bounds(build: Any, folder: Any, change: Any = lambda name, value: None) -> Interval:
    def network() -> None:
        tf.get_variable('unused', [2])  # a saver wants one
        tf.identity(build(builders.image()), 'output')
    model = changed(model_of(network, folder), change)
    return checked(model).of(TensorName('output'))


def kernel(name: str, *shape: int) -> tf.Tensor:
    return tf.get_variable(name, shape).value()


OPERATIONS = {
    'arithmetic': lambda x: tf.abs(-tf.sigmoid(x) * 3.0 - 1.0) / tf.constant([2.0, -4.0, 1.0]) + tf.square(tf.tanh(x)),
    'activations': lambda x: tf.nn.elu(tf.nn.selu(tf.nn.leaky_relu(tf.tanh(x), 0.3))) + tf.nn.softplus(tf.exp(tf.tanh(
        x))) + tf.floor(tf.nn.relu(tf.tanh(x))) + tf.ceil(tf.tanh(x)),
    'extremes': lambda x: tf.maximum(tf.minimum(x, 2.0), tf.constant([-1.0, 0.0, 5.0])),
    'convolutions': lambda x: tf.nn.conv2d(tf.nn.depthwise_conv2d(
        tf.sigmoid(x), kernel('d', 3, 3, 3, 2), [1] * 4, 'SAME'), kernel('k', 3, 3, 6, 4), 1, 'VALID'),
    'transposed': lambda x: tf.nn.conv2d_transpose(
        tf.sigmoid(x), kernel('k', 3, 3, 6, 3), [2, 16, 16, 6], [1, 2, 2, 1]),
    'pools': lambda x: tf.nn.avg_pool2d(tf.nn.max_pool2d(tf.sigmoid(x), 3, 1, 'SAME'), 2, 2, 'SAME'),
    'places': lambda x: tf.squeeze(tf.expand_dims(tf.transpose(tf.pad(tf.concat(
        [tf.sigmoid(x), 1 + tf.sigmoid(x)], 3), [[0, 0], [1, 1], [0, 0], [1, 2]]), [0, 3, 1, 2]), 1), [1]),
    'rows': lambda x: tf.matmul(tf.reshape(tf.sigmoid(x), [2, 192]), kernel('k', 5, 192), transpose_b=True),
    'reductions': lambda x: tf.reduce_mean(tf.sigmoid(x), [1, 2]) + tf.reduce_max(tf.tanh(x), [1, 2]) - tf.reduce_min(
        tf.tanh(x), [1, 2]),
    'resized': lambda x: tf.image.resize_bilinear(tf.sigmoid(x), [16, 16]),
    'dilated': lambda x: tf.batch_to_space_nd(tf.nn.conv2d(tf.space_to_batch_nd(
        tf.sigmoid(x), [2, 2], [[2, 2], [2, 2]]), kernel('k', 3, 3, 3, 4), 1, 'VALID'), [2, 2], [[0, 0], [0, 0]]),
}


@pytest.mark.parametrize('name', sorted(OPERATIONS))
def test_operations(name: str, tmp_path: Any) -> None:
    """Bounded inputs give bounds, on both sides, which hold."""
    found = bounds(OPERATIONS[name], tmp_path)
    assert np.isfinite(found.high).all() or name == 'extremes'
    assert np.isfinite(found.low).all()


def test_nothing_is_known_of_the_input(tmp_path: Any) -> None:
    assert not bounds(lambda x: x, tmp_path).is_known
    assert not bounds(tf.nn.softmax, tmp_path).is_known  # no rule


def test_a_constant_at_the_border(tmp_path: Any) -> None:
    """A constant 1 seen by a padded 3 × 3 kernel of ones is anything from 0 to 9; without padding it is 9."""
    def build(padding: str) -> Any:
        return lambda x: tf.nn.conv2d(tf.nn.sigmoid(x) * 0.0 + 1.0, kernel('k', 3, 3, 3, 1), 1, padding)

    def ones(name: str, value: np.ndarray) -> None:
        value[...] = 0
        value[:, :, 0] = 1
    (tmp_path / 'same').mkdir()
    (tmp_path / 'valid').mkdir()
    same, valid = (bounds(build(padding), tmp_path / padding.lower(), ones) for padding in ('SAME', 'VALID'))
    assert (same.low.item(), same.high.item()) == (0, 9)
    assert (valid.low.item(), valid.high.item()) == (9, 9)


def test_products() -> None:
    """Signs, zero times infinity, kernels of zeros."""
    one = Interval(np.array([-2.0, 0.0, 0.0]), np.array([3.0, 0.0, np.inf]))
    two = Interval(np.array([-5.0, -np.inf, 1.0]), np.array([4.0, np.inf, 2.0]))
    found = one.times(two)
    assert found.low.tolist() == [-15, 0, 0]
    assert found.high.tolist() == [12, 0, np.inf]
    endless = Interval.unknown(1).each(lambda x: np.broadcast_to(x, (2,)))
    low, high = endless.contracted(np.array([[[0.0, 1.0], [0.0, 0.0]]]))
    assert low.tolist() == [0, -np.inf]
    assert high.tolist() == [0, np.inf]


@pytest.mark.parametrize(('function', 'number', 'wanted'), [
    (tf.floor, 2.999999, (2, 3)), (tf.ceil, 3.000001, (3, 4)), (tf.floor, 2.5, (2, 2)), (tf.ceil, 3.5, (4, 4))])
def test_a_step_beside_a_bound(function: Any, number: float, wanted: Any, tmp_path: Any) -> None:
    """What float32 rounds may fall on either side of a whole number; far from one, the result is known."""
    found = bounds(lambda x: function(tf.sigmoid(x) * 0.0 + number), tmp_path)
    assert (found.low.min(), found.high.max()) == wanted


def test_a_batch_norm_that_does_not_say_its_epsilon(tmp_path: Any) -> None:
    """TensorFlow's own is 1e-4: beside a variance of 1e-6, that is nearly all."""
    def build(x: tf.Tensor) -> tf.Tensor:
        ones, zeros = tf.ones([3]), tf.zeros([3])
        return tf.nn.fused_batch_norm(tf.sigmoid(x) * 0.0 + 1.0, ones, zeros, zeros, ones * 1e-6, 1e-4,
                                                is_training=False)[0]

    def network() -> None:
        tf.get_variable('unused', [2])
        tf.identity(build(builders.image()), 'output')
    model = without_epsilon(model_of(network, tmp_path))
    found = checked(model).of(TensorName('output'))
    assert np.allclose(found.low, 1 / np.sqrt(1.01e-4), rtol=1e-5)
