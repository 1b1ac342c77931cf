"""Summaries, read back with TensorFlow's own reader."""

import glob
import os
from typing import Any

import numpy as np

from tf1pruning.report.summaries import histogram, write_summaries
from tf1pruning.tf1 import tf


def test_scalars_and_histograms_come_back(tmp_path: Any) -> None:
    """Of two steps, by tag."""
    for step, accuracy in ((1, 0.9), (2, 0.8)):
        write_summaries(str(tmp_path), step, {'accuracy': accuracy}, {'norms': np.arange(5.0) * step})
    found = {}
    for path in sorted(glob.glob(os.path.join(str(tmp_path), '*tfevents*'))):
        for event in tf.train.summary_iterator(path):
            found.update({(int(event.step), value.tag): value for value in event.summary.value})
    assert set(found) == {(step, tag) for step in (1, 2) for tag in ('accuracy', 'norms')}
    assert abs(found[2, 'accuracy'].simple_value - 0.8) < 1e-6
    assert found[2, 'norms'].histo.max == 8.0


def test_a_histogram_counts_everything() -> None:
    """Also where all numbers are the same."""
    for values in (np.random.RandomState(0).uniform(-2, 3, 100), np.zeros([3, 4])):
        proto = histogram(values)
        assert (proto.num, sum(proto.bucket)) == (values.size, values.size)
        assert (proto.min, proto.max) == (values.min(), values.max())
        assert list(proto.bucket_limit) == sorted(proto.bucket_limit)
