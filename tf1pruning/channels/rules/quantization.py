"""Fake quantisation: element-wise; zero stays exactly zero, since the ranges are nudged to hold it."""

from typing import List

from ..layout import Layout
from .registry import Operation, rule


@rule('FakeQuantWithMinMaxVars', 'FakeQuantWithMinMaxArgs', attributes='min max num_bits narrow_range')
def fake_quant(op: Operation) -> List[Layout]:
    """One range for the whole tensor."""
    return [op.inputs[0]]


@rule('FakeQuantWithMinMaxVarsPerChannel', attributes='num_bits narrow_range')
def fake_quant_per_channel(op: Operation) -> List[Layout]:
    """A range for each index of the last axis."""
    last = len(op.shape(0)) - 1
    incoming = op.ids(0, last)
    for position in (1, 2):
        op.meet(incoming, op.ids(position, 0), 'the range cannot be cut')
        op.role(position, 'range')
    return [op.inputs[0]]
