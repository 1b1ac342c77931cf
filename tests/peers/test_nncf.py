"""NNCF for TensorFlow: never shrinks a model by itself, and skips DenseNet, Xception, NASNet, Inception-ResNet and
ResNet V2.
"""

from typing import Any, Callable, Dict

import pytest

from tests import builders, plain
from tests.builders import IMAGE, Dialect, batch_norm, conv, depthwise, image, save_graph
from tests.peers.pruned import assert_exact, measured_macs, prune_saved
from tests.surgery import load
from tf1pruning.model.frozen import save_frozen
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

BARE = Dialect(norm='none')


def _width(x: tf.Tensor) -> int:
    return int(x.shape.as_list()[3])


def _separable(x: tf.Tensor, filters: int, name: str, stride: int = 1) -> tf.Tensor:
    with tf.variable_scope(name):
        return conv(depthwise(x, 'depthwise', stride, dialect=BARE), filters, 'pointwise', act=None)


def densenet() -> None:
    """Two dense blocks: norm and activation come first, every layer reads all before it; a transition between them."""
    x = conv(image(), 8, 'stem', 3)
    for block in range(2):
        for layer in range(3):
            with tf.variable_scope('block_%d/layer_%d' % (block, layer)):
                new = tf.nn.relu(batch_norm(x, 'norm'))
                new = conv(conv(new, 12, 'bottleneck'), 4, 'grow', 3, dialect=BARE, act=None)
                x = tf.concat([x, new], 3)
        if block == 0:
            x = tf.nn.relu(batch_norm(x, 'transition_norm'))
            x = tf.nn.avg_pool2d(conv(x, _width(x) // 2, 'transition', dialect=BARE, act=None), 2, 2, 'SAME')
    builders.head(tf.nn.relu(batch_norm(x, 'last_norm')))


def xception() -> None:
    """Separable convolutions in two blocks, with a strided 1×1 shortcut and with a plain one."""
    x = conv(image(), 8, 'stem', 3)
    short = conv(x, 16, 'shortcut', 1, 2, act=None)
    y = _separable(tf.nn.relu(_separable(x, 16, 'first')), 16, 'second')
    x = tf.nn.max_pool2d(y, 3, 2, 'SAME') + short
    y = x
    for name in ('third', 'fourth', 'fifth'):
        y = _separable(tf.nn.relu(y), 16, name)
    builders.head(tf.nn.relu(_separable(x + y, 24, 'last')))


def nasnet() -> None:
    """Two cells: both read the two tensors before, add branches in pairs and concatenate the sums."""
    before = conv(image(), 8, 'stem', 3, act=None)
    x = _cell(before, before, 6, 'cell_0')
    builders.head(tf.nn.relu(_cell(x, before, 6, 'cell_1')))


def _cell(x: tf.Tensor, before: tf.Tensor, filters: int, name: str) -> tf.Tensor:
    with tf.variable_scope(name):
        x = conv(tf.nn.relu(x), filters, 'adjust', act=None)
        before = conv(tf.nn.relu(before), filters, 'adjust_before', act=None)
        sums = [_separable(tf.nn.relu(x), filters, 'left_0') + _separable(tf.nn.relu(before), filters, 'right_0'),
                tf.nn.avg_pool2d(x, 3, 1, 'SAME') + before,
                _separable(tf.nn.relu(x), filters, 'left_2') + x]
        return tf.concat([before, *sums], 3)


def inception_resnet() -> None:
    """Branches side by side, a 1×1 convolution back to the stream, added after scaling by a constant."""
    x = conv(image(), 12, 'stem', 3)
    for number in range(2):
        with tf.variable_scope('block_%d' % number):
            branches = [conv(x, 8, 'a'), conv(conv(x, 8, 'b_0'), 8, 'b_1', 3),
                        conv(conv(conv(x, 6, 'c_0'), 8, 'c_1', 3), 8, 'c_2', 3)]
            up = conv(tf.concat(branches, 3), 12, 'up', dialect=Dialect(norm='none', bias='bias_add'), act=None)
            x = tf.nn.relu(x + up * 0.17)
    builders.head(x)


def resnet_v2() -> None:
    """Norm and activation before the convolutions, sums without either; a projected and an identical shortcut."""
    x = conv(image(), 8, 'stem', 3, dialect=BARE, act=None)
    for number, (filters, stride) in enumerate(((16, 2), (16, 1))):
        with tf.variable_scope('unit_%d' % number):
            y = tf.nn.relu(batch_norm(x, 'preact'))
            short = x if stride == 1 else conv(y, filters, 'shortcut', 1, stride, BARE, None)
            y = conv(conv(y, 8, 'first'), 8, 'second', 3, stride)
            x = short + conv(y, filters, 'third', dialect=BARE, act=None)
    builders.head(tf.nn.relu(batch_norm(x, 'last_norm')))


ARCHITECTURES: Dict[str, Callable[[], None]] = {build.__name__: build for build in (
    densenet, xception, nasnet, inception_resnet, resnet_v2)}


@pytest.mark.parametrize('name', sorted(ARCHITECTURES))
def test_architectures_that_get_smaller(tmp_path: Any, name: str) -> None:
    """Every convolution loses half of its filters; the MACs that TensorFlow needs fall below a half; exact."""
    saved = save_graph(ARCHITECTURES[name], tmp_path)
    before = save_frozen(to_inference(load(saved)), str(tmp_path / 'before.pb'))
    pruned = prune_saved(saved, tmp_path)
    made = {'kernel': -1, 'depthwise_kernel': 2}
    shapes = {key: (pruned.before[key], pruned.after[key], made[key.split('/')[-1]]) for key in pruned.before
              if key.split('/')[-1] in made and not key.startswith('logits')}
    assert len(shapes) >= 8
    for key, (whole, remaining, axis) in shapes.items():
        assert remaining[axis] == whole[axis] // 2, key
    feeds = plain.feeds_for({'image': (1,) + IMAGE[1:]})
    macs = [measured_macs(path, feeds) for path in (before, pruned.frozen)]
    assert macs[1] < macs[0] / 2
    assert pruned.report['macs'] == {'before': macs[0], 'after': macs[1]}
    assert_exact(pruned)
