"""Labelled images in memory, divided into what is trained on and what is not."""

from typing import Iterator, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf

from .bad_records import BadRecords
from .examples import Examples
from .form import Form
from .normalisation import Normalisation

_LARGE = 2 ** 24
"""Bytes from which on arrays are not constants of the graph, since those go into every `.meta` file."""


class Split(Examples):
    """Labelled images in memory.

    Attributes:
        pixels: `[N, H, W, C]`: uint8, or float32 that is normalised already.
        labels: int32 `[N]`.
        normalisation: None if the pixels are normalised already.
    """

    def __init__(self, pixels: np.ndarray, labels: np.ndarray, normalisation: Optional[Normalisation] = None) -> None:
        self.pixels, self.labels, self.normalisation = pixels, labels, normalisation

    @property
    def images(self) -> np.ndarray:
        """All images, normalised: float32 `[N, H, W, C]`."""
        return self.normalised(self.pixels)

    def ordered(self) -> tf.data.Dataset:
        """Returns every image once, in order, with its label."""
        return tf.data.Dataset.from_tensor_slices((tensor_of(self.pixels), self.labels))

    def shuffled(self, seed: int, start: int = 0) -> tf.data.Dataset:
        """Returns images and labels without end, shuffled completely."""
        images = self.ordered().shuffle(len(self.labels), seed=seed, reshuffle_each_iteration=True).repeat()
        return images.skip(start) if start else images

    def raw_batches(self, size: int) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Yields images as they are kept and their labels, in order."""
        for start in range(0, len(self.labels), size):
            yield self.pixels[start:start + size], self.labels[start:start + size]

    def taken(self, chosen: np.ndarray) -> 'Split':
        """Returns the images where a mask `[N]` is True."""
        return Split(self.pixels[chosen], self.labels[chosen], self.normalisation)


class Images(NamedTuple):
    """A dataset.

    Attributes:
        train: the part to train on.
        test: the part to report on, in the end.
        validation: the part to decide by, if there is one.
        bad: counts the records that cannot be used, while loading and while training.
    """

    train: Examples
    test: Examples
    validation: Optional[Examples] = None
    bad: BadRecords = BadRecords(0)


def held_out(labels: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Draws the same fraction of every class: a mask `[N]`.

    The draw is NumPy's legacy generator, whose sequence is the same on all versions and machines.
    """
    random = np.random.RandomState(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        chosen[members[:int(round(fraction * len(members)))]] = True
    return chosen


def taken_out(labels: np.ndarray, key: str, fraction: float, seed: int) -> np.ndarray:
    """Returns what `held_out` draws, if that is something and leaves something.

    Raises:
        OptionError: it is nothing, or everything; the message names the key.
    """
    chosen = held_out(labels, fraction, seed)
    if not chosen.any() or chosen.all():
        raise OptionError('%s %g of every class is %s of the %d images: %s it' % (
            key, fraction, *(('all', len(labels), 'lower') if chosen.any() else ('none', len(labels), 'raise'))))
    return chosen


def divided(train: Split, test: Split, validation_fraction: float, seed: int) -> Images:
    """Takes the part to decide by out of the part to train on.

    Raises:
        OptionError: nothing would be left of one of them.
    """
    if not validation_fraction:
        return Images(train, test)
    chosen = taken_out(train.labels, 'validation_fraction', validation_fraction, seed)
    return Images(train.taken(~chosen), test, train.taken(chosen))


def tensor_of(array: np.ndarray) -> tf.Tensor:
    """Returns an array as a constant, or if it is large, as what Python gives when the iterator starts."""
    if array.nbytes < _LARGE:
        return array
    tensor = tf.numpy_function(lambda: array, [], array.dtype)
    tensor.set_shape(array.shape)
    return tensor


def joined(splits: Sequence[Split]) -> Split:
    """Puts splits with the same normalisation one behind the other."""
    return Split(np.concatenate([split.pixels for split in splits]), np.concatenate([split.labels for split in splits]),
                 splits[0].normalisation)


def usable(split: Split, form: Form, bad: BadRecords, source: str) -> Split:
    """Leaves the images out whose label is not that of a class.

    Args:
        split: what was read.
        form: knows the classes.
        bad: counts.
        source: name of the file, for messages.

    Raises:
        DataError: there are too many.
    """
    good = (split.labels >= 0) & (split.labels < form.classes)
    for number in np.flatnonzero(~good):
        bad.add('%s: record %d' % (source, number), 'label %d where there are %d classes' % (
            split.labels[number], form.classes))
    return split if good.all() else split.taken(good)
