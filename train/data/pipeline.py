"""From images in memory to batches: `tf.data`, the same sequence for the same seed."""

from typing import Any, Callable, Sequence

from tf1pruning.tf1 import tf

from .split import Split

InputFn = Callable[[], tf.data.Dataset]


def training_input_fn(split: Split, batch_size: int, seed: int, shift: int = 0) -> InputFn:
    """Returns an input function of endless, shuffled, randomly shifted batches.

    The random numbers of an image come from the seed and its place in the sequence, not from a shared generator, so
    that parallel calls cannot change them.

    Args:
        split: what to draw from.
        batch_size: images per batch.
        seed: of the order and the shifts.
        shift: largest shift in pixels, each way; what enters is the border pixel repeated.
    """
    def input_fn() -> tf.data.Dataset:
        images = _images(split).shuffle(len(split.labels), seed=seed, reshuffle_each_iteration=True).repeat()
        if shift:
            numbered = tf.data.Dataset.zip((tf.data.experimental.Counter(), images))
            images = numbered.map(lambda number, pair: (_shifted(pair[0], shift, [seed, number]), pair[1]), 2)
        return images.batch(batch_size).prefetch(2)
    return input_fn


def evaluation_input_fn(split: Split, batch_size: int = 256) -> InputFn:
    """Returns an input function that goes over all images once, in order."""
    return lambda: _images(split).batch(batch_size).prefetch(1)


def _images(split: Split) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((split.images, split.labels))


def _shifted(image: tf.Tensor, shift: int, seed: Sequence[Any]) -> tf.Tensor:
    wide = tf.pad(image, [[shift, shift], [shift, shift], [0, 0]], 'SYMMETRIC')
    corner = tf.random.stateless_uniform([2], tf.cast(tf.stack(seed), tf.int64), 0, 2 * shift + 1, tf.int32)
    return tf.slice(wide, tf.concat([corner, [0]], 0), image.shape)
