"""Open batch sizes are closed, others stay."""

from typing import Any

from tests import builders
from tests.surgery import load
from tf1pruning.graph.shapes import declared_shape
from tf1pruning.passes.fix_batch import fix_batch
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


def test_only_open_batches_change(tmp_path: Any) -> None:
    def build() -> tf.Tensor:
        open_one, closed = tf.placeholder(tf.float32, [None, 3], 'image'), tf.placeholder(tf.float32, [2, 3], 'closed')
        return tf.add(tf.matmul(open_one, tf.get_variable('w', [3, 3]).value()), tf.reduce_sum(closed), 'output')
    model = to_inference(load(builders.save_graph(build, tmp_path)._replace(inputs={})))
    fixed = fix_batch(model, 4)
    shapes = [{name: declared_shape(each.view.nodes[name]) for name in ('image', 'closed')} for each in (model, fixed)]
    assert shapes == [{'image': (None, 3), 'closed': (2, 3)}, {'image': (4, 3), 'closed': (2, 3)}]
