"""Counts are taken from the files themselves."""

import os
from typing import Any

from tests import builders
from tests.surgery import load, operate
from tf1pruning.graph.inference import Input
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.report.counts import before_after, checkpoint_bytes


def test_bytes_of_a_checkpoint_and_of_a_frozen_graph(tmp_path: Any) -> None:
    """Data and index, not the meta graph; of a `.pb` the file; of nothing 0."""
    saved = builders.save_network('expanded', tmp_path)
    done = operate(saved, tmp_path)
    data, index = (os.path.getsize(saved.prefix + ending) for ending in ('.data-00000-of-00001', '.index'))
    assert checkpoint_bytes(saved.prefix) == data + index
    assert checkpoint_bytes(done.frozen) == os.path.getsize(done.frozen)
    assert checkpoint_bytes(str(tmp_path / 'nothing')) == 0


def test_before_and_after(tmp_path: Any) -> None:
    """All three went down; a model against itself did not."""
    saved = builders.save_network('expanded', tmp_path)
    done = operate(saved, tmp_path)
    before = to_inference(load(saved))
    after = load_checkpoint(done.hard, ('output',), {'image': Input('', builders.IMAGE)})
    for counts in before_after(before, after, saved.prefix, done.hard).values():
        assert 0 < counts['after'] < counts['before']
    for counts in before_after(before, before, saved.prefix, saved.prefix).values():
        assert counts['after'] == counts['before']
