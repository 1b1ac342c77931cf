"""AIMET's winnower for TF 1.15: a dozen operations stop it, dilation and optimizer slots get lost, NCHW and depthwise
multipliers are refused, Gathers come in, old variables stay, and nobody compares the outputs.
"""

import os
from typing import Any, Callable, Dict, List, NamedTuple, Tuple

import numpy as np
import pytest

from tests import builders, plain
from tests.builders import Dialect, conv, depthwise, image
from tests.peers.pruned import assert_exact, frozen_graph, operations, prune_graph, prune_saved, shapes_of
from tests.surgery import load, operate
from tf1pruning import pipeline
from tf1pruning.channels import Channels
from tf1pruning.errors import VerificationError
from tf1pruning.graph.channels_last import channels_last
from tf1pruning.model.frozen import save_frozen
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.plan import PruningPlan
from tf1pruning.tf1 import tf


class Around(NamedTuple):
    """An operation between two layers.

    Attributes:
        build: the operation, on a feature map of 8 channels.
        present: the type that must be in the graph, before and after.
        kernels: shapes that must remain when every group has lost half.
    """

    build: Callable[[tf.Tensor], tf.Tensor]
    present: Tuple[str, ...]
    kernels: Dict[str, Tuple[int, ...]]


def _split(x: tf.Tensor) -> tf.Tensor:
    first, second = tf.split(x, 2, 3)
    return tf.concat([conv(first, 4, 'first'), second], 3)


def _sliced(x: tf.Tensor) -> tf.Tensor:
    return tf.concat([conv(x[..., :4], 4, 'first'), x[..., -4:]], 3)


def _resized(x: tf.Tensor) -> tf.Tensor:
    return tf.image.resize_nearest_neighbor(tf.image.resize_bilinear(x, [6, 6]), [8, 8])


def _transposed(x: tf.Tensor) -> tf.Tensor:
    kernel = tf.get_variable('up/kernel', [3, 3, 6, 8])
    x = tf.nn.conv2d_transpose(x, kernel, tf.stack([tf.shape(x)[0], 16, 16, 6]), 2, 'SAME')
    x.set_shape([None, 16, 16, 6])
    return tf.nn.relu(x)


def _squeezed(x: tf.Tensor) -> tf.Tensor:
    return tf.squeeze(tf.nn.avg_pool2d(x, 8, 1, 'VALID'), [1, 2])


_LAYERS = {'before/kernel': (3, 3, 3, 4), 'after/kernel': (3, 3, 4, 4)}
_ROWS = {'before/kernel': (3, 3, 3, 4), 'after/kernel': (4, 6)}
_HALVES = dict(_LAYERS, **{'first/kernel': (1, 1, 2, 2)})
AROUND: Dict[str, Around] = {
    'Mul': Around(lambda x: builders.squeeze_excite(x, 4, 'se'), ('Mul',), dict(_LAYERS, **{
        'se/reduce/kernel': (1, 1, 4, 2), 'se/expand/kernel': (1, 1, 2, 4)})),
    'Sigmoid': Around(tf.sigmoid, ('Sigmoid',), _LAYERS),
    'Split': Around(_split, ('Split', 'SplitV'), _HALVES),
    'StridedSlice': Around(_sliced, ('StridedSlice',), _HALVES),
    'Resize': Around(_resized, ('ResizeBilinear',), _LAYERS),
    'Conv2DBackpropInput': Around(_transposed, ('Conv2DBackpropInput',), {
        'before/kernel': (3, 3, 3, 4), 'up/kernel': (3, 3, 3, 4), 'after/kernel': (3, 3, 3, 4)}),
    'Mean': Around(lambda x: tf.reduce_mean(x, [1, 2]), ('Mean',), _ROWS),
    'Reshape': Around(lambda x: tf.reshape(x, [-1, 8 * 8 * 8]), ('Reshape',), {
        'before/kernel': (3, 3, 3, 4), 'after/kernel': (8 * 8 * 4, 6)}),
    'Squeeze': Around(_squeezed, ('Squeeze',), _ROWS),
}


def _network(block: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """A convolution, the block, another layer, the head."""
    x = block(conv(image(), 8, 'before', 3))
    if len(x.shape) == 4:
        builders.head(conv(x, 8, 'after', 3))
    else:
        x = builders.dense(x, 12, 'after', tf.nn.relu)
        tf.identity(builders.dense(x, builders.CLASSES, 'logits'), 'output')


@pytest.mark.parametrize('name', sorted(AROUND))
def test_pruned_through(tmp_path: Any, name: str) -> None:
    """What makes the channels, what uses them, and what lies between: all by half."""
    case = AROUND[name]
    pruned = prune_graph(lambda: _network(case.build), tmp_path)
    assert set(case.present) & set(operations(pruned.frozen))
    assert {key: pruned.after[key] for key in case.kernels} == case.kernels
    assert all(pruned.before[key] > shape for key, shape in case.kernels.items())
    assert_exact(pruned)


def _dilated(x: tf.Tensor) -> tf.Tensor:
    kernel = tf.get_variable('dilated/kernel', [3, 3, 8, 8])
    return tf.nn.relu(tf.nn.conv2d(x, kernel, 1, 'SAME', dilations=[1, 2, 3, 1], name='dilated/Conv2D'))


def _dilated_in_batches(x: tf.Tensor) -> tf.Tensor:
    kernel = tf.get_variable('dilated/kernel', [3, 3, 8, 8])
    return tf.nn.relu(tf.nn.with_space_to_batch(
        x, [2, 3], 'SAME', lambda y, *_: tf.nn.conv2d(y, kernel, 1, 'VALID', name='dilated/Conv2D'), [3, 3]))


@pytest.mark.parametrize('build', [_dilated, _dilated_in_batches])
def test_dilation_is_kept(tmp_path: Any, build: Callable[[tf.Tensor], tf.Tensor]) -> None:
    """As an attribute, and as SpaceToBatchND … BatchToSpaceND: the same one after."""
    pruned = prune_graph(lambda: _network(build), tmp_path)
    assert pruned.after['dilated/kernel'] == (3, 3, 4, 4)
    graph = frozen_graph(pruned.frozen)
    node = next(node for node in graph.node if node.name == 'dilated/Conv2D')
    assert list(node.attr['dilations'].list.i) == ([1, 2, 3, 1] if build is _dilated else [1, 1, 1, 1])
    written_out = {'SpaceToBatchND', 'BatchToSpaceND'} & {node.op for node in graph.node}
    assert len(written_out) == (0 if build is _dilated else 2)
    assert_exact(pruned)


def test_channels_first(tmp_path: Any) -> None:
    """NCHW: the same channels go; run as NHWC, since a CPU has no kernels for the other, the outputs are equal."""
    saved = builders.save_graph(lambda: builders.mobilenet(Dialect(data_format='NCHW'), 4), tmp_path)
    done = operate(saved._replace(inputs={'image': (2, 3, 8, 8)}), tmp_path, align=1)
    before, after = shapes_of(saved.prefix), shapes_of(done.hard)
    assert before['block_1/expand/kernel'] == (1, 1, 8, 24)
    assert after['block_1/expand/kernel'] == (1, 1, 4, 12)
    assert after['block_1/se/expand/kernel'] == (1, 1, 2, 12)
    soft = save_frozen(to_inference(load(saved._replace(prefix=done.soft, inputs={}))), str(tmp_path / 'soft.pb'))
    graphs = [frozen_graph(path) for path in (soft, done.frozen)]
    assert _channels_first(graphs[1]) == _channels_first(graphs[0]) != []
    feeds = plain.feeds_for({'image': (2, 3, 8, 8)})
    outputs = [plain.run_graph(channels_last(graph), ['output'], feeds)[0] for graph in graphs]
    assert outputs[0].shape == (2, builders.CLASSES)
    assert plain.relative(*outputs) <= 1e-5


def test_channels_first_is_verified_on_a_cpu(tmp_path: Any) -> None:
    """The whole pipeline, its own comparison included."""
    saved = builders.save_graph(lambda: builders.mobilenet(Dialect(data_format='NCHW'), 4), tmp_path)
    pruned = prune_saved(saved._replace(inputs={'image': (2, 3, 8, 8)}), tmp_path)
    assert 0 < pruned.report['stripped_vs_soft_pruned']['absolute'] <= 1e-5


def _channels_first(graph: tf.GraphDef) -> List[str]:
    return [node.name for node in graph.node if 'data_format' in node.attr and node.attr['data_format'].s == b'NCHW']


def test_depthwise_multiplier_2(tmp_path: Any) -> None:
    """Both outputs of a channel go with it."""
    pruned = prune_graph(lambda: _network(lambda x: depthwise(x, 'depthwise', multiplier=2)), tmp_path)
    assert pruned.after['depthwise/depthwise_kernel'] == (3, 3, 4, 2)
    assert pruned.after['after/kernel'] == (3, 3, 8, 4)
    assert_exact(pruned)


@pytest.mark.parametrize('name', ['nested_se', 'residual_stage', 'concatenated', 'flattened', 'multiplier_2'])
def test_nothing_is_inserted(tmp_path: Any, name: str) -> None:
    """No Gather, nor anything else: the same operations as often as before."""
    saved = builders.save_network(name, tmp_path)
    before = operations(save_frozen(to_inference(load(saved)), str(tmp_path / 'before.pb')))
    pruned = prune_saved(saved, tmp_path)
    after = operations(pruned.frozen)
    assert after == before
    assert not {'Gather', 'GatherV2', 'GatherNd'} & set(after)


def test_no_old_variables_stay(tmp_path: Any) -> None:
    """The checkpoint holds what its graph has, each in its new shape, and none that was pruned in its old one."""
    pruned = prune_saved(builders.save_network('nested_se', tmp_path), tmp_path)
    assert pruned.after == plain.collections_of(pruned.hard).all
    assert set(pruned.after) == set(pruned.before)
    whole = {name for name, shape in pruned.after.items() if shape == pruned.before[name]}
    assert whole == {'logits/bias'}


def test_optimizer_slots_are_cut_too(tmp_path: Any) -> None:
    """Both of Adam's, of every variable that shrank, by the same channels."""
    saved = builders.save_training(tmp_path)
    pruned = prune_saved(saved, tmp_path)
    assert not [name for name in pruned.after if 'Adam' in name]
    plan = PruningPlan.load(os.path.join(pruned.folder, 'plan.json'))
    pipeline.strip_only(load(saved._replace(prefix=pruned.soft)), pruned.soft, plan, str(tmp_path / 'trained'))
    values = plain.values_of(str(tmp_path / 'trained' / 'Stripped_Dir' / 'model.ckpt-3'))
    soft = plain.values_of(pruned.soft)
    group = pruned.plan['block_1']
    for slot in ('', '/Adam', '/Adam_1'):
        kept = soft['block_1/depthwise/depthwise_kernel' + slot][:, :, group['kept']]
        assert np.array_equal(values['block_1/depthwise/depthwise_kernel' + slot], kept)
        assert values['block_1/expand/bn/gamma' + slot].shape == (len(group['kept']),)
    cut = {name for name, value in values.items() if value.shape != soft[name].shape}
    assert {name for name in cut if name + '/Adam' in values} == {
        name for name in cut if 'Adam' not in name and 'moving' not in name}


def test_outputs_are_compared(tmp_path: Any, monkeypatch: Any) -> None:
    """Both differences are in the report; a stripped model that computes something else is never written."""
    report = prune_graph(builders.NETWORKS['nested_se'], tmp_path).report
    assert 0 <= report['stripped_vs_soft_pruned']['relative'] <= 1e-5
    assert 0 <= report['pb_vs_checkpoint']['relative'] <= 1e-5
    strip = pipeline.strip

    def wrong(model: Model, channels: Channels, plan: PruningPlan) -> Model:
        stripped = strip(model, channels, plan)
        bias = stripped.value('logits/bias') + np.float32(1e-3)
        return stripped.replace(weights=stripped.weights.replaced({'logits/bias': bias}))

    monkeypatch.setattr(pipeline, 'strip', wrong)
    (tmp_path / 'wrong').mkdir()
    with pytest.raises(VerificationError, match='stripped vs soft pruned: output output differs'):
        prune_graph(builders.NETWORKS['nested_se'], tmp_path / 'wrong')
    assert not (tmp_path / 'wrong' / 'out').exists()
