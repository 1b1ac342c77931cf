"""Numbers change places, come in at a border, or are put together."""

import functools
from typing import Optional

import numpy as np

from ..graph.attributes import attribute, channels_first
from .interval import Interval
from .registry import Step, rule


@rule('MaxPool', 'AvgPool')
def pooled(step: Step) -> Optional[Interval]:
    """What lies beside the image does not take part; a window over channels is for others to know."""
    first = channels_first(step.node)
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
    rank, keep = step.inputs[0].low.ndim, attribute(step.node, 'keep_dims').b
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
    ones = (1,) * len(after)
    if data.low.size == 1:
        return data.each(lambda x: x.reshape(ones))
    if None in before[1:] or None in after[1:] or before[0] != after[0] or data.low.shape[0] != 1:
        return None
    sizes, new = ([1, *(size or 0 for size in shape[1:])] for shape in (before, after))
    return data.each(lambda x: np.broadcast_to(x, sizes).reshape(new))


@rule('Squeeze')
def squeezed(step: Step) -> Optional[Interval]:
    """Axes of size 1 go."""
    dropped = [int(axis) for axis in attribute(step.node, 'squeeze_dims').list.i]
    shape = step.shapes[0]
    if not dropped and (shape is None or step.out is None):
        return None
    axes = tuple(axis % step.inputs[0].low.ndim for axis in dropped) or tuple(
        axis for axis, size in enumerate(shape or ()) if size == 1)
    return step.inputs[0].each(lambda x: x.squeeze(axes))


@rule('ExpandDims')
def expanded(step: Step) -> Optional[Interval]:
    """An axis of size 1 comes."""
    if step.values[1] is None:
        return None
    axis = int(step.values[1])
    return step.inputs[0].each(lambda x: np.expand_dims(x, axis))


@rule('Transpose')
def turned(step: Step) -> Optional[Interval]:
    """Axes change places."""
    if step.values[1] is None:
        return None
    order = [int(axis) for axis in step.values[1]]
    return step.inputs[0].each(lambda x: x.transpose(order))
