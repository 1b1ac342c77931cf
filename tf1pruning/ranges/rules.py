"""The rules: what an operation makes of intervals."""

import functools
from typing import Callable, Dict, Optional, Tuple

import numpy as np

from ..tf1 import tf
from .analysis import Step, rule
from .interval import Interval

_RISING: Dict[str, Callable[[np.ndarray], np.ndarray]] = {
    'Relu': lambda x: np.maximum(x, 0),
    'Relu6': lambda x: np.clip(x, 0, 6),
    'Elu': lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
    'Selu': lambda x: 1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(np.minimum(x, 0)), x),
    'Sigmoid': lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    'Tanh': np.tanh,
    'Softplus': lambda x: np.logaddexp(x, 0),
    'Exp': np.exp,
    'Floor': np.floor,
    'Ceil': np.ceil,
}
"""Functions that do not fall."""


@rule(*_RISING)
def rising(step: Step) -> Optional[Interval]:
    """The bounds of the result are those of the argument, put through."""
    with np.errstate(over='ignore'):
        return step.inputs[0].each(_RISING[step.node.op])


@rule('LeakyRelu')
def leaky(step: Step) -> Optional[Interval]:
    """Rises, unless alpha is negative."""
    alpha = step.node.attr['alpha'].f
    return step.inputs[0].each(lambda x: np.where(x < 0, alpha * x, x)) if alpha > 0 else None


@rule('Abs', 'Square')
def even(step: Step) -> Optional[Interval]:
    """Smallest at zero."""
    function = np.abs if step.node.op == 'Abs' else np.square
    low, high = step.inputs[0]
    ends = function(low), function(high)
    return Interval(np.where((low <= 0) & (high >= 0), 0.0, np.minimum(*ends)), np.maximum(*ends))


@rule('Neg')
def negated(step: Step) -> Optional[Interval]:
    """Bounds change places."""
    return step.inputs[0].negative()


@rule('Add', 'AddV2', 'AddN')
def added(step: Step) -> Optional[Interval]:
    """Sums of the bounds."""
    return functools.reduce(Interval.plus, step.inputs)


@rule('Sub')
def subtracted(step: Step) -> Optional[Interval]:
    """The largest minus the smallest is the largest."""
    return step.inputs[0].plus(step.inputs[1].negative())


@rule('Mul')
def multiplied(step: Step) -> Optional[Interval]:
    """The extremes are among the products of bounds."""
    return step.inputs[0].times(step.inputs[1])


@rule('RealDiv', 'Div')
def divided(step: Step) -> Optional[Interval]:
    """By numbers that are known and not zero."""
    divisor = step.values[1]
    if divisor is None or not divisor.all():
        return None
    return step.inputs[0].times(Interval.exactly(1 / divisor.astype(np.float64)))


@rule('Maximum', 'Minimum')
def extreme(step: Step) -> Optional[Interval]:
    """Of the bounds."""
    function = np.maximum if step.node.op == 'Maximum' else np.minimum
    return Interval(function(step.inputs[0].low, step.inputs[1].low),
                    function(step.inputs[0].high, step.inputs[1].high))


def _along(step: Step, values: np.ndarray, rank: int) -> np.ndarray:
    """Lays one number for each channel along the channel axis."""
    first = step.node.attr['data_format'].s.startswith(b'NC')
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
    scale = gamma / np.sqrt(variance + attributes['epsilon'].f)
    scaled, shift = (_along(step, each, 4) for each in (scale, beta - mean * scale))
    return step.inputs[0].times(Interval.exactly(scaled)).plus(Interval.exactly(shift))


def is_padded(node: tf.NodeDef, kernel: Tuple[int, ...]) -> bool:
    """Whether a convolution may see zeros beside its input; `kernel` is the size of its window."""
    padding = node.attr['padding'].s
    if padding == b'EXPLICIT':
        return any(node.attr['explicit_paddings'].list.i)
    return padding != b'VALID' and any(size > 1 for size in kernel)


def _channel_bounds(step: Step, padded: bool) -> Interval:
    """Returns `[C]` of a feature map, whatever the position."""
    data = step.inputs[0]
    axis = 1 if step.node.attr['data_format'].s.startswith(b'NC') else data.low.ndim - 1
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
    return result.each(lambda x: _along(step, x, kernel.ndim))


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
    spread = bounds.each(lambda x: np.repeat(x, kernel.shape[3]))
    up, down = (Interval.exactly(part.sum(axis=0)) for part in (np.maximum(filters, 0), np.minimum(filters, 0)))
    return spread.times(up).plus(spread.times(down)).each(lambda x: _along(step, x, 4))


@rule('MatMul')
def product(step: Step) -> Optional[Interval]:
    """Rows times a kernel."""
    kernel, attributes = step.values[1], step.node.attr
    if kernel is None or attributes['transpose_a'].b:
        return None
    kernel = kernel.T if attributes['transpose_b'].b else kernel
    rows = step.inputs[0].over((0,)).each(lambda x: np.broadcast_to(x.reshape(-1), kernel.shape[:1]))
    return rows.contracted(kernel[np.newaxis].astype(np.float64)).each(lambda x: x[np.newaxis])


@rule('MaxPool', 'AvgPool')
def pooled(step: Step) -> Optional[Interval]:
    """What lies beside the image does not take part; a window over channels is for others to know."""
    first = step.node.attr['data_format'].s.startswith(b'NC')
    if step.node.attr['ksize'].list.i[1 if first else 3] != 1:
        return None
    return step.inputs[0].over((0, 2, 3) if first else (0, 1, 2))


@rule('ResizeBilinear', 'ResizeNearestNeighbor', 'BatchToSpaceND')
def resized(step: Step) -> Optional[Interval]:
    """Positions change, values do not leave their interval."""
    return step.inputs[0].over((0, 1, 2)) if step.inputs[0].low.ndim == 4 else None


@rule('SpaceToBatchND')
def padded_positions(step: Step) -> Optional[Interval]:
    """Zeros come in at the border."""
    if step.inputs[0].low.ndim != 4:
        return None
    everywhere = step.inputs[0].over((0, 1, 2))
    paddings = step.values[2]
    return everywhere if paddings is not None and not paddings.any() else everywhere.hull_with_zero()


@rule('Pad', 'PadV2')
def padded(step: Step) -> Optional[Interval]:
    """Zeros along the channels are channels; zeros at the border may be anywhere."""
    paddings = step.values[1]
    if paddings is None or (step.node.op == 'PadV2' and (step.values[2] is None or np.any(step.values[2]))):
        return None
    found = step.inputs[0]
    for axis, (before, after) in enumerate(paddings.tolist()):
        if not before and not after:
            continue
        if found.low.shape[axis] > 1:
            sides = [(0, 0)] * found.low.ndim
            sides[axis] = (before, after)
            found = found.each(functools.partial(np.pad, pad_width=sides, mode='constant'))
        else:
            found = found.hull_with_zero()
    return found


@rule('ConcatV2')
def concatenated(step: Step) -> Optional[Interval]:
    """One beside the other."""
    axis = step.values[-1]
    if axis is None or step.out is None:
        return None
    place = int(axis) % len(step.out)
    parts = []
    for interval, shape in zip(step.inputs[:-1], step.shapes):
        size = shape[place] if shape is not None else None
        if size is None:
            return None
        parts.append(interval.each(functools.partial(_stretched, axis=place, size=size)))
    sizes = [max(part.low.shape[k] for part in parts) for k in range(len(step.out))]
    spread = [part.each(lambda x: np.broadcast_to(x, [x.shape[k] if k == place else sizes[k]
                                                      for k in range(x.ndim)])) for part in parts]
    return Interval(*(np.concatenate([part[bound] for part in spread], place) for bound in (0, 1)))


def _stretched(x: np.ndarray, axis: int, size: int) -> np.ndarray:
    shape = list(x.shape)
    shape[axis] = size
    return np.broadcast_to(x, shape)


@rule('Mean', 'Max', 'Min')
def reduced(step: Step) -> Optional[Interval]:
    """Means and extremes of numbers stay between the bounds."""
    axes = step.values[1]
    if axes is None:
        return None
    rank, keep = step.inputs[0].low.ndim, step.node.attr['keep_dims'].b
    places = tuple(int(axis) % rank for axis in np.ravel(axes))
    name = step.node.op.lower()
    return step.inputs[0].each(lambda x: getattr(np, name)(x, axis=places, keepdims=keep))


@rule('Reshape')
def reshaped(step: Step) -> Optional[Interval]:
    """Examples stay examples; of each, the numbers keep their order."""
    before, after = step.shapes[0], step.out
    data = step.inputs[0]
    if after is None or before is None or not before or not after:
        return None
    if data.low.size == 1:
        return data.each(lambda x: x.reshape((1,) * len(after)))
    if None in before[1:] or None in after[1:] or before[0] != after[0] or data.low.shape[0] != 1:
        return None
    sizes, new = ([1, *(size or 0 for size in shape[1:])] for shape in (before, after))
    return data.each(lambda x: np.broadcast_to(x, sizes).reshape(new))


@rule('Squeeze')
def squeezed(step: Step) -> Optional[Interval]:
    """Axes of size 1 go."""
    dropped = [int(axis) for axis in step.node.attr['squeeze_dims'].list.i]
    shape = step.shapes[0]
    if not dropped and (shape is None or step.out is None):
        return None
    axes = tuple(axis % step.inputs[0].low.ndim for axis in dropped) or tuple(
        axis for axis, size in enumerate(shape or ()) if size == 1)
    return step.inputs[0].each(lambda x: x.squeeze(axes))


@rule('ExpandDims')
def expanded(step: Step) -> Optional[Interval]:
    """An axis of size 1 comes."""
    axis = step.values[1]
    return None if axis is None else step.inputs[0].each(lambda x: np.expand_dims(x, int(axis)))


@rule('Transpose')
def turned(step: Step) -> Optional[Interval]:
    """Axes change places."""
    order = step.values[1]
    return None if order is None else step.inputs[0].each(lambda x: x.transpose([int(axis) for axis in order]))
