"""Counts of ONNX files."""

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from ...cost import examples_in
from ...errors import ModelError
from ...extras import need
from ...graph.shapes import first_line
from ...runtimes.onnx import OnnxRuntime, session_of
from ...runtimes.runtime import pair

_KERNELS = ('Conv', 'ConvTranspose')
_PRODUCTS = ('MatMul', 'Gemm')


def count(path: str, sizes: Mapping[str, Sequence[int]]) -> Tuple[int, int, int]:
    """Returns MACs, parameters and operations.

    Raises:
        ModelError: the file is damaged, or does not run with inputs of these sizes.
        OptionError: the library that reads it is not installed.
    """
    onnx = need('onnx', 'onnx', 'counting %s' % path)
    with OnnxRuntime(path) as runtime:
        inputs, outputs = runtime.inputs, runtime.outputs
    given = [sizes[name] for name in pair(inputs, list(sizes))] if sizes else [
        [size or 1 for size in port.shape or ()] for port in inputs]
    feeds = {port.name: np.zeros(shape, port.dtype) for port, shape in zip(inputs, given)}
    model = onnx.load(path)
    counted = [node for node in model.graph.node if node.op_type in _KERNELS + _PRODUCTS]
    names = {name for node in counted for name in (*node.input[:2], node.output[0])}
    shapes = _run_shapes(model, sorted(names.union(port.name for port in outputs)), feeds)
    batch = examples_in([(shape[0], not port.shape or port.shape[0] is None)
                         for port, shape in zip(inputs, given) if len(shape)],
                        [shapes[port.name][0] for port in outputs if shapes[port.name]])
    weights = [each for each in model.graph.initializer if each.dims and each.data_type in _floats(onnx)]
    return (sum(_macs(node, shapes) for node in counted) // batch,
            sum(int(np.prod(each.dims, dtype=np.int64)) for each in weights),
            sum(node.op_type not in ('Constant', 'Identity') for node in model.graph.node))


def _run_shapes(model: Any, names: Sequence[str], feeds: Dict[str, np.ndarray]) -> Dict[str, Tuple[int, ...]]:
    """Returns the shapes of tensors: those of one run, since files do not say all of them."""
    shapes = {each.name: tuple(each.dims) for each in model.graph.initializer}
    wanted = [name for name in names if name not in shapes and name not in feeds]
    shapes.update((name, value.shape) for name, value in feeds.items())
    known = {each.name for each in model.graph.output}
    model.graph.output.extend(type(model.graph.output[0])(name=name) for name in wanted if name not in known)
    onnxruntime = need('onnxruntime', 'onnx', 'counting an ONNX file')
    session = session_of(onnxruntime, model.SerializeToString(), 'the file')
    try:
        values = session.run(wanted, feeds) if wanted else []
    except Exception as error:  # its errors share no other base
        raise ModelError('cannot run the ONNX model to count it: %s' % first_line(error)) from error
    shapes.update((name, np.shape(value)) for name, value in zip(wanted, values))
    return shapes


def _macs(node: Any, shapes: Dict[str, Tuple[int, ...]]) -> int:
    """Counts a convolution (kernel O I/g H W), a transposed one (I O/g H W), or a product."""
    first, second, out = (shapes[name] for name in (node.input[0], node.input[1], node.output[0]))
    if node.op_type in _KERNELS:
        moved = out if node.op_type == 'Conv' else first
        return int(np.prod(moved, dtype=np.int64) * np.prod(second[1:], dtype=np.int64))
    turned = any(attribute.name == 'transA' and attribute.i for attribute in node.attribute)
    return int(np.prod(out, dtype=np.int64)) * first[-2 if turned else -1]


def _floats(onnx: Any) -> List[int]:
    return [onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE]
