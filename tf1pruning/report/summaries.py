"""Numbers and distributions for TensorBoard, written without a graph or a session."""

import contextlib
from typing import Iterator, Mapping

import numpy as np

from ..tf1 import tf

BINS = 30


def write_summaries(folder: str, step: int, scalars: Mapping[str, float],
                    distributions: Mapping[str, np.ndarray]) -> None:
    """Writes one step of a run.

    Args:
        folder: where TensorBoard will look.
        step: its number.
        scalars: by tag.
        distributions: numbers to show as a histogram, by tag.
    """
    summary = tf.Summary()
    for tag, value in scalars.items():
        summary.value.add(tag=tag, simple_value=float(value))
    for tag, values in distributions.items():
        summary.value.add(tag=tag).histo.CopyFrom(histogram(values))
    with _writer(folder, '.%d' % step) as writer:
        writer.add_summary(summary, step)


def histogram(values: np.ndarray) -> tf.HistogramProto:
    """Counts values in bins of equal width.

    Args:
        values: at least one number.
    """
    flat = np.asarray(values, np.float64).ravel()
    counts, edges = np.histogram(flat, BINS)
    return tf.HistogramProto(min=flat.min(), max=flat.max(), num=flat.size, sum=flat.sum(),
                             sum_squares=(flat ** 2).sum(), bucket_limit=edges[1:].tolist(), bucket=counts.tolist())


@contextlib.contextmanager
def _writer(folder: str, suffix: str) -> Iterator[tf.summary.FileWriter]:
    """Opens a file of its own: TensorFlow names files by the second."""
    with tf.Graph().as_default():  # with TensorFlow 2 there is none in eager mode
        writer = tf.summary.FileWriter(folder, filename_suffix=suffix)
    try:
        yield writer
    finally:
        writer.close()
