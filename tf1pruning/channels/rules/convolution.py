"""Convolutions and matrix products: their kernels contract over incoming channels and make new ones."""

from typing import List, Optional

import numpy as np

from ..layout import Block, Layout, channel_layout
from .facts import Seen
from .registry import Operation, rule

_CONVOLUTION = 'strides use_cudnn_on_gpu padding explicit_paddings data_format dilations'


@rule('Conv2D', 'Conv3D', attributes=_CONVOLUTION)
def convolution(op: Operation) -> List[Layout]:
    """Kernel HWIO (or DHWIO): the axis before the last is tied to the incoming channels, the last one makes new."""
    rank = len(op.shape(0))
    axis = op.channel_axis(rank)
    kernel = op.inputs[1]
    op.pin_layout(op.others(0, axis), 'a convolution slides over this axis')
    op.pin_layout(kernel, '', axes=range(rank - 2))
    if op.shape(0)[axis] != op.shape(1)[rank - 2]:
        return _grouped(op, axis, rank)
    filters = op.ids(1, rank - 1)
    contract(op, op.ids(0, axis), op.ids(1, rank - 2), filters, 1)
    return [channel_layout(axis, filters if kernel.parameters else None)]


def _grouped(op: Operation, axis: int, rank: int) -> List[Layout]:
    """A kernel for fewer channels than come in is used for one run of them after the other.

    With one channel a group it is a depthwise convolution, and whole groups may go; else what goes from one group
    goes from all of them.
    """
    incoming, own, filters = op.ids(0, axis), op.ids(1, rank - 2), op.ids(1, rank - 1)
    if incoming is None or own is None or filters is None or not op.inputs[1].parameters:
        op.pin(incoming, 'the kernel is computed, not stored')
        op.pin_layout(op.inputs[1], '')
        return [Layout()]
    if own.size == 1:
        op.pin(own, '')
        op.role(1, 'depthwise')
        op.tie(np.repeat(incoming, filters.size // incoming.size), filters)
        op.facts.depthwise.append(Seen(op.node.name, op.inputs[1].parameters, filters))
        return [channel_layout(axis, filters)]
    for run in incoming.reshape(-1, own.size):
        op.tie(run, own)
    runs = filters.reshape(incoming.size // own.size, -1)
    for run in runs[1:]:
        op.tie(runs[0], run)
    contract(op, incoming[:own.size], own, filters, 1)
    return [channel_layout(axis, filters)]


@rule('Conv2DBackpropInput', 'Conv3DBackpropInputV2', attributes=_CONVOLUTION + ' Tshape')
def transposed_convolution(op: Operation) -> List[Layout]:
    """Kernel HWOI: the last axis is tied to the incoming channels, the one before makes new ones, which are spelled."""
    rank = len(op.shape(2))
    axis = op.channel_axis(rank)
    op.pin_layout(op.others(2, axis), 'a convolution slides over this axis')
    op.pin_layout(op.inputs[1], '', axes=range(rank - 2))
    filters = op.ids(1, rank - 2)
    contract(op, op.ids(2, axis), op.ids(1, rank - 1), filters, 1)
    if filters is None or not op.inputs[1].parameters:
        return [Layout()]
    op.literal(0, axis, Block((axis,), filters), axis)
    return [channel_layout(axis, filters)]


@rule('DepthwiseConv2dNative', attributes='strides padding explicit_paddings data_format dilations')
def depthwise(op: Operation) -> List[Layout]:
    """Kernel HWCM: output channel c·M+m is channel c, so all M of them live and die with it."""
    axis = op.channel_axis(4)
    kernel = op.inputs[1]
    op.pin_layout(op.others(0, axis), 'a convolution slides over this axis')
    op.pin_layout(kernel, '', axes=(0, 1, 3))
    incoming = op.ids(0, axis)
    own = op.ids(1, 2)
    op.meet(incoming, own, '' if incoming is None else 'the depthwise kernel cannot be cut')
    op.role(1, 'depthwise')
    if incoming is None or own is None:
        return [Layout()]
    op.facts.depthwise.append(Seen(op.node.name, kernel.parameters, own))
    return [channel_layout(axis, np.repeat(incoming, op.shape(1)[3]))]


def contract(op: Operation, incoming: Optional[np.ndarray], own: Optional[np.ndarray],
             filters: Optional[np.ndarray], position: int) -> None:
    """Ties a kernel, which is input number `position`, to what it contracts over, and notes what it makes."""
    kernel = op.inputs[position]
    if not kernel.parameters:
        op.pin(incoming, 'the kernel is computed, not stored')
        op.pin_layout(kernel, 'the kernel is computed, not stored')
        return
    op.role(position, 'kernel')
    if op.facts.shifted & set(kernel.parameters):
        for ids in (incoming, own):
            op.pin(ids, 'numbers are added to the kernel, so that its zeros do not stay zero')
    op.meet(incoming, own, '' if incoming is None else 'the kernel cannot be cut')
    if own is not None:
        op.facts.contracted.append(Seen(op.node.name, kernel.parameters, own))
    if filters is not None:
        op.facts.produced.append(Seen(op.node.name, kernel.parameters, filters))
