"""Counts before and after, taken from the models and files themselves."""

import glob
import os
from typing import Any, Dict, List

import numpy as np

from ..cost import count_cost
from ..model.model import Model
from ..tf1 import tf
from .zipped import zipped_bytes


def checkpoint_bytes(prefix: str) -> int:
    """Returns the size of a checkpoint's data and index files, of those of format V1, or of a `.pb`."""
    return sum(map(os.path.getsize, _files(prefix)))


def before_after_files(path_before: str, path_after: str) -> Dict[str, Any]:
    """Returns the `bytes` of two models' files, and `zipped_bytes`, in a zip archive, with `before` and `after`."""
    return {name: {'before': measure(path_before), 'after': measure(path_after)} for name, measure in (
        ('bytes', checkpoint_bytes), ('zipped_bytes', lambda path: zipped_bytes(_files(path))))}


def _files(prefix: str) -> List[str]:
    if os.path.isfile(prefix):
        return [prefix]
    endings = ('.data-*', '.index', '-?????-of-?????')
    return [name for ending in endings for name in sorted(glob.glob(glob.escape(prefix) + ending))]


def weight_bytes(model: Model) -> int:
    """Returns the bytes of all weights that the outputs of a model need."""
    total = 0
    for name in model.shapes:
        node = model.view.nodes[name]
        if node.op == 'Const' and model.frozen:
            shape = [dim.size for dim in node.attr['value'].tensor.tensor_shape.dim]
        elif name in model.variables:
            shape = list(model.variables[name].shape)
        else:
            continue
        total += int(np.prod(shape, dtype=np.int64)) * tf.as_dtype(node.attr['dtype'].type).size
    return total


def before_after(before: Model, after: Model, path_before: str, path_after: str) -> Dict[str, Any]:
    """Counts two models in inference form and the files they come from.

    Returns:
        `parameters`, `macs` (for one example), `weight_bytes` (of the inference forms, alike on both sides) and
        `bytes` (of the files, which hold the optimizer's slots too where there are some), each with `before` and
        `after`.
    """
    first, second = count_cost(before), count_cost(after)
    return {
        'weight_bytes': {'before': weight_bytes(before), 'after': weight_bytes(after)},
        'parameters': {'before': first.parameters, 'after': second.parameters},
        'macs': {'before': first.macs, 'after': second.macs},
        'bytes': {'before': checkpoint_bytes(path_before), 'after': checkpoint_bytes(path_after)},
    }
