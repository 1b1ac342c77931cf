"""Networks for small images; the defaults are those of their papers."""

import dataclasses
from typing import Tuple

from tf1pruning.typed_yaml import require

from .model import BuiltConfig, ConvolutionalConfig, require_counts


@dataclasses.dataclass(frozen=True)
class ResNetConfig(ConvolutionalConfig):
    """A residual network for CIFAR.

    Attributes:
        depth: number of layers, 6n + 2: 20, 32, 44, 56, 110.
        stem_channels: filters of the first convolution and the first stage, before the width multiplier; the second
            and third stage have twice and four times as many.
        shortcut: how a shortcut gets wider: pad (with zeros) or projection (a 1×1 convolution).
        preactivation: whether batch norm and activation come before the convolutions.
        se: whether the blocks gate their output by squeeze-and-excitation, before it is added.
    """

    name: str = 'resnet_cifar'
    batch_norm_epsilon: float = 1e-5
    depth: int = 20
    stem_channels: int = 16
    shortcut: str = 'pad'
    preactivation: bool = False
    se: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(self.depth >= 8 and self.depth % 6 == 2, 'depth must be 6n + 2 (20, 32, 44, 56, 110), not %d'
                % self.depth)
        require_counts(self, 'stem_channels')
        require(self.shortcut in ('pad', 'projection'), 'shortcut: expected pad or projection, found %r'
                % self.shortcut)


@dataclasses.dataclass(frozen=True)
class VGGConfig(ConvolutionalConfig):
    """VGG for CIFAR, with batch norm; the default is VGG-16.

    Attributes:
        stages: filters of the 3×3 convolutions before each pooling, before the width multiplier.
        hidden: units of fully connected layers before the classifier, before the width multiplier.
        se: whether every stage gates its output by squeeze-and-excitation, before pooling.
    """

    name: str = 'vgg_cifar'
    stages: Tuple[Tuple[int, ...], ...] = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)
    hidden: Tuple[int, ...] = ()
    se: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require(bool(self.stages) and all(self.stages), 'stages: every stage needs a convolution')
        require_counts(self, 'stages', 'hidden')


@dataclasses.dataclass(frozen=True)
class LeNet300Config(BuiltConfig):
    """LeNet-300-100: fully connected, for grey images of 28 × 28.

    Attributes:
        hidden: units of the hidden layers, before the width multiplier.
    """

    name: str = 'lenet_300_100'
    image_size: int = 28
    image_channels: int = 1
    hidden: Tuple[int, ...] = (300, 100)

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require_counts(self, 'hidden')


@dataclasses.dataclass(frozen=True)
class LeNet5Config(LeNet300Config):
    """LeNet-5 with the widths that compression papers use, for grey images of 28 × 28.

    Attributes:
        filters: of the 5×5 convolutions, each followed by pooling, before the width multiplier.
    """

    name: str = 'lenet_5'
    filters: Tuple[int, ...] = (20, 50)
    hidden: Tuple[int, ...] = (500,)

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require_counts(self, 'filters')


@dataclasses.dataclass(frozen=True)
class FashionCnnConfig(LeNet300Config):
    """Three convolutions without pooling and a large hidden layer, for grey images of 28 × 28.

    Attributes:
        filters: of the 3×3 convolutions, before the width multiplier.
    """

    name: str = 'fashion_cnn'
    filters: Tuple[int, ...] = (8, 16, 32)
    hidden: Tuple[int, ...] = (1024,)

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require_counts(self, 'filters')
