"""Inference model → ONNX, by tf2onnx."""

import logging

from ..extras import need
from ..files import write_bytes
from ..model.frozen import frozen_graph
from ..model.model import Model
from ..silence import silence
from .refusal import refusal
from .signature import signature_of


def write_onnx(model: Model, path: str, inputs_as_nchw: bool = False) -> None:
    """Converts and writes a model.

    Args:
        model: in inference form; its names become those of inputs and outputs, as `x:0`.
        path: the `.onnx`.
        inputs_as_nchw: whether images are to be fed as `[N, C, H, W]`, which saves a transpose.

    Raises:
        OptionError: tf2onnx is not installed.
        UnsupportedError: it refuses the model.
        OutputError: the place cannot be written.
    """
    onnx, tf2onnx = (need(module, 'onnx', 'exporting to ONNX') for module in ('onnx', 'tf2onnx.convert'))
    logging.getLogger('tf2onnx').setLevel(logging.CRITICAL)
    graph = frozen_graph(model)
    described = signature_of(model, graph)
    images = [name + ':0' for name, each in described.inputs.items() if len(each.tensor_shape.dim) == 4]
    with silence():
        try:
            proto, _ = tf2onnx.from_graph_def(
                graph, input_names=[each.name for each in described.inputs.values()],
                output_names=[each.name for each in described.outputs.values()],
                inputs_as_nchw=images if inputs_as_nchw else None)
            onnx.checker.check_model(proto)  # tf2onnx passes on what it does not know
            content = proto.SerializeToString()
        except Exception as error:  # tf2onnx raises whatever its handlers do
            raise refusal('tf2onnx', error) from error
    write_bytes(path, content)
