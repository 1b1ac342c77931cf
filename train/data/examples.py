"""Labelled images: what every part of a dataset, in memory or in files, can be asked for."""

import abc
from typing import Iterator, Optional, Tuple

import numpy as np

from tf1pruning.tf1 import tf

from .normalisation import Normalisation


class Examples(abc.ABC):
    """Labelled images.

    Attributes:
        normalisation: what turns the pixels into the network's input; None where they are it already.
    """

    normalisation: Optional[Normalisation]

    @abc.abstractmethod
    def ordered(self) -> tf.data.Dataset:
        """Returns every image `[H, W, C]` once, in order, with its int32 label."""

    @abc.abstractmethod
    def shuffled(self, seed: int, start: int = 0) -> tf.data.Dataset:
        """Returns images and labels without end, in a random order that is another one each time round.

        Args:
            seed: the same one is the same order.
            start: how many images to skip, as if they had been seen.
        """

    def is_empty(self) -> bool:
        """Whether there is no image that can be used."""
        return next(self.raw_batches(1), None) is None

    def raw_batches(self, size: int) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Yields images `[N, H, W, C]` as they are kept and their labels `[N]`, in order."""
        with tf.Graph().as_default(), tf.Session() as session:
            iterator = tf.data.make_initializable_iterator(self.ordered().batch(size).prefetch(1))
            following = iterator.get_next()
            session.run(iterator.initializer)
            while True:
                try:
                    yield session.run(following)
                except tf.errors.OutOfRangeError:
                    return

    def batches(self, size: int = 256) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Yields normalised images `[N, H, W, C]` and their labels `[N]`, in order."""
        for pixels, labels in self.raw_batches(size):
            yield self.normalised(pixels), labels

    def arrays(self) -> Tuple[np.ndarray, np.ndarray]:
        """Returns all images, normalised, and their labels: float32 `[N, H, W, C]` and int32 `[N]`."""
        images, labels = zip(*self.batches())
        return np.concatenate(images), np.concatenate(labels)

    def normalised(self, pixels: np.ndarray) -> np.ndarray:
        """Returns pixels as the network wants them: float32."""
        return self.normalisation.array(pixels) if self.normalisation else pixels
