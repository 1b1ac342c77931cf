"""From bytes to numbers around zero."""

from typing import NamedTuple, Tuple

import numpy as np

from tf1pruning.tf1 import tf


class Normalisation(NamedTuple):
    """What is done to pixels before a network sees them: (pixel − mean) / deviation.

    Attributes:
        mean: of all pixels, one number or one for each colour.
        deviation: their standard deviation, likewise.
    """

    mean: Tuple[float, ...]
    deviation: Tuple[float, ...]

    def tensor(self, pixels: tf.Tensor) -> tf.Tensor:
        """Normalises `[N, H, W, C]`, in the graph."""
        # Whole rows are subtracted and divided by, since TensorFlow is slow at broadcasting over three numbers.
        row = pixels.shape.as_list()[2:]
        mean, deviation = (np.broadcast_to(np.array(each, np.float32), row) for each in self)
        return (tf.cast(pixels, tf.float32) - mean) / deviation

    def array(self, pixels: np.ndarray) -> np.ndarray:
        """Normalises `[…, H, W, C]`: float32."""
        mean, deviation = np.array(self.mean, np.float32), np.array(self.deviation, np.float32)
        return (pixels.astype(np.float32) - mean) / deviation

    def blank(self) -> np.ndarray:
        """Returns the pixel that becomes nearly zero: uint8, one number or one for each colour."""
        return np.round(np.clip(self.mean, 0, 255)).astype(np.uint8)
