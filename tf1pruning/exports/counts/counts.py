"""Counts of a file, whatever its format."""

import os
from typing import Mapping, NamedTuple, Optional, Sequence

from ...runtimes.open import runtime_of


class Counts(NamedTuple):
    """What a file holds and costs.

    Attributes:
        bytes: of the file, or of all files of a folder.
        macs: multiply-accumulates for one example.
        parameters: numbers in kernels, biases and other weights.
        operations: how many the runtime carries out.
    """

    bytes: int
    macs: int
    parameters: int
    operations: int


def count_file(path: str, outputs: Sequence[str] = (), sizes: Optional[Mapping[str, Sequence[int]]] = None) -> Counts:
    """Counts a frozen `.pb`, `.tflite` or `.onnx` file, or a SavedModel.

    Args:
        path: the file or folder.
        outputs: names of the outputs of a `.pb`; none takes the ends of the graph.
        sizes: shapes of the inputs, by tensor name, for what the file leaves open.

    Raises:
        ModelError: it is missing or damaged.
        OptionError: the library that reads it is not installed.
    """
    from . import graph, onnx, tflite
    runtime = runtime_of(path)
    if runtime == 'tensorflow':
        found = graph.count(path, outputs, sizes or {})
    else:
        found = tflite.count(path) if runtime == 'tflite' else onnx.count(path, sizes or {})
    return Counts(bytes_of(path), *found)


def bytes_of(path: str) -> int:
    """Returns the bytes of a file, or of all files in a folder."""
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(folder, name)) for folder, _, names in os.walk(path) for name in names)
