"""A path → the runtime for it."""

import os
from typing import Sequence

from ..errors import ModelError
from ..model.saved_model import find_saved_model
from .graph import GraphRuntime
from .onnx import OnnxRuntime
from .runtime import Runtime
from .tflite import TfliteRuntime

RUNTIMES = {'.pb': 'tensorflow', '.tflite': 'tflite', '.onnx': 'onnxruntime'}
"""What runs a file, by its ending; SavedModels are folders."""


def runtime_of(path: str) -> str:
    """Returns the name of what runs a file.

    Raises:
        ModelError: nothing does.
    """
    if find_saved_model(path):
        return 'tensorflow'
    name = RUNTIMES.get(os.path.splitext(path)[1].lower())
    if name is None or not os.path.isfile(path):
        raise ModelError('%s: expected a .pb, .tflite or .onnx file or the folder of a SavedModel; make them with '
                         'tf1pruning export' % path if os.path.exists(path) else 'no file %s' % path)
    return name


def open_runtime(path: str, threads: int = 0, outputs: Sequence[str] = ()) -> Runtime:
    """Loads a model file.

    Args:
        path: a frozen `.pb`, `.tflite` or `.onnx` file, or the folder of a SavedModel.
        threads: how many threads it may use; 0 leaves that to the runtime.
        outputs: names of the outputs of a `.pb`, which does not say them itself.

    Raises:
        ModelError: the file is missing or damaged, or its runtime refuses it.
        OptionError: its runtime is not installed.
    """
    name = runtime_of(path)
    if name == 'tensorflow':
        return GraphRuntime(path, threads, outputs)
    return TfliteRuntime(path, threads) if name == 'tflite' else OnnxRuntime(path, threads)
