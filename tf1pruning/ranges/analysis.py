"""The intervals of a graph's tensors, one small rule per operation; what has none may be anything."""

from typing import Dict, Iterable, Optional

import numpy as np

from ..graph.constants import constant_value
from ..graph.shapes import shape_at
from ..graph.view import GraphView, TensorName
from ..model.model import Model
from ..passes.values_of import PASSING, Values
from . import elementwise, linear, positions  # noqa: F401  (they register their rules)
from .interval import Interval
from .registry import RULES, Step

_WITH_KERNELS = ('Conv2D', 'Conv3D', 'Conv2DBackpropInput', 'DepthwiseConv2dNative', 'MatMul')


class Ranges:
    """The intervals of some tensors.

    Args:
        model: in inference form.
        targets: the tensors that will be asked for.
    """

    def __init__(self, model: Model, targets: Iterable[TensorName]) -> None:
        self._model, self._view = model, model.view
        self._values = Values(model)
        self._found: Dict[str, Interval] = {}
        for name in self._view.topological(self._view.ancestors(target.node for target in targets)):
            self._found[name] = self._of_node(name)

    def of(self, tensor: TensorName) -> Interval:
        """Returns what a tensor's values lie between."""
        if tensor.output or tensor.node not in self._found:
            return Interval.unknown(self._rank(tensor))
        return self._found[tensor.node]

    def _rank(self, tensor: TensorName) -> int:
        return len(shape_at(self._model.shapes, tensor) or ())

    def _of_node(self, name: str) -> Interval:
        view, operation = self._view, self._view.op(name)
        rank = self._rank(TensorName(name))
        if operation in PASSING and view.inputs[name]:
            return self.of(view.inputs[name][0])
        found = RULES[operation](self._step(view, name)) if operation in RULES else None
        if found is None or found.low.ndim != rank or np.isnan(found.low).any() or np.isnan(found.high).any():
            return Interval.unknown(rank)
        return found

    def _step(self, view: GraphView, name: str) -> Step:
        inputs = view.inputs[name]
        values = [self._value(tensor) for tensor in inputs]
        exact = view.op(name) not in _WITH_KERNELS  # of a kernel nobody asks the interval
        return Step(view.nodes[name], [
            Interval.exactly(value) if exact and value is not None and value.dtype.kind == 'f' else self.of(tensor)
            for tensor, value in zip(inputs, values)
        ], values, [shape_at(self._model.shapes, each) for each in inputs], shape_at(
            self._model.shapes, TensorName(name)))

    def _value(self, tensor: TensorName) -> Optional[np.ndarray]:
        value = self._values.of(tensor)
        return value if value is not None else constant_value(self._view, tensor)
