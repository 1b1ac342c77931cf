"""Convolutions and matrix products: their kernels contract over incoming channels and make new ones."""

from typing import List, Optional

import numpy as np

from ..layout import Layout, channel_layout
from .registry import Operation, RefusedError, Seen, rule

_CONVOLUTION = 'strides use_cudnn_on_gpu padding explicit_paddings data_format dilations'


@rule('Conv2D', attributes=_CONVOLUTION)
def convolution(op: Operation) -> List[Layout]:
    """Kernel HWIO: axis 2 is tied to the incoming channels, axis 3 gives the outgoing ones."""
    axis = op.channel_axis(4)
    kernel = op.inputs[1]
    if op.shape(0)[axis] != op.shape(1)[2]:
        raise RefusedError('grouped convolution: %d channels meet a kernel of %d' % (op.shape(0)[axis], op.shape(1)[2]))
    op.pin_layout(op.others(0, axis), 'a convolution slides over this axis')
    op.pin_layout(kernel, '', axes=(0, 1))
    filters = op.ids(1, 3)
    _contract(op, op.ids(0, axis), op.ids(1, 2), filters, kernel)
    return [channel_layout(axis, filters if kernel.parameters else None)]


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


@rule('MatMul', attributes='transpose_a transpose_b')
def matrix_product(op: Operation) -> List[Layout]:
    """Either operand may be the kernel; two live operands pin the axis they are contracted over."""
    transposed = [op.node.attr['transpose_a'].b, op.node.attr['transpose_b'].b]
    contracted = [0 if transposed[0] else 1, 1 if transposed[1] else 0]
    for kernel in (1, 0):
        if op.inputs[kernel].parameters:
            live = 1 - kernel
            own = op.ids(kernel, 1 - contracted[kernel])
            _contract(op, op.ids(live, contracted[live]), op.ids(kernel, contracted[kernel]), own, op.inputs[kernel],
                      kernel)
            rows = op.ids(live, 1 - contracted[live])
            blocks = channel_layout(kernel, own).blocks + channel_layout(live, rows).blocks
            return [Layout(blocks)]
    for position in (0, 1):
        op.pin(op.ids(position, contracted[position]), 'a product of two activations sums over these channels')
    return [Layout(channel_layout(0, op.ids(0, 1 - contracted[0])).blocks
                   + channel_layout(1, op.ids(1, 1 - contracted[1])).blocks)]


def _contract(op: Operation, incoming: Optional[np.ndarray], own: Optional[np.ndarray],
              filters: Optional[np.ndarray], kernel: Layout, position: int = 1) -> None:
    """Ties a kernel to what it contracts over and notes what it makes."""
    if not kernel.parameters:
        op.pin(incoming, 'the kernel is computed, not stored')
        op.pin_layout(kernel, 'the kernel is computed, not stored')
        return
    op.role(position, 'kernel')
    op.meet(incoming, own, '' if incoming is None else 'the kernel cannot be cut')
    if own is not None:
        op.facts.contracted.append(Seen(op.node.name, kernel.parameters, own))
    if filters is not None:
        op.facts.produced.append(Seen(op.node.name, kernel.parameters, filters))
