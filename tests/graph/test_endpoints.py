"""What is proposed as outputs."""

import pytest

from tests import builders
from tf1pruning.graph.endpoints import find_outputs, find_placeholders, likely_outputs
from tf1pruning.tf1 import tf


def _graph() -> tf.GraphDef:
    return tf.get_default_graph().as_graph_def()


def test_outputs_are_proposed() -> None:
    """The ends of chains with a convolution, the deepest first; nothing of the loss."""
    x = builders.conv(builders.image(), 4, 'stem')
    tf.identity(tf.reduce_mean(x, [1, 2]), 'features')
    builders.head(x)
    assert find_outputs(_graph()) == ['output', 'features']


def test_numbers_for_curves_are_no_outputs() -> None:
    """Given a mean that is drawn and one that is not. Result: the latter is an end of the network."""
    x = builders.conv(builders.image(), 4, 'stem')
    tf.summary.scalar('curve', tf.sqrt(tf.reduce_mean(x), name='drawn'))
    assert 'drawn' not in find_outputs(_graph())
    tf.sqrt(tf.reduce_max(x), name='returned')
    assert find_outputs(_graph()) == ['returned']


def test_ends_inside_a_loop_are_no_outputs() -> None:
    """What leaves the loop is one."""
    x = tf.reduce_mean(builders.conv(builders.image([2, 8, 8, 3]), 4, 'stem'), [1, 2])

    def body(step: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
        tf.exp(value, name='unread')
        return step + 1, value * 0.5
    tf.identity(tf.while_loop(lambda step, value: step < 3, body, [0, x])[1], 'output')
    names = find_outputs(_graph())
    assert 'output' in names
    assert 'while/unread' not in names


def test_ends_beside_the_likeliest() -> None:
    """Boxes and scores are both taken; what needs labels, or lies in a scope, is not."""
    x = builders.conv(builders.image(), 4, 'stem')
    boxes = builders.conv(x, 4, 'boxes')
    tf.identity(tf.tanh(boxes), 'detection_boxes')
    tf.identity(builders.conv(x, 2, 'scores'), 'detection_scores')
    tf.identity(boxes, 'inner/unread')
    tf.abs(boxes - tf.placeholder(tf.float32, [], 'labels'), 'loss')
    assert set(find_outputs(_graph())) == {'detection_boxes', 'detection_scores', 'inner/unread', 'loss'}
    assert set(likely_outputs(_graph())) == {'detection_boxes', 'detection_scores'}
    assert find_placeholders(_graph()) == ['image', 'labels']


@pytest.mark.parametrize('loss', [True, False])
def test_logits_come_first(loss: bool) -> None:
    """With a loss on top, what it reads is the likeliest output."""
    logits = builders.head(builders.conv(builders.image(), 4, 'stem'))
    tf.identity(logits, 'copy')
    if loss:
        labels = tf.placeholder(tf.float32, [None, 5], 'labels')
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    assert (find_outputs(_graph())[0] == 'output') == loss
    assert likely_outputs(_graph())[0] == find_outputs(_graph())[0]
