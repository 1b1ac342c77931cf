"""Which parameters are weights: kernels of convolutions and matrix products, and tables that rows are picked from."""

from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from ..errors import NameNotFoundError
from ..graph.attributes import turned
from ..graph.view import PASSING_OPS, VARIABLE_OPS, GraphView, TensorName
from ..model.model import Model


class WeightTensor(NamedTuple):
    """A parameter that linear operations multiply with.

    Attributes:
        name: its node, a variable (or one partition of it) or a Const.
        shape: its shape, such as `[H, W, I, O]` of a convolution's kernel.
        operation: what reads it, `Conv2D` for example.
        input_axis: where the incoming channels lie; None where every channel has weights of its own.
        output_axis: where the outgoing channels lie; of a depthwise kernel `[H, W, C, M]`, the channels.
        readers: the nodes that read it, in the graph's order.
    """

    name: str
    shape: Tuple[int, ...]
    operation: str
    input_axis: Optional[int]
    output_axis: int
    readers: Tuple[str, ...]

    @property
    def size(self) -> int:
        """How many numbers it has."""
        size = 1
        for each in self.shape:
            size *= each
        return size


_CHANNELS_OF = {'Conv2D': (2, 3), 'Conv3D': (3, 4), 'DepthwiseConv2dNative': (None, 2),
                'Conv2DBackpropInput': (3, 2), 'Conv3DBackpropInputV2': (4, 3)}
"""Axes of the incoming and the outgoing channels in a kernel."""
_KERNEL_INPUT = 1
_TABLES = ('GatherV2', 'Gather', 'ResourceGather')
_PRODUCTS = ('MatMul', 'BatchMatMul', 'BatchMatMulV2')
_THROUGH = (*PASSING_OPS, 'Enter', 'Switch', 'FakeQuantWithMinMaxVars', 'FakeQuantWithMinMaxArgs',
            'FakeQuantWithMinMaxVarsPerChannel', 'Cast')
"""Operations between a parameter and what multiplies with it, that change neither its shape nor its axes."""


def weight_tensors(model: Model) -> Dict[str, WeightTensor]:
    """Returns the weight tensors of a model by name, in the graph's order.

    Partitions of a variable are tensors of their own. Biases, batch norm's parameters and statistics, and what an
    optimizer keeps are none, and neither are weights that the outputs do not need.

    Args:
        model: a model with outputs, in training form or inference form.
    """
    found: Dict[str, WeightTensor] = {}
    view = model.view
    forward = view.ancestors(view.require(name, 'output node').node for name in model.outputs)
    for node in view.nodes:
        if node not in forward:
            continue
        for tensor, axes in _operands(view, node):
            for name in _parameters(view, tensor):
                before, shape = found.get(name), _shape_of(model, name)
                if before is not None:
                    found[name] = before._replace(readers=(*before.readers, node))
                elif shape is not None and len(shape) > max(axis for axis in axes if axis is not None):
                    batch_axes = len(shape) - 2 if view.op(node) in _PRODUCTS else 0  # they stand before a matrix's
                    found[name] = WeightTensor(name, shape, view.op(node),
                                               None if axes[0] is None else axes[0] + batch_axes,
                                               axes[1] + batch_axes, (node,))
    return {name: found[name] for name in view.nodes if name in found}


def chosen(tensors: Mapping[str, WeightTensor], names: Iterable[str]) -> Dict[str, WeightTensor]:
    """Returns some weight tensors.

    Raises:
        NameNotFoundError: there is none of that name; with the closest names.
    """
    found = {}
    for name in names:
        if name not in tensors:
            raise NameNotFoundError.closest('weight tensor', name, tensors)
        found[name] = tensors[name]
    return found


def below(tensors: Mapping[str, WeightTensor], names: Iterable[str]) -> List[str]:
    """Returns the weight tensors of some names, or scopes of names, and so the partitions of a variable.

    Raises:
        NameNotFoundError: a name fits none; with the closest names.
    """
    found: List[str] = []
    for name in names:
        inside = [each for each in tensors if each == name or each.startswith(name + '/')]
        if not inside:
            raise NameNotFoundError.closest('weight tensor', name, tensors)
        found += inside
    return found


_Axes = Tuple[Optional[int], int]


def _operands(view: GraphView, node: str) -> List[Tuple[TensorName, _Axes]]:
    """Returns the operands of a node that would be weights if they are parameters, with their channels' axes."""
    operation, inputs = view.op(node), view.inputs[node]
    if operation in _CHANNELS_OF and len(inputs) > _KERNEL_INPUT:
        return [(inputs[_KERNEL_INPUT], _CHANNELS_OF[operation])]
    if operation in _PRODUCTS and len(inputs) == 2:
        transposed = turned(view.nodes[node])
        return [(inputs[0], (0, 1) if transposed[0] else (1, 0)), (inputs[1], (1, 0) if transposed[1] else (0, 1))]
    if operation in _TABLES and inputs:
        return [(inputs[0], (0, 1))]
    return []


def _parameters(view: GraphView, tensor: TensorName) -> List[str]:
    """Returns the parameter, or the partitions of one, that an operand is the value of."""
    source = view.source(tensor, _THROUGH)
    operation = view.op(source.node)
    if operation in VARIABLE_OPS or operation == 'Const':
        return [source.node]
    if operation in ('ConcatV2', 'Concat'):
        parts = view.inputs[source.node][:-1] if operation == 'ConcatV2' else view.inputs[source.node][1:]
        found = [view.source(part, _THROUGH).node for part in parts]
        return found if all(view.op(name) in VARIABLE_OPS for name in found) else []
    return []


def _shape_of(model: Model, name: str) -> Optional[Tuple[int, ...]]:
    """Returns the shape of a parameter of floating-point numbers that the model has a value of."""
    if model.view.op(name) != 'Const' and name not in model.weights:
        return None
    value = model.lazy(name)
    return value.shape if value.dtype.kind == 'f' and value.size > 1 else None
