"""Summaries, read back with TensorFlow's own reader."""

import glob
import os
from typing import Any, Dict, Tuple

from tf1pruning.report.page.tensorboard import write_events
from tf1pruning.report.run import gather
from tf1pruning.tf1 import tf


def read(folder: str) -> Dict[Tuple[int, str], Any]:
    """Values by step and tag."""
    found = {}
    for path in glob.glob(os.path.join(folder, '*tfevents*')):
        for event in tf.train.summary_iterator(path):
            found.update({(int(event.step), value.tag): value for value in event.summary.value})
    return found


def test_a_step_for_each_attempt(looped: str, tmp_path: Any) -> None:
    assert write_events(gather(looped), str(tmp_path)) == 3
    found = read(str(tmp_path))
    assert [found[step, 'report/macs'].simple_value for step in range(3)] == [1000, 500, 250]
    assert found[1, 'kept/block'].simple_value == 4
    assert (2, 'report/failed_rate') in found
    assert (0, 'report/failed_rate') not in found
    assert found[0, 'scores/block_1'].histo.num > 0


def test_before_and_after_without_a_loop(pruned: str, tmp_path: Any) -> None:
    run = gather(pruned)
    assert write_events(run, str(tmp_path)) == 2
    found = read(str(tmp_path))
    layer = run.layers[1]
    for step in range(2):
        assert found[step, 'macs/' + layer.name].simple_value == layer.macs[step]
        assert found[step, 'kept/block'].simple_value == layer.makes[step]
