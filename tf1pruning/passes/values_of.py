"""Values that tensors of an inference graph have whatever its inputs are: parameters, and arithmetic on them."""

from typing import Callable, Dict, List, Optional

import numpy as np

from ..graph.view import PASSING_OPS, VARIABLE_OPS, TensorName
from ..model.model import Model
from ..tf1 import tf

PASSING = tuple(each for each in PASSING_OPS if each != 'PlaceholderWithDefault')
"""Operations whose output is always the value of their input."""

Fold = Callable[[tf.NodeDef, List[np.ndarray]], np.ndarray]
_FOLDS: Dict[str, Fold] = {
    'Add': lambda node, values: values[0] + values[1],
    'AddV2': lambda node, values: values[0] + values[1],
    'Sub': lambda node, values: values[0] - values[1],
    'Mul': lambda node, values: values[0] * values[1],
    'RealDiv': lambda node, values: values[0] / values[1],
    'Neg': lambda node, values: -values[0],
    'Sqrt': lambda node, values: np.sqrt(values[0]),
    'Rsqrt': lambda node, values: 1 / np.sqrt(values[0]),
    'Reshape': lambda node, values: values[0].reshape(values[1]),
    'Fill': lambda node, values: np.full(values[0], values[1]),
    'ExpandDims': lambda node, values: np.expand_dims(values[0], int(values[1])),
    'ConcatV2': lambda node, values: np.concatenate(values[:-1], int(values[-1])),
    'Transpose': lambda node, values: values[0].transpose(values[1]),
}
"""What batch norm is spelled with, where it is not one operation, and what joins the parts of a kernel."""


class Values:
    """Looks values up, and remembers those that were computed.

    Args:
        model: a model in inference form.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._computed: Dict[str, Optional[np.ndarray]] = {}

    def of(self, tensor: TensorName) -> Optional[np.ndarray]:
        """Returns the value of a tensor, None where it depends on the inputs or on operations that are not known."""
        view = self._model.view
        source = view.source(tensor, PASSING)
        operation = view.op(source.node)
        if operation == 'Const' or operation in VARIABLE_OPS:
            return self._model.value(source.node)
        if operation not in _FOLDS or source.output:
            return None
        if source.node not in self._computed:
            self._computed[source.node] = self._compute(source.node)
        return self._computed[source.node]

    def _compute(self, name: str) -> Optional[np.ndarray]:
        values = [self.of(each) for each in self._model.view.inputs[name]]
        known = [value for value in values if value is not None]
        with np.errstate(all='ignore'):
            return _FOLDS[self._model.view.op(name)](self._model.view.nodes[name], known) if (
                len(known) == len(values)) else None
