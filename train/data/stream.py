"""Labelled images in files, decoded while they are needed."""

import abc
from typing import Iterator, List, Sequence, Tuple

import numpy as np

from tf1pruning.errors import DataError
from tf1pruning.tf1 import tf

from .bad_records import BadRecords
from .examples import Examples
from .form import Form
from .normalisation import Normalisation
from .split import Images, Split
from .tolerant import Decode, decoded


class Stream(Examples):
    """Labelled images in files.

    Args:
        decode: from a record to image and label.
        form: what the network takes.
        normalisation: from the decoded pixels to the network's input.
        bad: counts what cannot be decoded.
        source: where the records are, for messages.
    """

    def __init__(self, decode: Decode, form: Form, normalisation: Normalisation, bad: BadRecords,
                 source: str) -> None:
        self._decode, self._form, self._bad, self.source = decode, form, bad, source
        self.normalisation: Normalisation = normalisation

    @abc.abstractmethod
    def records(self) -> tf.data.Dataset:
        """Returns the names and the contents of all records once, in order."""

    @abc.abstractmethod
    def shuffled_records(self, seed: int, start: int) -> tf.data.Dataset:
        """Returns names and contents without end, in a random order, after skipping some."""

    def ordered(self) -> tf.data.Dataset:
        """Returns every image once, in order, with its label."""
        return decoded(self.records(), self._decode, self._form.shape, self._bad)

    def shuffled(self, seed: int, start: int = 0) -> tf.data.Dataset:
        """Returns images and labels without end, in a random order."""
        return decoded(self.shuffled_records(seed, start), self._decode, self._form.shape, self._bad)

    def raw_batches(self, size: int) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Yields images as bytes and their labels, in order.

        Raises:
            DataError: a file cannot be read, or there are too many bad records.
        """
        with self._bad.watched():
            yield from super().raw_batches(size)

    def loaded(self) -> Split:
        """Decodes everything and keeps it in memory, as bytes.

        Raises:
            DataError: a file cannot be read, there are too many bad records, or there is no record at all.
        """
        batches = list(self.raw_batches(512))
        if not batches:
            raise DataError('no images in %s' % self.source)
        return Split(np.concatenate([pixels for pixels, _ in batches]),
                     np.concatenate([labels for _, labels in batches]), self.normalisation)


def images_of(parts: Sequence[Stream], in_memory: bool) -> Images:
    """Returns a dataset of parts to train on, to test on, and perhaps to decide by; decoded now, or when needed."""
    ready: List[Examples] = [part.loaded() if in_memory else part for part in parts]
    return Images(ready[0], ready[1], ready[2] if len(ready) > 2 else None)
