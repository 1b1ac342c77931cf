"""What a network takes: the form that images must have."""

from typing import NamedTuple, Tuple

from tf1pruning.errors import OptionError

from ..config import FilesConfig, ModelConfig
from .normalisation import Normalisation


class Form(NamedTuple):
    """The images that a network takes.

    Attributes:
        size: height and width, in pixels.
        channels: 1 for grey, 3 for colour.
        classes: number of classes; labels count from 0.
    """

    size: int
    channels: int
    classes: int

    @classmethod
    def of(cls, model: ModelConfig) -> 'Form':
        """Returns what a network takes."""
        return cls(model.image_size, model.image_channels, model.classes)

    @property
    def shape(self) -> Tuple[int, int, int]:
        """Height, width and channels."""
        return self.size, self.size, self.channels

    def require(self, name: str, shape: Tuple[int, ...]) -> None:
        """Refuses a network for images of another shape.

        Raises:
            OptionError: the network takes others.
        """
        if shape != self.shape:
            found, wanted = (' × '.join(map(str, each)) for each in (shape, self.shape))
            raise OptionError('the images of %s are %s, but the network takes %s: set image_size and image_channels of '
                              'the model' % (name, found, wanted))

    def require_picture(self) -> None:
        """Refuses a network whose images no PNG or JPEG file can be.

        Raises:
            OptionError: they are neither grey nor in colour.
        """
        if self.channels not in (1, 3):
            raise OptionError('pictures have 1 channel or 3, but the network takes %d: set image_channels of the model'
                              % self.channels)

    def normalisation(self, config: FilesConfig) -> Normalisation:
        """Returns the configuration's normalisation.

        Raises:
            OptionError: it is for another number of channels.
        """
        for name in ('mean', 'deviation'):
            if len(getattr(config, name)) not in (1, self.channels):
                raise OptionError('%s has %d numbers, but the images have %d channels: give one number, or one for '
                                  'each channel' % (name, len(getattr(config, name)), self.channels))
        return Normalisation(config.mean, config.deviation)
