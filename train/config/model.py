"""What networks have in common."""

import dataclasses

from tf1pruning.typed_yaml import require


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """A network.

    Attributes:
        name: which of `train.models`; every one has keys of its own.
        image_size: height and width of the images, in pixels.
        image_channels: 1 for grey images, 3 for colour.
        classes: number of logits.
    """

    name: str = ''
    image_size: int = 32
    image_channels: int = 3
    classes: int = 10

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        for name in ('image_size', 'image_channels'):
            require(getattr(self, name) >= 1, '%s must be at least 1, not %s' % (name, getattr(self, name)))
        require(self.classes >= 2, 'classes must be at least 2, not %d' % self.classes)


@dataclasses.dataclass(frozen=True)
class BuiltConfig(ModelConfig):
    """A network that is built here.

    Attributes:
        width: multiplier of the channel counts.
        channel_multiple: channel counts are rounded to multiples of this.
        activation: relu, relu6, leaky_relu, elu, swish, hard_swish, tanh or sigmoid.
        dropout: fraction of the classifier's inputs dropped in training.
    """

    width: float = 1.0
    channel_multiple: int = 1
    activation: str = 'relu'
    dropout: float = 0.0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(self.channel_multiple >= 1, 'channel_multiple must be at least 1, not %s' % self.channel_multiple)
        require(0 < self.width < float('inf'), 'width must be above 0, not %s' % self.width)
        require(0 <= self.dropout < 1, 'dropout must be from 0 to below 1, not %s' % self.dropout)


@dataclasses.dataclass(frozen=True)
class ConvolutionalConfig(BuiltConfig):
    """A network with batch norm.

    Attributes:
        se_ratio: squeezed channels / gated channels, where there is squeeze-and-excitation.
        batch_norm_momentum: kept fraction of the moving statistics per step; small networks with short trainings
            want less than the usual 0.99.
        batch_norm_epsilon: added to the variance.
    """

    channel_multiple: int = 8
    se_ratio: float = 0.25
    batch_norm_momentum: float = 0.9
    batch_norm_epsilon: float = 1e-3
