"""The architectures of `benchmarks.analysis` in PyTorch, with the layers of their Keras namesakes.

MobileNetV2 (Sandler et al., arXiv 1801.04381), ResNet-50 (He et al., arXiv 1512.03385), DenseNet-121 (Huang et al.,
arXiv 1608.06993) and InceptionV3 (Szegedy et al., arXiv 1512.00567), without its auxiliary output.
"""

from typing import Callable, Dict, List, NamedTuple, Tuple, Union

import torch
from torch import nn

CLASSES = 1000
Size = Union[int, Tuple[int, int]]


class Architecture(NamedTuple):
    """How to build a network.

    Attributes:
        build: makes it, with random weights.
        size: height and width of its images.
    """

    build: Callable[[], nn.Module]
    size: int


def convolution(incoming: int, filters: int, kernel: Size, stride: int = 1, padding: Size = 0, groups: int = 1,
                activation: Callable[[], nn.Module] = nn.ReLU, bias: bool = False) -> nn.Sequential:
    """Makes a convolution with batch norm and activation."""
    return nn.Sequential(nn.Conv2d(incoming, filters, kernel, stride, padding, groups=groups, bias=bias),
                         nn.BatchNorm2d(filters), activation())


def head(channels: int) -> nn.Sequential:
    """Makes the classifier: global average, dense layer."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


class Residual(nn.Module):
    """Adds what a branch makes of its input to the input, or to a projection of it."""

    def __init__(self, branch: nn.Module, shortcut: nn.Module, end: nn.Module) -> None:
        super().__init__()
        self.branch, self.shortcut, self.end = branch, shortcut, end

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Runs the block."""
        return self.end(self.branch(x) + self.shortcut(x))


class Concatenation(nn.Module):
    """Concatenates what some branches make of one input; a dense block keeps the input as well."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Runs the block."""
        return torch.cat([branch(x) for branch in self.branches], 1)


def mobilenet_v2() -> nn.Module:
    """Makes MobileNetV2 of width 1."""
    layers: List[nn.Module] = [convolution(3, 32, 3, 2, 1, activation=nn.ReLU6)]
    incoming = 32
    for expansion, filters, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                              (6, 160, 3, 2), (6, 320, 1, 1)):
        for number in range(count):
            layers.append(_inverted_residual(incoming, filters, expansion, 1 if number else stride))
            incoming = filters
    return nn.Sequential(*layers, convolution(incoming, 1280, 1, activation=nn.ReLU6), head(1280))


def _inverted_residual(incoming: int, filters: int, expansion: int, stride: int) -> nn.Module:
    wide = incoming * expansion
    expand = [convolution(incoming, wide, 1, activation=nn.ReLU6)] if expansion > 1 else []
    branch = nn.Sequential(*expand, convolution(wide, wide, 3, stride, 1, groups=wide, activation=nn.ReLU6),
                           nn.Conv2d(wide, filters, 1, bias=False), nn.BatchNorm2d(filters))
    return Residual(branch, nn.Identity(), nn.Identity()) if stride == 1 and incoming == filters else branch


def resnet_50() -> nn.Module:
    """Makes ResNet-50 as Keras does: the stride in the first convolution of a stage, biases everywhere."""
    layers: List[nn.Module] = [convolution(3, 64, 7, 2, 3, bias=True), nn.MaxPool2d(3, 2, 1)]
    incoming = 64
    for width, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            layers.append(_bottleneck(incoming, width, 1 if number else stride))
            incoming = 4 * width
    return nn.Sequential(*layers, head(incoming))


def _bottleneck(incoming: int, width: int, stride: int) -> nn.Module:
    branch = nn.Sequential(convolution(incoming, width, 1, stride, bias=True),
                           convolution(width, width, 3, 1, 1, bias=True),
                           nn.Conv2d(width, 4 * width, 1), nn.BatchNorm2d(4 * width))
    same = stride == 1 and incoming == 4 * width
    shortcut = nn.Identity() if same else nn.Sequential(nn.Conv2d(incoming, 4 * width, 1, stride),
                                                        nn.BatchNorm2d(4 * width))
    return Residual(branch, shortcut, nn.ReLU())


def densenet_121() -> nn.Module:
    """Makes DenseNet-121 with 32 new channels a layer."""
    layers: List[nn.Module] = [convolution(3, 64, 7, 2, 3), nn.MaxPool2d(3, 2, 1)]
    channels, counts = 64, (6, 12, 24, 16)
    for count in counts:
        for _ in range(count):
            layers.append(Concatenation(nn.Identity(), nn.Sequential(
                nn.BatchNorm2d(channels), nn.ReLU(), convolution(channels, 128, 1),
                nn.Conv2d(128, 32, 3, padding=1, bias=False))))
            channels += 32
        layers += [nn.BatchNorm2d(channels), nn.ReLU()]
        if count != counts[-1]:
            layers += [nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            channels //= 2
    return nn.Sequential(*layers, head(channels))


def inception_v3() -> nn.Module:
    """Makes InceptionV3."""
    layers: List[nn.Module] = [
        convolution(3, 32, 3, 2), convolution(32, 32, 3), convolution(32, 64, 3, padding=1), nn.MaxPool2d(3, 2),
        convolution(64, 80, 1), convolution(80, 192, 3), nn.MaxPool2d(3, 2)]
    layers += [_inception_35(incoming, pooled) for incoming, pooled in ((192, 32), (256, 64), (288, 64))]
    layers.append(Concatenation(
        convolution(288, 384, 3, 2), _row(288, (64, 1), (96, 3), (96, 3, 2)), nn.MaxPool2d(3, 2)))
    layers += [_inception_17(width) for width in (128, 160, 160, 192)]
    layers.append(Concatenation(
        _row(768, (192, 1), (320, 3, 2)), _row(768, (192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2)),
        nn.MaxPool2d(3, 2)))
    return nn.Sequential(*layers, _inception_8(1280), _inception_8(2048), head(2048))


def _row(incoming: int, *parts: Tuple) -> nn.Sequential:
    """Strings convolutions together: (filters, kernel) keeps the size, (filters, kernel, 2) halves it."""
    layers: List[nn.Module] = []
    for filters, kernel, *stride in parts:
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        padding = (0, 0) if stride else (height // 2, width // 2)
        layers.append(convolution(incoming, filters, (height, width), *(stride or [1]), padding))
        incoming = filters
    return nn.Sequential(*layers)


def _pooled(incoming: int, filters: int) -> nn.Sequential:
    return nn.Sequential(nn.AvgPool2d(3, 1, 1), convolution(incoming, filters, 1))


def _inception_35(incoming: int, pooled: int) -> nn.Module:
    return Concatenation(_row(incoming, (64, 1)), _row(incoming, (48, 1), (64, 5)),
                         _row(incoming, (64, 1), (96, 3), (96, 3)), _pooled(incoming, pooled))


def _inception_17(width: int) -> nn.Module:
    return Concatenation(
        _row(768, (192, 1)), _row(768, (width, 1), (width, (1, 7)), (192, (7, 1))),
        _row(768, (width, 1), (width, (7, 1)), (width, (1, 7)), (width, (7, 1)), (192, (1, 7))), _pooled(768, 192))


def _inception_8(incoming: int) -> nn.Module:
    def both(channels: int) -> nn.Module:
        return Concatenation(_row(channels, (384, (1, 3))), _row(channels, (384, (3, 1))))
    return Concatenation(_row(incoming, (320, 1)), nn.Sequential(_row(incoming, (384, 1)), both(384)),
                         nn.Sequential(_row(incoming, (448, 1), (384, 3)), both(384)), _pooled(incoming, 192))


ARCHITECTURES: Dict[str, Architecture] = {
    'MobileNetV2': Architecture(mobilenet_v2, 224), 'ResNet50': Architecture(resnet_50, 224),
    'DenseNet121': Architecture(densenet_121, 224), 'InceptionV3': Architecture(inception_v3, 299),
}
"""By the name of the Keras network."""
