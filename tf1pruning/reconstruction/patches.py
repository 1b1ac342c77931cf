"""What a convolution sees at some positions, as rows."""

from typing import List, NamedTuple, Tuple

import numpy as np

from ..channels.contractions import Contraction
from ..graph.attributes import attribute
from ..graph.view import GraphView


class Window(NamedTuple):
    """How a convolution slides.

    Attributes:
        size: height and width of its kernel.
        stride: by axis.
        dilation: by axis.
        padding: `SAME`, `VALID` or `EXPLICIT`.
        explicit: zeros before and after, by axis, where the padding is explicit.
    """

    size: Tuple[int, int]
    stride: Tuple[int, int]
    dilation: Tuple[int, int]
    padding: str
    explicit: Tuple[Tuple[int, int], Tuple[int, int]]


def window_of(view: GraphView, place: Contraction, shape: Tuple[int, ...]) -> Window:
    """Reads how a Conv2D slides; `shape` is that of its kernel."""
    node = view.nodes[place.node]
    axes = (2, 3) if place.axis == 1 else (1, 2)
    stride, dilation = (
        [int(steps[axis]) for axis in axes] if len(steps) else [1, 1]
        for steps in (attribute(node, name).list.i for name in ('strides', 'dilations')))
    explicit = list(attribute(node, 'explicit_paddings').list.i)
    pairs = [(explicit[2 * axis], explicit[2 * axis + 1]) if explicit else (0, 0) for axis in axes]
    return Window((shape[0], shape[1]), (stride[0], stride[1]), (dilation[0], dilation[1]),
                  node.attr['padding'].s.decode(), (pairs[0], pairs[1]))


def patches(images: np.ndarray, window: Window, positions: Tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """Returns what a convolution multiplies with its kernel at some positions of its output.

    Args:
        images: `[N, H, W, C]`.
        window: how it slides.
        positions: image, row and column of each, `[P]`.

    Returns:
        `[P, taps, C]`.
    """
    sides: List[Tuple[int, int]] = [_sides(window, axis, images.shape[1 + axis]) for axis in (0, 1)]
    padded = np.pad(images, [(0, 0), *sides, (0, 0)], mode='constant')
    image, row, column = (each[:, np.newaxis, np.newaxis] for each in positions)
    rows = row * window.stride[0] + (np.arange(window.size[0]) * window.dilation[0])[:, np.newaxis]
    columns = column * window.stride[1] + np.arange(window.size[1]) * window.dilation[1]
    return padded[image, rows, columns].reshape(len(positions[0]), -1, images.shape[3])


def _sides(window: Window, axis: int, size: int) -> Tuple[int, int]:
    """Returns how many zeros stand before and after an axis."""
    if window.padding != 'SAME':
        return window.explicit[axis]
    stride, reach = window.stride[axis], (window.size[axis] - 1) * window.dilation[axis] + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2
