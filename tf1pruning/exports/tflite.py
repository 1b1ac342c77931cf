"""Inference model → TFLite, by the converter of the installed TensorFlow."""

import contextlib
import os
import shutil
import sys
import sysconfig
import tempfile
from typing import Any, Iterator, Mapping, Sequence

from ..calibration import Example
from ..errors import OptionError
from ..files import write_bytes
from ..graph.channels_last import channels_last
from ..model.concrete import example_shapes
from ..model.frozen import frozen_graph, save_graph
from ..model.model import Model
from ..passes.averages_to_pooling import averages_to_pooling
from ..silence import silence
from ..tf1 import is_tf1, tf
from .refusal import refusal
from .signature import Signature, signature_of

NUMBERS = ('float32', 'float16', 'dynamic', 'int8')
"""What the weights become: as they are; float16; int8, with activations quantised as they come; int8 throughout."""
_CONVERTER = 'toco_from_protos'
"""The program that TensorFlow 1.15 converts with; it looks for it along PATH."""


def write_tflite(model: Model, path: str, numbers: str = 'float32', examples: Sequence[Example] = ()) -> None:
    """Converts and writes a model; a batch size that it leaves open becomes that of its inputs, else 1.

    Args:
        model: in inference form.
        path: the `.tflite`.
        numbers: one of `NUMBERS`.
        examples: what activations are measured on, for int8.

    Raises:
        UnsupportedError: the converter refuses the model.
        OptionError: int8 without examples; TensorFlow's program for converting is missing.
        OutputError: the place cannot be written.
    """
    if numbers == 'int8' and not examples:
        raise OptionError('int8 throughout needs examples to measure activations on: give --calibration')
    if numbers == 'int8' and is_tf1():
        model = averages_to_pooling(model)
    graph = channels_last(frozen_graph(model), biases=True)
    described = signature_of(model, graph)
    sizes = example_shapes(model.view, model.inputs, model.batch)
    with tempfile.TemporaryDirectory() as folder, _converter_on_path(), silence():
        pb_path = save_graph(graph, os.path.join(folder, 'model.pb'))
        try:
            converter = tf.lite.TFLiteConverter.from_frozen_graph(
                pb_path, list(described.inputs), list(described.outputs),
                {name: list(sizes[name]) for name in described.inputs})
            _set_numbers(converter, numbers, described, examples)
            content = converter.convert()
        except Exception as error:  # converters raise whatever their parts do
            raise refusal('the TFLite converter of TensorFlow %s' % tf.__version__, error) from error
    write_bytes(path, content)


def _set_numbers(converter: Any, numbers: str, described: Signature, examples: Sequence[Example]) -> None:
    if numbers == 'float32':
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if numbers == 'float16':
        converter.target_spec.supported_types = [tf.float16]
    elif numbers == 'int8':
        names = [each.name for each in described.inputs.values()]
        converter.representative_dataset = lambda: ([example[name] for name in names] for example in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if _are_floats(described.inputs):
            converter.inference_input_type = tf.int8
        if _are_floats(described.outputs):
            converter.inference_output_type = tf.int8


def _are_floats(described: Mapping[str, Any]) -> bool:
    return all(each.dtype == tf.float32.as_datatype_enum for each in described.values())


@contextlib.contextmanager
def _converter_on_path() -> Iterator[None]:
    """Lets TensorFlow 1.15 find its converter in an environment that is not activated.

    Raises:
        OptionError: it is not installed.
    """
    before = os.environ.get('PATH', '')
    places = [os.path.dirname(sys.executable), sysconfig.get_path('scripts')]
    os.environ['PATH'] = os.pathsep.join([*places, before])
    try:
        if is_tf1() and not shutil.which(_CONVERTER):
            raise OptionError('TensorFlow %s converts to TFLite with its program %s, which is not on PATH: install '
                              'tensorflow again, or add its bin folder to PATH' % (tf.__version__, _CONVERTER))
        yield
    finally:
        os.environ['PATH'] = before
