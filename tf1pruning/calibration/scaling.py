"""From pixels to what a network takes."""

from typing import NamedTuple, Tuple

import numpy as np

from ..errors import OptionError


class Scaling(NamedTuple):
    """`(pixel − mean) / deviation`, for pixels from 0 to 255.

    Attributes:
        mean: one number, or one for each channel.
        deviation: likewise.
    """

    mean: Tuple[float, ...] = (0.0,)
    deviation: Tuple[float, ...] = (255.0,)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Scales uint8 `[…, C]` to float32.

        Raises:
            OptionError: there are other numbers of channels, a number is not finite, or a deviation is 0.
        """
        for numbers in self:
            if len(numbers) not in (1, pixels.shape[-1]):
                raise OptionError('%d numbers for mean or deviation, but images with %d channels: give one, or one for '
                                  'each channel' % (len(numbers), pixels.shape[-1]))
        if not np.isfinite((*self.mean, *self.deviation)).all():
            raise OptionError('mean and deviation must be finite numbers')
        if not all(self.deviation):
            raise OptionError('a deviation of 0 cannot be divided by: give another one')
        mean, deviation = (np.array(numbers, np.float32) for numbers in self)
        return np.asarray((pixels - mean) / deviation, np.float32)


PIXELS = Scaling()
"""From 0 … 255 to 0 … 1."""
