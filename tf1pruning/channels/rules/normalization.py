"""Batch norm and biases: one value per channel."""

from typing import List

from ..layout import Layout, channel_layout
from .registry import Operation, rule


@rule('BiasAdd', attributes='data_format')
def bias(op: Operation) -> List[Layout]:
    """The bias is tied to the channels it is added to."""
    axis = op.channel_axis(len(op.shape(0)))
    incoming = op.ids(0, axis)
    own = op.ids(1, 0)
    op.meet(incoming, own, '' if incoming is None else 'the bias cannot be cut')
    op.role(1, 'bias')
    return op.same()


@rule('FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3',
      attributes='epsilon exponential_avg_factor data_format is_training')
def fused_batch_norm(op: Operation) -> List[Layout]:
    """Scale, offset and statistics are tied to the channels; their number is the scale's, not that of x."""
    axis = op.channel_axis(4)
    incoming = op.ids(0, axis)
    for position, role in ((1, 'scale'), (2, 'offset'), (3, 'mean'), (4, 'variance')):
        own = op.ids(position, 0)
        op.role(position, role)
        if own is not None:
            op.meet(incoming, own, '')
        elif op.in_shapes[position] != (0,):
            op.pin(incoming, 'the %s of the batch norm cannot be cut' % role)
    statistics = channel_layout(0, incoming)
    return op.same() + [statistics] * 4
