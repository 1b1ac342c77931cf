"""Which parameters are weights."""

from typing import Any

import numpy as np
import pytest

from tests import builders
from tests.surgery import load
from tf1pruning.errors import NameNotFoundError
from tf1pruning.model.frozen import freeze
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.weights import chosen, weight_tensors, with_values


def test_kernels_are_weights_and_nothing_else_is(tmp_path: Any) -> None:
    """Convolutions, depthwise ones and products; no bias, no batch norm."""
    model = load(builders.save_network('dense_se', tmp_path))
    tensors = weight_tensors(model)
    assert all(name.endswith('kernel') for name in tensors)
    assert {name for name in model.weights if name.endswith('kernel')} == set(tensors)


def test_axes_of_the_channels(tmp_path: Any) -> None:
    """A depthwise kernel has no incoming axis."""
    tensors = weight_tensors(load(builders.save_network('expanded', tmp_path)))
    expand, depthwise = tensors['block/expand/kernel'], tensors['block/depthwise/depthwise_kernel']
    assert (expand.operation, expand.input_axis, expand.output_axis) == ('Conv2D', 2, 3)
    assert (depthwise.operation, depthwise.input_axis, depthwise.output_axis) == ('DepthwiseConv2dNative', None, 2)
    assert expand.size == np.prod(expand.shape)


def test_transposed_convolutions_have_their_axes_the_other_way(tmp_path: Any) -> None:
    """HWOI."""
    def deconvolution() -> None:
        tf.identity(tf.layers.conv2d_transpose(builders.image(), 4, 3, name='up'), name='output')
    tensors = weight_tensors(load(builders.save_graph(deconvolution, tmp_path)))
    assert [(each.name, each.input_axis, each.output_axis) for each in tensors.values()] == [('up/kernel', 3, 2)]


@pytest.mark.parametrize('name', ['resource', 'partitioned'])
def test_dialects(tmp_path: Any, name: str) -> None:
    """Resource variables; every partition is a tensor."""
    model = load(builders.save_network(name, tmp_path))
    tensors = weight_tensors(model)
    kernels = {each for each, variable in model.variables.items() if 'kernel' in each}
    assert set(tensors) == kernels


def test_a_training_graph_has_the_weights_of_its_forward_part(tmp_path: Any) -> None:
    """Gradients read kernels, too, as transposed convolutions; slots are no weights."""
    model = load(builders.save_training(tmp_path))
    tensors = weight_tensors(model)
    assert {name: each.operation for name, each in tensors.items()} == {
        name: each.operation for name, each in weight_tensors(to_inference(model)).items()}
    assert not [name for name in tensors if 'Adam' in name]


def test_weights_of_a_frozen_graph(tmp_path: Any) -> None:
    """Are constants, with the same names."""
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    assert weight_tensors(freeze(model)).keys() == weight_tensors(model).keys()


def test_unknown_names_are_refused_with_the_closest(tmp_path: Any) -> None:
    """One line."""
    tensors = weight_tensors(load(builders.save_network('expanded', tmp_path)))
    assert list(chosen(tensors, ['block/expand/kernel'])) == ['block/expand/kernel']
    with pytest.raises(NameNotFoundError, match=r'no weight tensor named .*closest: .*block/expand/kernel'):
        chosen(tensors, ['block/expand/kernle'])


@pytest.mark.parametrize('frozen', [False, True])
def test_other_values(tmp_path: Any, frozen: bool) -> None:
    """Of variables and of constants; the model given stays as it is."""
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    model = freeze(model) if frozen else model
    before = model.value('block/expand/kernel').copy()
    changed = with_values(model, {'block/expand/kernel': before + 1})
    assert np.array_equal(changed.value('block/expand/kernel'), before + 1)
    assert np.array_equal(model.value('block/expand/kernel'), before)
    assert np.array_equal(changed.value('stem/kernel'), model.value('stem/kernel'))


def test_batches_of_matrices_have_their_channels_behind(tmp_path: Any) -> None:
    """`[B, K, N]`: the batch is no channel."""
    def products() -> None:
        weights = tf.get_variable('weights', [4, 8, 6])
        tf.identity(tf.matmul(tf.reshape(builders.image([4, 2, 4, 8]), [4, 8, 8]), weights), name='output')
    tensor = weight_tensors(load(builders.save_graph(products, tmp_path)))['weights']
    assert (tensor.input_axis, tensor.output_axis) == (1, 2)
