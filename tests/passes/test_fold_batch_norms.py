"""Folding: the same function with fewer operations, or the same graph where it would not be the same function."""

from typing import Any, Callable, Set

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import NETWORKS
from tests.planted import without_epsilon
from tests.surgery import load
from tf1pruning.graph.batch_norm import FUSED_BATCH_NORMS
from tf1pruning.lowrank import decompose as solve
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.decompose import decompose
from tf1pruning.passes.fold_batch_norms import fold_batch_norms
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.weights.linear_layers import linear_layers

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
    """What it is computed with; variables that are left have initialisers beside it."""
    return {node.op for node in frozen_graph(model).node}


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


def convolved(x: tf.Tensor, name: str, size: int = 3, channels: int = 4) -> tf.Tensor:
    return tf.nn.conv2d(x, kernel(name, size, size, int(x.shape[-1]), channels), 1, 'SAME')


def branches(x: tf.Tensor) -> tf.Tensor:
    """A convolution as `decompose` leaves it, of which only the last kernel and the sparse one make the results."""
    return convolved(convolved(convolved(x, 'first', 1, 2), 'core', 3, 2), 'last', 1) + convolved(x, 'sparse')


CASES.update({
    'sum_of_branches': lambda x: norm(branches(x), 'bn'),
    'sum_with_a_bias': lambda x: norm(tf.nn.bias_add(branches(x), kernel('b', 4)), 'bn'),
    'sum_of_three': lambda x: norm(tf.add_n([convolved(x, 'k%d' % size, size) for size in (1, 3, 5)]), 'bn'),
    'sum_of_products': lambda x: 2.0 + kernel('s', 5) * (
        tf.matmul(tf.reshape(x, [2, 192]), kernel('first', 192, 3)) @ kernel('last', 3, 5)
        + tf.matmul(tf.reshape(x, [2, 192]), kernel('sparse', 5, 192), transpose_b=True)),
    'sum_inside_a_dilation': lambda x: norm(tf.batch_to_space_nd(branches(tf.space_to_batch_nd(
        x, [2, 2], [[0, 0], [0, 0]])), [2, 2], [[0, 0], [0, 0]]), 'bn')})


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
    'shortcut': lambda x: norm(convolved(x, 'k', channels=3) + x, 'bn'),
    'shortcut_behind_an_activation': lambda x: norm(convolved(x, 'k') + tf.nn.relu(convolved(x, 'other')), 'bn'),
    'branch_read_twice': lambda x: (lambda y: norm(y + convolved(x, 'other'), 'bn') + y)(convolved(x, 'k')),
    'sum_read_twice': lambda x: (lambda y: norm(y, 'bn') + y)(branches(x)),
    'twice_the_same_branch': lambda x: (lambda y: norm(y + y, 'bn'))(convolved(x, 'k')),
    'one_channel_and_four': lambda x: norm(convolved(x, 'k') + convolved(x, 'other', channels=1), 'bn'),
    'biased_branch': lambda x: norm(convolved(x, 'k') + tf.nn.bias_add(convolved(x, 'other'), kernel('b', 4)), 'bn'),
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


def test_a_branch_that_is_an_output_stays(tmp_path: Any) -> None:
    """The caller sees it as it was."""
    saved = saved_as(lambda x: norm(tf.identity(convolved(x, 'k'), 'early') + convolved(x, 'other'), 'bn'), tmp_path)
    found = folded(saved._replace(outputs=('output', 'early')))
    assert not operations(found).isdisjoint(FUSED_BATCH_NORMS)


@pytest.mark.parametrize('network', ['mobilenet_v2', 'residual_stage', 'bias_then_norm', 'resource', 'partitioned'])
def test_a_decomposed_network_loses_its_batch_norms(network: str, tmp_path: Any) -> None:
    """With low-rank and sparse branches everywhere."""
    saved = builders.save_network(network, tmp_path)
    model = to_inference(load(saved))
    layers, _ = linear_layers(model)
    hybrid = decompose(model, layers, {name: solve(each.kernel(model), (2, 2), 0.1) for name, each in layers.items()})
    assert not operations(hybrid).isdisjoint(FUSED_BATCH_NORMS)
    result = fold_batch_norms(hybrid)
    assert operations(result).isdisjoint(FUSED_BATCH_NORMS)
    before, after = (plain.run_graph(frozen_graph(each), saved.outputs, plain.feeds_for(saved.inputs))[0]
                     for each in (hybrid, result))
    assert plain.relative(before, after) < 1e-5


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
