"""What networks have in common."""

import dataclasses
from typing import Any

from tf1pruning.typed_yaml import one_of, require

ACTIVATIONS = ('elu', 'hard_swish', 'leaky_relu', 'relu', 'relu6', 'sigmoid', 'swish', 'tanh')


def require_counts(config: Any, *names: str) -> None:
    """Refuses fields that are not positive: numbers, and lists of them or of lists.

    Raises:
        OptionError: one of them, or a number in it, is below 1.
    """
    def least(value: Any) -> float:
        return min(map(least, value), default=1) if isinstance(value, tuple) else float(value)
    for name in names:
        require(least(getattr(config, name)) >= 1, '%s must be at least 1, not %s' % (name, getattr(config, name)))


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
        require_counts(self, 'image_size', 'image_channels')
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
        require_counts(self, 'channel_multiple')
        one_of(self.activation, dict.fromkeys(ACTIVATIONS), 'activation')
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

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(0 < self.se_ratio <= 1, 'se_ratio must be above 0 and at most 1, not %s' % self.se_ratio)
        require(0 <= self.batch_norm_momentum < 1, 'batch_norm_momentum must be from 0 to below 1, not %s'
                % self.batch_norm_momentum)
        require(self.batch_norm_epsilon > 0, 'batch_norm_epsilon must be above 0, not %s' % self.batch_norm_epsilon)
