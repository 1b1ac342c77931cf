"""Folding: the same function with fewer operations, or the same graph where it would not be the same function."""

from typing import Any, Callable, Set

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import NETWORKS
from tests.planted import without_epsilon
from tests.surgery import load
from tf1pruning.graph.batch_norm import FUSED_BATCH_NORMS
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.fold_batch_norms import fold_batch_norms
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

ALWAYS_FOLDED = ('mobilenet_v2', 'nested_se', 'without_gamma', 'without_beta', 'unfused', 'unfused_without_gamma',
                 'bias_then_norm', 'multiplier_2', 'resource', 'residual_stage', 'padded_shortcut',
                 'wide_without_gamma')


def folded(saved: builders.Saved) -> Model:
    """Folds a saved network, after comparing what both compute."""
    model = to_inference(load(saved))
    result = fold_batch_norms(model)
    feeds = {**plain.feeds_for(saved.inputs), **saved.feeds}
    before, after = (plain.run_graph(frozen_graph(each), saved.outputs, feeds)[0] for each in (model, result))
    assert np.abs(before).max() > 0
    assert plain.relative(before, after) < 1e-5
    return result


def operations(model: Model) -> Set[str]:
    return {node.op for node in model.graph.node}


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_every_network_computes_the_same(name: str, tmp_path: Any) -> None:
    found = operations(folded(builders.save_network(name, tmp_path)))
    if name in ALWAYS_FOLDED:
        assert found.isdisjoint(FUSED_BATCH_NORMS)
        assert 'Rsqrt' not in found


def saved_as(build: Callable[[tf.Tensor], tf.Tensor], folder: Any) -> builders.Saved:
    """Saves a network of the image."""
    return builders.save_graph(lambda: tf.identity(build(builders.image()), 'output'), folder)


def norm(x: tf.Tensor, name: str) -> tf.Tensor:
    return builders.batch_norm(x, name)


def kernel(name: str, *shape: int) -> tf.Tensor:
    return tf.get_variable(name, shape).value()


CASES = {
    'transposed_convolution': lambda x: norm(tf.nn.conv2d_transpose(
        x, kernel('k', 3, 3, 6, 3), [2, 16, 16, 6], [1, 2, 2, 1]), 'bn'),
    'product': lambda x: 1.0 + kernel('s', 5) * tf.matmul(
        tf.reshape(x, [2, 192]), kernel('k', 5, 192), transpose_b=True),
    'affine': lambda x: 3.0 + (tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME') * kernel('s', 4) - kernel(
        'm', 1, 1, 4)) / tf.sqrt(2.0 + kernel('v', 4) * kernel('w', 4)),
    'dilated': lambda x: norm(tf.batch_to_space_nd(tf.nn.conv2d(tf.space_to_batch_nd(
        x, [2, 2], [[0, 0], [0, 0]]), kernel('k', 3, 3, 3, 4), 1, 'SAME'), [2, 2], [[0, 0], [0, 0]]), 'bn'),
    'volume': lambda x: tf.nn.conv3d(x[:, None], kernel('k', 1, 3, 3, 3, 4), [1] * 5, 'SAME') * kernel('s', 4) + 1.0,
}


@pytest.mark.parametrize('name', sorted(CASES))
def test_other_layers(name: str, tmp_path: Any) -> None:
    found = operations(folded(saved_as(CASES[name], tmp_path)))
    assert found.isdisjoint({*FUSED_BATCH_NORMS, 'Mul', 'Sub'})
    assert 'BiasAdd' in found


def test_a_kernel_that_two_layers_share(tmp_path: Any) -> None:
    """Each gets its own."""
    def build(x: tf.Tensor) -> tf.Tensor:
        shared = kernel('k', 3, 3, 3, 4)
        both = [norm(tf.nn.conv2d(x * factor, shared, 1, 'SAME'), 'bn_%d' % factor) for factor in (1, 2)]
        return both[0] + both[1]
    assert operations(folded(saved_as(build, tmp_path))).isdisjoint(FUSED_BATCH_NORMS)


STAYS = {
    'read_twice': lambda x: (lambda y: norm(y, 'bn') + y)(tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME')),
    'nonlinear': lambda x: norm(tf.nn.relu(tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME')), 'bn'),
    'before_the_layer': lambda x: tf.nn.conv2d(norm(x, 'bn'), kernel('k', 3, 3, 3, 4), 1, 'SAME'),
    'differs_by_place': lambda x: tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME') * kernel('s', 8, 1, 1),
    'product_of_two': lambda x: tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME') * tf.reduce_mean(x),
    'reciprocal': lambda x: kernel('s', 4) / (5 + tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME')),
}


@pytest.mark.parametrize('name', sorted(STAYS))
def test_what_stays(name: str, tmp_path: Any) -> None:
    saved = saved_as(STAYS[name], tmp_path)
    assert {*FUSED_BATCH_NORMS, 'Mul', 'RealDiv'} & operations(folded(saved))


def test_a_scale_that_is_not_finite_stays(tmp_path: Any) -> None:
    """Division by a variance of zero, without an epsilon."""
    def build(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME') / (kernel('s', 4) * 0.0)
    model = to_inference(load(saved_as(build, tmp_path)))
    assert 'RealDiv' in operations(fold_batch_norms(model))


def test_an_output_between_stays(tmp_path: Any) -> None:
    """What the caller asks for is still there."""
    saved = saved_as(lambda x: norm(tf.identity(tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME'), 'early'), 'bn'),
                     tmp_path)
    found = folded(saved._replace(outputs=('output', 'early')))
    assert not operations(found).isdisjoint(FUSED_BATCH_NORMS)


def test_the_last_node_keeps_its_name(tmp_path: Any) -> None:
    saved = builders.save_network('mobilenet_v2', tmp_path)
    before, after = to_inference(load(saved)), folded(saved)
    norms = [node.name for node in before.graph.node if node.op in FUSED_BATCH_NORMS]
    assert norms
    assert {after.view.op(name) for name in norms} == {'BiasAdd'}


def test_a_batch_norm_that_does_not_say_its_epsilon(tmp_path: Any) -> None:
    """TensorFlow's own is 1e-4: beside a variance of 1e-6, that is nearly all."""
    def build(x: tf.Tensor) -> tf.Tensor:
        ones, zeros = tf.ones([4]), tf.zeros([4])
        return tf.nn.fused_batch_norm(tf.nn.conv2d(x, kernel('k', 3, 3, 3, 4), 1, 'SAME'), ones, zeros, zeros,
                                      ones * 1e-6, 1e-4, is_training=False)[0]
    saved = saved_as(build, tmp_path)
    model = without_epsilon(to_inference(load(saved)))
    result = fold_batch_norms(model)
    assert operations(result).isdisjoint(FUSED_BATCH_NORMS)
    before, after = (plain.run_graph(frozen_graph(each), saved.outputs, plain.feeds_for(saved.inputs))[0]
                     for each in (model, result))
    assert plain.relative(before, after) < 1e-5
