"""Nodes whose results are linear in kernels: convolutions, matrix products, and sums of these."""

from typing import NamedTuple, Optional, Set, Tuple

import numpy as np

from ..graph.attributes import channels_first, turned
from ..graph.view import GraphView, TensorName
from .values_of import Values

SUMS = ('Add', 'AddV2', 'AddN')


class Kernel(NamedTuple):
    """What a convolution or matrix product multiplies with.

    Attributes:
        node: the convolution or matrix product.
        value: what it reads as its kernel.
        places: the kernel's shape with ones but where its outputs lie.
    """

    node: str
    value: np.ndarray
    places: Tuple[int, ...]

    def scaled(self, scale: np.ndarray) -> np.ndarray:
        """Returns the kernel of the outputs times `[C]`."""
        return np.asarray(self.value * scale.reshape(self.places), self.value.dtype)


class Linear(NamedTuple):
    """What a node makes of some kernels.

    Attributes:
        channels: number of its outputs.
        axis: where the channels lie in the result; counted from the end.
        kernels: the result is scaled when all of these are.
    """

    channels: int
    axis: int
    kernels: Tuple[Kernel, ...]


def linear_node(view: GraphView, values: Values, outputs: Set[TensorName], name: str) -> Optional[Linear]:
    """Returns which kernels a node is linear in, None where it is not, or where one is no parameter.

    A sum is that of convolutions or products that nothing else reads, as a decomposed layer's is: a residual
    connection is not scaled with its branch.

    Args:
        view: a graph in inference form.
        values: of its tensors.
        outputs: what others read of the graph.
        name: the node.
    """
    if view.op(name) not in SUMS:
        return _of_one(view, values, name)
    inputs = view.inputs[name]
    if any(each.output or each in outputs or len(view.uses[each.node]) != 1 for each in inputs):
        return None
    found = [_of_one(view, values, each.node) for each in inputs]
    branches = [each for each in found if each is not None]
    if len(branches) < len(found) or len({(each.channels, each.axis) for each in branches}) != 1:
        return None
    return branches[0]._replace(kernels=tuple(kernel for each in branches for kernel in each.kernels))


def _of_one(view: GraphView, values: Values, name: str) -> Optional[Linear]:
    operation, node = view.op(name), view.nodes[name]
    if operation not in _KERNEL_AXES:
        return None
    kernel = values.of(view.inputs[name][1])
    if kernel is None or kernel.dtype.kind != 'f':
        return None
    axis = 1 - kernel.ndim if operation != 'MatMul' and channels_first(node) else -1
    if operation == 'DepthwiseConv2dNative':
        return Linear(kernel.shape[2] * kernel.shape[3], axis, (Kernel(name, kernel, (1, 1, *kernel.shape[2:])),))
    place = 0 if operation == 'MatMul' and turned(node)[1] else _KERNEL_AXES[operation]
    places = tuple(size if each == place else 1 for each, size in enumerate(kernel.shape))
    return Linear(kernel.shape[place], axis, (Kernel(name, kernel, places),))


_KERNEL_AXES = {'Conv2D': 3, 'Conv3D': 4, 'Conv2DBackpropInput': 2, 'Conv3DBackpropInputV2': 3, 'MatMul': 1,
                'DepthwiseConv2dNative': 2}
"""Axis of the kernel along which the outputs lie; that of a product is the other one if it is transposed."""
