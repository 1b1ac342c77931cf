"""MobileNets; the defaults are those of the papers for 224 × 224, but for the image's size and the classes."""

import dataclasses
from typing import Tuple

from tf1pruning.typed_yaml import one_of, require

from .model import ACTIVATIONS, ConvolutionalConfig, require_counts


@dataclasses.dataclass(frozen=True)
class SeparableConfig:
    """A run of depthwise separable convolutions with the same width.

    Attributes:
        channels: output channels of each, before the width multiplier.
        repeats: how many; those after the first have stride 1.
        stride: stride of the first.
        se: whether the output is gated by squeeze-and-excitation.
    """

    channels: int
    repeats: int = 1
    stride: int = 1
    se: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require_counts(self, 'channels', 'repeats', 'stride')


@dataclasses.dataclass(frozen=True)
class MobileNetV1Config(ConvolutionalConfig):
    """MobileNetV1.

    Attributes:
        blocks: the depthwise separable convolutions, from the stem on.
        stem_channels: filters of the first convolution, before the width multiplier.
        stem_stride: its stride.
    """

    name: str = 'mobilenet_v1'
    blocks: Tuple[SeparableConfig, ...] = (
        SeparableConfig(64), SeparableConfig(128, 2, 2), SeparableConfig(256, 2, 2), SeparableConfig(512, 6, 2),
        SeparableConfig(1024, 2, 2))
    activation: str = 'relu6'
    stem_channels: int = 32
    stem_stride: int = 2

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require_counts(self, 'stem_channels', 'stem_stride')


@dataclasses.dataclass(frozen=True)
class BlockConfig:
    """A run of inverted-residual blocks with the same width.

    Attributes:
        channels: output channels of each block, before the width multiplier.
        expansion: expanded channels = expansion × input channels; 1 leaves the expanding convolution out.
        repeats: how many blocks; those after the first have stride 1 and a residual connection.
        stride: stride of the first block.
        se: whether the blocks gate their expanded channels by squeeze-and-excitation.
    """

    channels: int
    expansion: int = 6
    repeats: int = 1
    stride: int = 1
    se: bool = False

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require_counts(self, 'channels', 'expansion', 'repeats', 'stride')


def _mobilenet_v2_blocks(se: bool) -> Tuple[BlockConfig, ...]:
    return (BlockConfig(16, 1, se=se), BlockConfig(24, 6, 2, 2, se), BlockConfig(32, 6, 3, 2, se),
            BlockConfig(64, 6, 4, 2, se), BlockConfig(96, 6, 3, se=se), BlockConfig(160, 6, 3, 2, se),
            BlockConfig(320, 6, se=se))


@dataclasses.dataclass(frozen=True)
class MobileNetV2Config(ConvolutionalConfig):
    """MobileNetV2.

    Attributes:
        blocks: the inverted-residual blocks, from the stem on.
        stem_channels: filters of the first convolution, before the width multiplier.
        stem_stride: its stride.
        head_channels: filters of a last 1×1 convolution, not multiplied by the width; 0 leaves it out.
    """

    name: str = 'mobilenet_v2'
    blocks: Tuple[BlockConfig, ...] = _mobilenet_v2_blocks(False)
    activation: str = 'relu6'
    stem_channels: int = 32
    stem_stride: int = 2
    head_channels: int = 1280

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require_counts(self, 'stem_channels', 'stem_stride')
        require(self.head_channels >= 0, 'head_channels must not be negative: %d' % self.head_channels)


@dataclasses.dataclass(frozen=True)
class MobileNetV2SEConfig(MobileNetV2Config):
    """MobileNetV2 with squeeze-and-excitation in its blocks."""

    name: str = 'mobilenet_v2_se'
    blocks: Tuple[BlockConfig, ...] = _mobilenet_v2_blocks(True)


@dataclasses.dataclass(frozen=True)
class V3BlockConfig:
    """An inverted-residual block of MobileNetV3.

    Attributes:
        channels: output channels, before the width multiplier.
        expanded: expanded channels, before the width multiplier; where that is the number of input channels, the
            expanding convolution is left out.
        kernel: height and width of the depthwise kernel.
        stride: of the depthwise convolution.
        se: whether the expanded channels are gated by squeeze-and-excitation.
        activation: as in the network.
    """

    channels: int
    expanded: int
    kernel: int = 3
    stride: int = 1
    se: bool = False
    activation: str = 'hard_swish'

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require_counts(self, 'channels', 'expanded', 'kernel', 'stride')
        one_of(self.activation, dict.fromkeys(ACTIVATIONS), 'activation')


_LARGE = (
    V3BlockConfig(16, 16, activation='relu'), V3BlockConfig(24, 64, stride=2, activation='relu'),
    V3BlockConfig(24, 72, activation='relu'), V3BlockConfig(40, 72, 5, 2, True, 'relu'),
    V3BlockConfig(40, 120, 5, se=True, activation='relu'), V3BlockConfig(40, 120, 5, se=True, activation='relu'),
    V3BlockConfig(80, 240, stride=2), V3BlockConfig(80, 200), V3BlockConfig(80, 184), V3BlockConfig(80, 184),
    V3BlockConfig(112, 480, se=True), V3BlockConfig(112, 672, se=True), V3BlockConfig(160, 672, 5, 2, True),
    V3BlockConfig(160, 960, 5, se=True), V3BlockConfig(160, 960, 5, se=True))
_SMALL = (
    V3BlockConfig(16, 16, 3, 2, True, 'relu'), V3BlockConfig(24, 72, stride=2, activation='relu'),
    V3BlockConfig(24, 88, activation='relu'), V3BlockConfig(40, 96, 5, 2, True), V3BlockConfig(40, 240, 5, se=True),
    V3BlockConfig(40, 240, 5, se=True), V3BlockConfig(48, 120, 5, se=True), V3BlockConfig(48, 144, 5, se=True),
    V3BlockConfig(96, 288, 5, 2, True), V3BlockConfig(96, 576, 5, se=True), V3BlockConfig(96, 576, 5, se=True))


@dataclasses.dataclass(frozen=True)
class MobileNetV3Config(ConvolutionalConfig):
    """MobileNetV3-Large.

    Attributes:
        blocks: the inverted-residual blocks, from the stem on.
        stem_channels: filters of the first convolution, before the width multiplier.
        stem_stride: its stride.
        head_channels: filters of the last 1×1 convolution before pooling, before the width multiplier.
        hidden_channels: units after pooling, not multiplied by the width.
    """

    name: str = 'mobilenet_v3_large'
    blocks: Tuple[V3BlockConfig, ...] = _LARGE
    activation: str = 'hard_swish'
    stem_channels: int = 16
    stem_stride: int = 2
    head_channels: int = 960
    hidden_channels: int = 1280

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        super().__post_init__()
        require_counts(self, 'stem_channels', 'stem_stride', 'head_channels', 'hidden_channels')


@dataclasses.dataclass(frozen=True)
class MobileNetV3SmallConfig(MobileNetV3Config):
    """MobileNetV3-Small."""

    name: str = 'mobilenet_v3_small'
    blocks: Tuple[V3BlockConfig, ...] = _SMALL
    head_channels: int = 576
    hidden_channels: int = 1024
