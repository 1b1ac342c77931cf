"""Decomposition in the graph: the branches compute what the kernel that they amount to computes, in every dialect."""

import math
from typing import Any, Callable, Dict

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import NETWORKS
from tests.surgery import load
from tests.weights.test_linear_layers import kernel, model_of, partitioned, shared
from tf1pruning.lowrank import Branches
from tf1pruning.lowrank import decompose as solve
from tf1pruning.model.checkpoint import save_checkpoint
from tf1pruning.model.frozen import freeze, frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.passes.decompose import decompose, with_kernels
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.weights.linear_layers import linear_layers

FEEDS = plain.feeds_for({'image': builders.IMAGE})


def branches_of(model: Model, rank: float, density: float) -> Dict[str, Branches]:
    """Decomposes every layer to a part of its ranks."""
    found = {}
    for name, layer in linear_layers(model)[0].items():
        ranks = tuple(math.ceil(rank * size) for size in layer.shape[2:])
        ranks = (min(ranks),) * 2 if layer.shape[:2] == (1, 1) else ranks
        found[name] = solve(layer.kernel(model), (ranks[0], ranks[1]), density)
    return found


def output_of(model: Model) -> np.ndarray:
    return plain.run_graph(frozen_graph(model), ['output'], FEEDS)[0]


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_every_network(name: str, tmp_path: Any) -> None:
    """Full rank: the original; truncated: the original graph with the kernels that the branches amount to."""
    model = to_inference(load(builders.save_network(name, tmp_path)))
    layers, _ = linear_layers(model)
    original = output_of(model)
    assert plain.relative(original, output_of(decompose(model, layers, branches_of(model, 1, 0)))) < 1e-5
    branches = branches_of(model, 0.5, 0.1)
    changed = decompose(model, layers, branches)
    expected = output_of(with_kernels(model, layers, branches))
    assert plain.relative(original, expected) > 1e-3
    assert plain.relative(expected, output_of(changed)) < 1e-5
    assert not any(part in changed.weights for layer in layers.values() for part in layer.parts)


def dilated(padding: str) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda x: tf.nn.conv2d(x, kernel('w', 3, 3, 3, 4), strides=[1, 1, 1, 1], padding=padding,
                                  dilations=[1, 2, 2, 1])


def spaced(x: tf.Tensor) -> tf.Tensor:
    """A dilation as `tf.nn.convolution` writes it."""
    return tf.nn.convolution(x, kernel('w', 3, 3, 3, 4), 'SAME', dilation_rate=[2, 2])


def explicit(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(x, kernel('w', 3, 3, 3, 4), strides=[1, 2, 2, 1], padding=[[0, 0], [2, 1], [0, 3], [0, 0]])


def explicit_pointwise(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(x, kernel('w', 1, 1, 3, 4), strides=[1, 3, 3, 1], padding=[[0, 0], [2, 1], [0, 3], [0, 0]])


CASES = {'dilated_same': dilated('SAME'), 'dilated_valid': dilated('VALID'), 'spaced': spaced, 'explicit': explicit,
         'explicit_pointwise': explicit_pointwise, 'shared': shared, 'partitioned': partitioned}


@pytest.mark.parametrize('case', sorted(CASES))
@pytest.mark.parametrize('density', [0, 0.1])
def test_strides_padding_and_dilation(case: str, density: float, tmp_path: Any) -> None:
    model = model_of(CASES[case], tmp_path)
    layers, _ = linear_layers(model)
    branches = branches_of(model, 0.6, density)
    expected = output_of(with_kernels(model, layers, branches))
    assert plain.relative(output_of(model), expected) > 1e-3
    assert plain.relative(expected, output_of(decompose(model, layers, branches))) < 1e-5


def test_channels_first(tmp_path: Any) -> None:
    """TensorFlow on a processor cannot run these; the shapes that it infers must be the same."""
    dialect = builders.Dialect(data_format='NCHW', bias='bias_add')
    shape = (None, 3, 8, 8)

    def build() -> None:
        tf.identity(builders.conv(builders.image(shape), 8, 'stem', 3, 2, dialect), 'output')

    saved = builders.save_graph(build, tmp_path)._replace(inputs={'image': (2, *shape[1:])})
    model = to_inference(load(saved))
    changed = decompose(model, linear_layers(model)[0], branches_of(model, 0.5, 0.1))
    nodes = {node.name: node for node in changed.graph.node}
    assert changed.shapes['output'] == model.shapes['output']
    assert all(nodes['stem/Conv2D/' + part].attr['data_format'].s == b'NCHW' for part in ('first', 'core', 'last'))
    assert list(nodes['stem/Conv2D/first'].attr['strides'].list.i) == [1, 1, 1, 1]
    assert list(nodes['stem/Conv2D/core'].attr['strides'].list.i) == [1, 1, 2, 2]


@pytest.mark.parametrize('network', ['mobilenet_v2', 'resource', 'partitioned'])
def test_the_checkpoint_has_exactly_the_new_variables(network: str, tmp_path: Any) -> None:
    """It imports, restores, initialises and saves in plain TensorFlow; what was trained is trained."""
    model = to_inference(load(builders.save_network(network, tmp_path)))
    layers, _ = linear_layers(model)
    branches = branches_of(model, 0.5, 0.1)
    (tmp_path / 'decomposed').mkdir()
    prefix = save_checkpoint(decompose(model, layers, branches), str(tmp_path / 'decomposed'))
    gone = {part for layer in layers.values() for part in layer.parts}
    added = {'%s/%s' % (name, part): value.shape if layers[name].operation == 'Conv2D' else value.shape[2:]
             for name, each in branches.items() for part, value in each._asdict().items() if value is not None}
    before = {variable.node: variable.shape for variable in model.variables.values() if variable.node not in gone}
    assert plain.collections_of(prefix).all == {**before, **added}
    assert set(added) <= set(plain.collections_of(prefix).trainable)
    initialised, restored = plain.initialise_and_resave(prefix, str(tmp_path))
    assert set(added) <= set(initialised)
    assert set(added) <= set(restored)
    np.testing.assert_allclose(plain.run_checkpoint(prefix, ['output'], FEEDS)[0],
                               output_of(with_kernels(model, layers, branches)), rtol=1e-4, atol=1e-5)


def test_without_rank_the_kernel_stays(tmp_path: Any) -> None:
    """Nothing is added: the kernel has the values of the sparse branch; of none at all, zeros."""
    model = to_inference(load(builders.save_network('expanded', tmp_path)))
    layers, _ = linear_layers(model)
    branches = {'stem/kernel': solve(layers['stem/kernel'].kernel(model), (0, 0), 0.2), 'logits/kernel': Branches()}
    changed = decompose(model, layers, branches)
    assert [node.name for node in changed.graph.node] == [node.name for node in model.graph.node]
    assert np.count_nonzero(changed.value('stem/kernel')) == round(0.2 * 3 * 3 * 3 * 8)
    assert not changed.value('logits/kernel').any()
    assert changed.value('block/expand/kernel') is model.value('block/expand/kernel')


def test_constants_stay_constants(tmp_path: Any) -> None:
    model = freeze(to_inference(load(builders.save_network('mobilenet_v2', tmp_path))))
    layers, _ = linear_layers(model)
    branches = branches_of(model, 0.5, 0.1)
    changed = decompose(model, layers, branches)
    nodes = {node.name: node.op for node in changed.graph.node}
    assert nodes['stem/kernel/first'] == nodes['stem/kernel/sparse'] == 'Const'
    assert 'stem/kernel' not in nodes
    assert plain.relative(output_of(with_kernels(model, layers, branches)), output_of(changed)) < 1e-5


def test_names_that_are_taken(tmp_path: Any) -> None:
    def build() -> None:
        x = builders.image()
        with tf.name_scope('conv'):
            x = tf.nn.relu(x, 'first')
        x = tf.nn.conv2d(x, kernel('w', 3, 3, 3, 4), strides=[1, 1, 1, 1], padding='SAME', name='conv/')
        tf.identity(x, 'output')

    model = to_inference(load(builders.save_graph(build, tmp_path)))
    changed = decompose(model, linear_layers(model)[0], branches_of(model, 0.5, 0))
    names = [node.name for node in changed.graph.node]
    assert len(names) == len(set(names))
    assert {'conv/first', 'conv/first_'} <= set(names)
    assert plain.relative(output_of(with_kernels(model, linear_layers(model)[0], branches_of(model, 0.5, 0))),
                          output_of(changed)) < 1e-5
