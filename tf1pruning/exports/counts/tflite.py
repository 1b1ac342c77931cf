"""Counts of TFLite files (schema: tensorflow/lite/schema/schema.fbs)."""

import struct
from typing import Any, Callable, Dict, List, Tuple

import numpy as np

from ...cost import examples_in
from ...errors import ModelError
from ...extras import need

_WEIGHT_TYPES = ('FLOAT32', 'FLOAT16', 'INT8', 'UINT8')


def count(path: str) -> Tuple[int, int, int]:
    """Returns MACs, parameters and operations.

    Raises:
        ModelError: the file is damaged.
        OptionError: the library that reads it is not installed.
    """
    schema = need('tflite', 'tflite', 'counting %s' % path)
    try:
        with open(path, 'rb') as stream:
            model = schema.Model.GetRootAsModel(stream.read(), 0)
        graph = _Graph(schema, model)
        return graph.macs(), graph.parameters(), len(graph.operators)
    except OSError as error:
        raise ModelError('cannot read %s: %s' % (path, error.strerror)) from error
    except (struct.error, IndexError, TypeError, ValueError) as error:
        raise ModelError('%s is no TFLite file, or it is damaged: export it again' % path) from error


class _Graph:
    """The main graph of a file."""

    def __init__(self, schema: Any, model: Any) -> None:
        self._model, self._graph = model, model.Subgraphs(0)
        self.operators = [self._graph.Operators(each) for each in range(self._graph.OperatorsLength())]
        self._names = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}
        self._types = {value: name for name, value in vars(schema.TensorType).items() if isinstance(value, int)}

    def macs(self) -> int:
        """Counts for one example of the batch."""
        total = sum(self._macs_of(operator) for operator in self.operators)
        inputs, outputs = ([shape[0] for shape in map(self._shape, ports) if shape] for ports in (
            self._graph.InputsAsNumpy(), self._graph.OutputsAsNumpy()))
        return total // examples_in([(size, False) for size in inputs], outputs)

    def parameters(self) -> int:
        """Counts the constants that are weights, and the biases that are whole numbers."""
        weights = {tensor for operator in self.operators for place, tensor in enumerate(operator.InputsAsNumpy())
                   if tensor >= 0 and self._is_weight(operator, place, tensor)}
        return sum(int(np.prod(self._shape(tensor), dtype=np.int64)) for tensor in weights)

    def _is_weight(self, operator: Any, place: int, number: int) -> bool:
        tensor = self._graph.Tensors(number)
        if not self._model.Buffers(tensor.Buffer()).DataLength() or not tensor.ShapeLength():
            return False
        kind = self._types.get(tensor.Type())
        return kind in _WEIGHT_TYPES or (kind == 'INT32' and place >= 2 and self._operation(operator) in _COUNTERS)

    def _macs_of(self, operator: Any) -> int:
        counter = _COUNTERS.get(self._operation(operator))
        if counter is None:
            return 0
        return counter([self._shape(tensor) for tensor in operator.InputsAsNumpy()], self._shape(operator.Outputs(0)))

    def _operation(self, operator: Any) -> str:
        """Old files have the number where eight bits hold it, new ones where 32 do."""
        code = self._model.OperatorCodes(operator.OpcodeIndex())
        return self._names.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), '')

    def _shape(self, tensor: int) -> List[int]:
        return [] if tensor < 0 else [int(size) for size in self._graph.Tensors(tensor).ShapeAsNumpy()] if (
            self._graph.Tensors(tensor).ShapeLength()) else []


def _size(shape: List[int]) -> int:
    return int(np.prod(shape, dtype=np.int64))


_COUNTERS: Dict[str, Callable[[List[List[int]], List[int]], int]] = {
    'CONV_2D': lambda inputs, out: _size(out) * _size(inputs[1][1:]),  # kernel O H W I
    'CONV_3D': lambda inputs, out: _size(out) * _size(inputs[1][:4]),  # kernel D H W I O
    'DEPTHWISE_CONV_2D': lambda inputs, out: _size(out) * _size(inputs[1][1:3]),  # kernel 1 H W C
    'TRANSPOSE_CONV': lambda inputs, out: _size(inputs[2]) * _size(inputs[1][:3]),  # kernel O H W I
    'FULLY_CONNECTED': lambda inputs, out: _size(out) * inputs[1][1],  # weights O I
    'BATCH_MATMUL': lambda inputs, out: _size(out) * inputs[0][-1] * inputs[0][-2] // out[-2],  # one of them is out's
}
"""Multiply-accumulates by the shapes of inputs and output."""
