"""Records that fail do not end a pipeline: they are counted and left out."""

from typing import Any, Callable, Tuple

import numpy as np

from tf1pruning.tf1 import tf

from .bad_records import BadRecords

Decode = Callable[[tf.Tensor, tf.Tensor], Tuple[tf.Tensor, tf.Tensor]]
"""From a record and its name to an image `[H, W, C]` of a fixed shape, uint8, and an int32 label; or it fails."""

_CHUNK_BYTES, _CHUNK_SIZES = 2 ** 23, (16, 128)
"""How many bytes of images are tried at once, and how many images at least and at most: a try costs milliseconds."""


def decoded(records: tf.data.Dataset, decode: Decode, shape: Tuple[int, int, int], bad: BadRecords) -> tf.data.Dataset:
    """Decodes records in parallel, in their order, without those that cannot be.

    A chunk of records is decoded in a pipeline of its own, whose failure ends nothing else; then its records are tried
    one by one. So it all stays in TensorFlow's own threads, and Python is called for bad records only.

    Args:
        records: pairs of a name, which bad records are reported by, and a record.
        decode: decodes one.
        shape: of every image.
        bad: counts.
    """
    size = min(max(_CHUNK_BYTES // (shape[0] * shape[1] * shape[2]), _CHUNK_SIZES[0]), _CHUNK_SIZES[1])

    def attempt(names: tf.Tensor, chunk: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
        each = tf.data.Dataset.from_tensor_slices((names, chunk))
        together = each.map(decode).batch(size).map(lambda images, labels: (images, labels, tf.ones_like(labels)))
        complete = together.apply(tf.data.experimental.ignore_errors()).filter(
            lambda images, labels, good: tf.equal(tf.size(labels), tf.size(names)))
        singly = each.map(lambda name, record: _attempted(name, record, decode, shape)).batch(size)
        images, labels, good = tf.data.experimental.get_single_element(complete.concatenate(singly).take(1))
        images, labels = tf.cond(tf.reduce_all(tf.equal(good, 1)), lambda: (images, labels),
                                 lambda: _without_bad(images, labels, tf.equal(good, 1), names, bad))
        return tf.ensure_shape(images, (None,) + shape), tf.ensure_shape(labels, [None])

    tried = records.batch(size).map(attempt, tf.data.experimental.AUTOTUNE)
    return tried.apply(tf.data.experimental.unbatch())


def _attempted(name: tf.Tensor, record: tf.Tensor, decode: Decode, shape: Tuple[int, int, int]) -> Any:
    """Returns image, label and 1, or something blank and 0."""
    good = tf.data.Dataset.from_tensors((name, record)).map(decode).map(lambda image, label: (image, label, 1))
    blank = tf.data.Dataset.from_tensors((tf.zeros(shape, tf.uint8), 0, 0))
    return tf.data.experimental.get_single_element(
        good.apply(tf.data.experimental.ignore_errors()).concatenate(blank).take(1))


def _without_bad(images: tf.Tensor, labels: tf.Tensor, good: tf.Tensor, names: tf.Tensor,
                 bad: BadRecords) -> Tuple[tf.Tensor, tf.Tensor]:
    """Counts the bad ones of a chunk and returns the others."""
    def count(found: np.ndarray) -> np.bool_:
        for name in found:
            bad.add(name.decode('utf-8', 'replace'))
        return np.bool_(True)
    with tf.control_dependencies([tf.numpy_function(count, [tf.boolean_mask(names, tf.logical_not(good))], tf.bool)]):
        return tf.boolean_mask(images, good), tf.boolean_mask(labels, good)


def checked_label(label: tf.Tensor, classes: int) -> tf.Tensor:
    """Returns a label as int32; a record with one out of range fails."""
    within = tf.logical_and(label >= 0, label < classes)
    with tf.control_dependencies([tf.debugging.Assert(within, ['label out of range', label])]):
        return tf.cast(label, tf.int32)


