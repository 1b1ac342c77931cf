"""Sums of channels times weights, and what stands behind them: biases and batch norms."""

from typing import Optional, Tuple

import numpy as np

from ..graph.attributes import attribute, channels_first, turned
from ..graph.batch_norm import epsilon_of
from ..tf1 import tf
from .interval import Interval
from .registry import Step, rule


def _along(step: Step, values: np.ndarray, rank: int) -> np.ndarray:
    """Lays one number for each channel along the channel axis."""
    first = channels_first(step.node)
    return values.reshape([-1 if axis == (1 if first else rank - 1) else 1 for axis in range(rank)])


@rule('BiasAdd')
def biased(step: Step) -> Optional[Interval]:
    """A number for each channel."""
    bias, data = step.values[1], step.inputs[0]
    if bias is None:
        return None
    return data.plus(Interval.exactly(_along(step, bias.astype(np.float64), data.low.ndim)))


@rule('FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3')
def normalised(step: Step) -> Optional[Interval]:
    """Scale and shift; with γ = 0 nothing is left of what comes in."""
    attributes = step.node.attr
    if any(each is None or not each.size for each in step.values[1:5]) or (
            'is_training' not in attributes or attributes['is_training'].b):
        return None
    gamma, beta, mean, variance = (each.astype(np.float64) for each in step.values[1:5] if each is not None)
    scale = gamma / np.sqrt(variance + epsilon_of(step.node))
    scaled, shift = (_along(step, each, 4) for each in (scale, beta - mean * scale))
    return step.inputs[0].times(Interval.exactly(scaled)).plus(Interval.exactly(shift))


def is_padded(node: tf.NodeDef, kernel: Tuple[int, ...]) -> bool:
    """Whether a convolution may see zeros beside its input; `kernel` is the size of its window."""
    padding = node.attr['padding'].s
    if padding == b'EXPLICIT':
        return any(attribute(node, 'explicit_paddings').list.i)
    return padding != b'VALID' and any(size > 1 for size in kernel)


def _channel_bounds(step: Step, padded: bool) -> Interval:
    """Returns `[C]` of a feature map, whatever the position."""
    data = step.inputs[0]
    axis = 1 if channels_first(step.node) else data.low.ndim - 1
    bounds = data.over(tuple(other for other in range(data.low.ndim) if other != axis))
    bounds = bounds.hull_with_zero() if padded else bounds
    count = (step.shapes[0] or ())[axis] or 0
    return bounds.each(lambda x: np.broadcast_to(x.reshape(-1), (count,)))


@rule('Conv2D', 'Conv3D')
def convolved(step: Step) -> Optional[Interval]:
    """Every tap takes a value from its channel's interval, or a zero beside the image."""
    kernel = step.values[1]
    if kernel is None:
        return None
    bounds = _channel_bounds(step, is_padded(step.node, kernel.shape[:-2]))
    if bounds.low.size != kernel.shape[-2]:
        return None  # a group convolution
    result = bounds.contracted(kernel.reshape((-1,) + kernel.shape[-2:]).astype(np.float64))
    rank = kernel.ndim
    return result.each(lambda x: _along(step, x, rank))


@rule('Conv2DBackpropInput')
def transposed(step: Step) -> Optional[Interval]:
    """Every output is made of some taps only, so that each may count as a zero."""
    kernel = step.values[1]
    if kernel is None:
        return None
    turned = step._replace(inputs=[step.inputs[2]], shapes=[step.shapes[2]])
    bounds = _channel_bounds(turned, True)
    taps = kernel.reshape((-1,) + kernel.shape[-2:]).astype(np.float64).transpose(0, 2, 1)
    return bounds.contracted(taps).each(lambda x: _along(step, x, 4))


@rule('DepthwiseConv2dNative')
def depthwise(step: Step) -> Optional[Interval]:
    """Output c·M + m comes from channel c."""
    kernel = step.values[1]
    if kernel is None:
        return None
    bounds = _channel_bounds(step, is_padded(step.node, kernel.shape[:2]))
    filters = kernel.reshape(-1, kernel.shape[2] * kernel.shape[3]).astype(np.float64)
    multiplier = kernel.shape[3]
    spread = bounds.each(lambda x: np.repeat(x, multiplier))
    up, down = (Interval.exactly(part.sum(axis=0)) for part in (np.maximum(filters, 0), np.minimum(filters, 0)))
    return spread.times(up).plus(spread.times(down)).each(lambda x: _along(step, x, 4))


@rule('MatMul')
def product(step: Step) -> Optional[Interval]:
    """Rows times a kernel."""
    kernel, transposed = step.values[1], turned(step.node)
    if kernel is None or transposed[0]:
        return None
    kernel = kernel.T if transposed[1] else kernel
    incoming = kernel.shape[:1]
    rows = step.inputs[0].over((0,)).each(lambda x: np.broadcast_to(x.reshape(-1), incoming))
    return rows.contracted(kernel[np.newaxis].astype(np.float64)).each(lambda x: x[np.newaxis])
