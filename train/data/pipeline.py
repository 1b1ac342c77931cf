"""From labelled images to batches: `tf.data`, the same sequence for the same seed."""

from typing import Callable

from tf1pruning.tf1 import tf

from ..config import AugmentConfig
from .augment import augmented, changes
from .examples import Examples

_AS_MANY_AS_USEFUL = tf.data.experimental.AUTOTUNE
InputFn = Callable[[], tf.data.Dataset]


def training_input_fn(examples: Examples, batch_size: int, seed: int, augment: AugmentConfig,
                      start: int = 0) -> InputFn:
    """Returns an input function of endless, shuffled, augmented batches.

    The random numbers of an image come from the seed and its place in the sequence, not from a shared generator, so
    that parallel calls cannot change them, and a training that goes on sees what it would have seen.

    Args:
        examples: what to draw from.
        batch_size: images per batch.
        seed: of the order and the augmentation.
        augment: what happens to each image.
        start: how many images to skip, as if they had been seen.
    """
    blank = examples.normalisation.blank() if examples.normalisation else 0

    def input_fn() -> tf.data.Dataset:
        batches = examples.shuffled(seed, start).batch(batch_size)
        if changes(augment):
            numbered = tf.data.Dataset.zip((tf.data.experimental.Counter(), batches))
            batches = numbered.map(lambda number, batch: (
                augmented(batch[0], augment, seed, start + number * batch_size, blank), batch[1]), _AS_MANY_AS_USEFUL)
        return _normalised(batches, examples).prefetch(2)
    return input_fn


def evaluation_input_fn(examples: Examples, batch_size: int = 256) -> InputFn:
    """Returns an input function that goes over all images once, in order."""
    return lambda: _normalised(examples.ordered().batch(batch_size), examples).prefetch(1)


def _normalised(batches: tf.data.Dataset, examples: Examples) -> tf.data.Dataset:
    normalisation = examples.normalisation
    if normalisation is None:
        return batches
    return batches.map(lambda pixels, labels: (normalisation.tensor(pixels), labels), _AS_MANY_AS_USEFUL)
