"""Operations that are known to mix channels: refused with a reason that says so."""

from typing import List

from ..layout import Layout
from .registry import Operation, rule

_REASONS = {
    'LRN': 'normalises over channels',
    'ArgMax': 'picks among channels', 'ArgMin': 'picks among channels', 'TopKV2': 'picks among channels',
    'L2Loss': 'sums over channels', 'SoftmaxCrossEntropyWithLogits': 'normalises over channels',
    'SparseSoftmaxCrossEntropyWithLogits': 'normalises over channels', 'Print': 'shows the values',
}


@rule(*_REASONS, attributes='depth_radius bias alpha beta output_type sorted message first_n summarize')
def mixing(op: Operation) -> List[Layout]:
    """Pins everything that it sees."""
    for layout in op.inputs:
        op.pin_layout(layout, _REASONS[op.node.op])
    return [Layout()] * max(1, len(op.out_shapes))


@rule('Softmax', 'LogSoftmax')
def softmax(op: Operation) -> List[Layout]:
    """Normalises over the last axis; a softmax over branches or places leaves the channels apart."""
    last = len(op.shape(0)) - 1
    op.pin_layout(op.inputs[0], 'normalises over channels', axes=[last])
    return [op.others(0, last)]
