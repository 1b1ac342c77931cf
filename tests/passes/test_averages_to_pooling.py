"""Averages over an image become pooling; others do not."""

from typing import Any, Sequence

import pytest

from tests import builders, plain
from tests.exports import models
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.passes.averages_to_pooling import averages_to_pooling
from tf1pruning.tf1 import tf


@pytest.mark.parametrize(('axes', 'keep', 'pooled'), [
    ([1, 2], False, True), ([1, 2], True, True), ([-2, -3], False, True), ([1], True, False), ([1, 3], False, False),
    ([1, 2, 3], False, False)])
def test_the_same_numbers(tmp_path: Any, axes: Sequence[int], keep: bool, pooled: bool) -> None:
    def build() -> tf.Tensor:
        return tf.identity(tf.reduce_mean(builders.conv(builders.image(), 4, 'stem'), axes, keep), 'output')
    model = models.saved_model_of(build, tmp_path)
    changed = averages_to_pooling(model)
    operations = {node.op for node in changed.graph.node}
    assert ('AvgPool' in operations, 'Mean' in operations) == (pooled, not pooled)
    feeds = plain.feeds_for({'image': builders.IMAGE})
    before, after = (plain.run_graph(frozen_graph(each), ['output'], feeds)[0] for each in (model, changed))
    assert before.shape == after.shape
    assert plain.relative(before, after) < 1e-6
