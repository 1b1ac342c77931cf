"""Meta graphs without a checkpoint: what is there can be looked at, but not pruned."""

import glob
import os
from typing import Iterable, Mapping, Optional

import numpy as np

from ..graph.inference import Input, Scalar
from .checkpoint import is_checkpoint, read_meta_graph
from .model import Model, Weights


def find_meta_only(path: str) -> str:
    """Returns the `.meta` that a path means where no checkpoint belongs to it; empty where it means none.

    Args:
        path: a `.meta` file, a prefix, or a folder that holds one `.meta` and no checkpoint.
    """
    if os.path.isdir(path):
        inside = glob.escape(path)
        found = glob.glob(os.path.join(inside, '*.meta'))
        if len(found) != 1 or glob.glob(os.path.join(inside, '*.index')):
            return ''
        path = found[0]
    path = path if path.endswith('.meta') else path + '.meta'
    prefix = path[:-len('.meta')]
    return path if os.path.isfile(path) and not is_checkpoint(prefix) else ''


def load_graph_only(path: str, outputs: Iterable[str] = (), inputs: Optional[Mapping[str, Input]] = None,
                    feeds: Optional[Mapping[str, Scalar]] = None) -> Model:
    """Reads a meta graph for its structure: the values of all variables are zeros that take no memory.

    Args:
        path: the `.meta` file.
        outputs: names of the output nodes.
        inputs: tensors to cut at.
        feeds: values of placeholders.

    Raises:
        ModelError: the file is missing or damaged.
    """
    shell = Model(os.path.basename(path)[:-len('.meta')], read_meta_graph(path), Weights(_no_value, ()))
    shapes = {name: variable.shape for name, variable in shell.variables.items()}
    weights = Weights(lambda name: np.broadcast_to(np.float32(0), shapes[name]), shapes)
    return shell.replace(weights=weights, outputs=tuple(outputs), inputs=dict(inputs or {}), feeds=dict(feeds or {}))


def _no_value(name: str) -> np.ndarray:
    raise KeyError(name)
