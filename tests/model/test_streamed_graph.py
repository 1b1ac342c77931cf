"""Graphs whose large weights are read while they run."""

from typing import Any, List

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.model import frozen, streamed_graph
from tf1pruning.model.frozen import frozen_graph, load_frozen, save_frozen
from tf1pruning.model.model import Model
from tf1pruning.model.values import Value, Zeroed
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


@pytest.fixture(autouse=True)
def _all_are_large(monkeypatch: Any) -> None:
    monkeypatch.setattr(streamed_graph, '_SMALL_BYTES', 16)
    monkeypatch.setattr(frozen, '_LARGE_BYTES', 16)


def run(model: Model, feeds: Any) -> np.ndarray:
    """Runs a model's streamed graph."""
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.import_graph_def(streamed_graph.streamed_graph(model), name='')
        return session.run('output:0', feeds)


@pytest.mark.parametrize('name', ['nested_se', 'partitioned', 'resource', 'transposed', 'wide'])
def test_the_same_as_with_constants(tmp_path: Any, name: str) -> None:
    """From a checkpoint and from a frozen graph."""
    saved = builders.save_network(name, tmp_path)
    model = to_inference(load(saved))
    feeds = plain.feeds_for(saved.inputs)
    expected = plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0]
    again = load_frozen(save_frozen(model, str(tmp_path / 'a.pb')), saved.outputs)
    for each in (model, again):
        assert plain.relative(expected, run(each, feeds)) <= 1e-6


def test_weights_are_read_when_their_turn_comes(tmp_path: Any) -> None:
    """In the network's order, each once, and none before what it is applied to is there."""
    saved = builders.save_network('expanded', tmp_path)
    model = to_inference(load(saved))
    read: List[str] = []

    class Noted(Zeroed):
        def __init__(self, name: str, value: Value) -> None:
            super().__init__(value, {})
            self.name = name

        def read(self) -> np.ndarray:
            read.append(self.name)
            return super().read()

    kernels = [name for name in model.variables if name.endswith('kernel')]
    noted = model.replace(weights=model.weights.replaced(
        {name: Noted(name, model.weights.lazy(name)) for name in kernels}))
    with tf.Graph().as_default():
        graph = {node.name: node for node in streamed_graph.streamed_graph(noted).node}
    assert all(graph[name].op == 'PyFunc' for name in kernels)
    assert graph['stem/bn/gamma'].op == 'Const'
    assert list(graph['block/expand/kernel'].input) == ['^stem/Conv2D']
    assert not read
    run(noted, plain.feeds_for(saved.inputs))
    assert read == ['stem/kernel', 'block/expand/kernel', 'block/depthwise/depthwise_kernel', 'block/project/kernel',
                    'logits/kernel']


def test_a_weight_with_several_readers(tmp_path: Any) -> None:
    """It is read for the first of them."""
    def build() -> tf.Tensor:
        x = builders.conv(builders.image(), 8, 'stem')
        kernel = tf.get_variable('tied', [3, 3, 8, 8])
        for _ in range(2):
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, 'SAME'))
        return builders.head(x)

    saved = builders.save_graph(build, tmp_path)
    model = to_inference(load(saved))
    with tf.Graph().as_default():
        node = next(node for node in streamed_graph.streamed_graph(model).node if node.name == 'tied')
    assert (node.op, list(node.input)) == ('PyFunc', ['^stem/Conv2D'])
    feeds = plain.feeds_for(saved.inputs)
    assert plain.relative(run(model, feeds), plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0]) <= 1e-6


def test_branches(tmp_path: Any) -> None:
    """Where one of two branches is not taken, nothing waits for it."""
    def build() -> tf.Tensor:
        source = builders.image()
        x = builders.conv(source, 8, 'stem')
        kernels = [tf.get_variable(name, [1, 1, 8, 8]) for name in ('first', 'second')]
        bright = tf.reduce_mean(source) > 0.5
        x = tf.cond(bright, *[lambda kernel=kernel: tf.nn.conv2d(x, kernel, 1, 'SAME') for kernel in kernels])
        return builders.head(builders.conv(x, 8, 'last'))

    saved = builders.save_graph(build, tmp_path)
    model = to_inference(load(saved))
    assert 'Switch' in model.view.operations
    for light in (0.1, 3.0):
        feeds = {name: light * value for name, value in plain.feeds_for(saved.inputs).items()}
        expected = plain.run_graph(frozen_graph(model), saved.outputs, feeds)[0]
        assert plain.relative(expected, run(model, feeds)) <= 1e-6
