"""The operations that contract over channels: where these come in, and where they lie in the kernel."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import numpy as np

from ..graph.attributes import channels_first, turned
from ..graph.shapes import shape_at
from ..graph.view import TensorName
from .analysis import Channels


class Contraction(NamedTuple):
    """A convolution or matrix product.

    Attributes:
        node: its node.
        operation: e.g. `Conv2D`.
        labels: class of every channel that it contracts over, in their order.
        tensor: the activations that come in.
        axis: where the channels lie in them.
        kernel: the kernel as it reads it.
        parameters: of which the kernel is a copy or rearrangement.
        kernel_axis: of the kernel, the axis contracted over.
        output_axis: of the kernel, the axis of what it makes.
        result_axis: where that lies in the result, counted from the end.
    """

    node: str
    operation: str
    labels: np.ndarray
    tensor: TensorName
    axis: int
    kernel: TensorName
    parameters: Tuple[str, ...]
    kernel_axis: int
    output_axis: int
    result_axis: int


def contractions(channels: Channels) -> List[Contraction]:
    """Returns everything in a network that contracts over channels, in the order of the graph."""
    view = channels.model.view
    found: Dict[str, Contraction] = {}
    for seen in channels.contracted:
        place = _place(channels, seen.node)
        if place is not None:
            size = (shape_at(channels.shapes, place.tensor) or ())[place.axis] or seen.ids.size
            runs = max(1, size // seen.ids.size)  # of a group convolution, all runs are tied to the first one
            found[seen.node] = place._replace(labels=np.tile(channels.labels[seen.ids], runs),
                                              parameters=seen.parameters)
    return [found[name] for name in view.topological(found)]


def _place(channels: Channels, node: str) -> Optional[Contraction]:
    view, operation = channels.model.view, channels.model.view.op(node)
    inputs = view.inputs[node]
    if operation in _CONVOLUTIONS:
        data, contracted, made = _CONVOLUTIONS[operation]
        rank = len(shape_at(channels.shapes, inputs[data]) or ())
        first = channels_first(view.nodes[node])
        return Contraction(node, operation, np.zeros(0, int), inputs[data], 1 if first else rank - 1, inputs[1], (),
                           rank + contracted, rank + made, 1 - rank if first else -1)
    if operation not in _PRODUCTS:
        return None
    transposed = turned(view.nodes[node])
    kernel = _kernel_of_product(channels, node)
    ranks = [len(shape_at(channels.shapes, each) or ()) for each in inputs]
    summed = [ranks[0] - (2 if transposed[0] else 1), ranks[1] - (1 if transposed[1] else 2)]
    return Contraction(node, operation, np.zeros(0, int), inputs[1 - kernel], summed[1 - kernel], inputs[kernel], (),
                       summed[kernel], 1 - summed[kernel], -1 if kernel else -2)


def _kernel_of_product(channels: Channels, node: str) -> int:
    """Returns which operand the analysis took for the kernel."""
    view = channels.model.view
    for position in (1, 0):
        layout = channels.layouts.get(view.inputs[node][position])
        shape = shape_at(channels.shapes, view.inputs[node][position])
        if layout is not None and layout.parameters and len(shape or ()) == 2:
            return position
    return 1


_CONVOLUTIONS = {'Conv2D': (0, -2, -1), 'Conv3D': (0, -2, -1), 'Conv2DBackpropInput': (2, -1, -2),
                 'Conv3DBackpropInputV2': (2, -1, -2)}
"""Which input is the feature map; axes of a kernel that are contracted over and made, counted from the end."""
_PRODUCTS = ('MatMul', 'BatchMatMul', 'BatchMatMulV2')


def channel_axis_of(channels: Channels, tensor: TensorName) -> Optional[int]:
    """Returns the axis of a tensor that alone has its channels, None where there is none or several have."""
    layout = channels.layouts.get(tensor)
    if layout is None or layout.parameters or len(layout.blocks) != 1 or len(layout.blocks[0].axes) != 1:
        return None
    return layout.blocks[0].axes[0]
