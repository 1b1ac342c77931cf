"""Parameters and multiply-accumulates against counts by hand."""

from typing import Any, Callable

import pytest

from tests import builders
from tests.surgery import channels_of, operate
from tf1pruning.cost import Cost, count_cost, count_parameters, examples_in, macs_by_node
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.frozen import load_frozen
from tf1pruning.tf1 import tf

# stem 4·4·8 outputs, block on 4×4, head.
STEM, EXPAND, DEEP, PROJECT, LOGITS = (16 * 8 * 27, 16 * 24 * 8, 16 * 24 * 9, 16 * 8 * 24, 5 * 8)
PARAMETERS = (27 * 8 + 16) + (8 * 24 + 48) + (9 * 24 + 48) + (24 * 8 + 16) + (8 * 5 + 5)


def test_an_inverted_residual(tmp_path: Any) -> None:
    """Layer by layer; moving statistics are no parameters."""
    model = channels_of(builders.save_network('expanded', tmp_path)).model
    found = macs_by_node(model.view, model.shapes)
    assert found['stem/Conv2D'] == STEM
    assert found['block/expand/Conv2D'] == EXPAND
    assert found['block/depthwise/depthwise'] == DEEP
    assert found['block/project/Conv2D'] == PROJECT
    assert found['logits/MatMul'] == LOGITS
    assert count_cost(model) == Cost(PARAMETERS, STEM + EXPAND + DEEP + PROJECT + LOGITS)
    assert 'stem/bn/moving_mean' not in count_parameters(model, set(model.shapes))


def test_pruning_halves_what_it_should(tmp_path: Any) -> None:
    """Half of the expanded channels: half of expand, depthwise and project; the rest as before."""
    saved = builders.save_network('expanded', tmp_path)
    done = operate(saved, tmp_path, scopes=['block'])
    hard = load_checkpoint(done.hard, ('output',), {'image': Input('', builders.IMAGE)})
    assert count_cost(hard).macs == STEM + (EXPAND + DEEP + PROJECT) // 2 + LOGITS


def test_a_frozen_graph_costs_the_same_macs(tmp_path: Any) -> None:
    """Its parameters are constants; statistics are still not counted."""
    saved = builders.save_network('expanded', tmp_path)
    done = operate(saved, tmp_path)
    inputs = {'image': Input('', builders.IMAGE)}
    assert count_cost(load_frozen(done.frozen, ('output',), inputs)) == count_cost(
        load_checkpoint(done.hard, ('output',), inputs))


@pytest.mark.parametrize(('inputs', 'outputs', 'expected'), [
    ([(4, True)], [3], 4),  # an open size is a batch, whatever comes out
    ([(4, True), (9, False)], [4], 4),
    ([(4, False)], [4], 4),
    ([(4, False)], [8, None], 4),  # boxes of every example
    ([(100, False)], [7], 1),  # a vector
    ([(4, False), (9, False)], [4], 1),
    ([(4, True), (9, True)], [4], 1),
    ([], [4], 1),
])
def test_how_many_examples(inputs: Any, outputs: Any, expected: int) -> None:
    assert examples_in(inputs, outputs) == expected


@pytest.mark.parametrize(('build', 'macs'), [
    (lambda x: tf.nn.conv2d(x, tf.get_variable('k', [3, 3, 4, 8]), 2, 'SAME'), 9 * 8 * 36),
    (lambda x: tf.nn.depthwise_conv2d_native(x, tf.get_variable('k', [3, 3, 4, 2]), [1, 1, 1, 1], 'SAME'), 36 * 8 * 9),
    (lambda x: tf.nn.conv2d_transpose(x, tf.get_variable('k', [2, 2, 8, 4]), [2, 12, 12, 8], 2), 36 * 4 * 4 * 8),
    (lambda x: tf.matmul(tf.reshape(x, [2, 144]), tf.get_variable('k', [10, 144]), transpose_b=True), 1440),
    (lambda x: tf.einsum('bhwc,cde->bhwde', x, tf.get_variable('k', [4, 5, 2])), 36 * 4 * 5 * 2),
    (lambda x: tf.einsum('...wc,...vc->...wv', x, x), 6 * 6 * 6 * 4),
    (lambda x: tf.nn.relu(x), 0),
], ids=['conv', 'depthwise', 'transposed', 'matmul', 'einsum', 'einsum of two', 'relu'])
def test_single_operations(tmp_path: Any, build: Callable[..., Any], macs: int) -> None:
    """For one example of a batch of two `[2, 6, 6, 4]`."""
    def network() -> None:
        y = build(tf.placeholder(tf.float32, [2, 6, 6, 4], 'image'))
        tf.identity(tf.reduce_sum(y) + tf.get_variable('w', []), 'output')

    model = channels_of(builders.save_graph(network, tmp_path)._replace(inputs={})).model
    assert sum(macs_by_node(model.view, model.shapes).values()) == macs
