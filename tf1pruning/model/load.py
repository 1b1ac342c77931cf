"""One way in: whatever a person calls MODEL."""

import os
from typing import Iterable, Mapping, Optional

from ..errors import ModelError
from ..graph.inference import Input, Scalar
from .checkpoint import load_checkpoint, resolve_prefix
from .frozen import load_frozen
from .graph_only import find_meta_only, load_graph_only
from .model import Model
from .saved_model import find_saved_model, load_saved_model, variables_of


def load_model(path: str, outputs: Iterable[str] = (), inputs: Optional[Mapping[str, Input]] = None,
               feeds: Optional[Mapping[str, Scalar]] = None, look_only: bool = False) -> Model:
    """Reads a checkpoint prefix, a folder with a `checkpoint` file, a frozen `.pb`, or a SavedModel.

    Args:
        path: see above.
        outputs: names of the output nodes; a SavedModel's signature has some of its own.
        inputs: tensors to cut at.
        feeds: values of placeholders.
        look_only: a `.meta` without its checkpoint will do, too.

    Raises:
        ModelError: it is missing or damaged.
    """
    if find_saved_model(path):
        return load_saved_model(path, outputs, inputs, feeds)
    if path.endswith('.pb'):
        if not os.path.isfile(path):
            raise ModelError('no file %s' % path)
        return load_frozen(path, tuple(outputs), inputs, feeds)
    meta_path = find_meta_only(path) if look_only else ''
    if meta_path:
        return load_graph_only(meta_path, outputs, inputs, feeds)
    return load_checkpoint(path, tuple(outputs), inputs, feeds)


def model_path(path: str) -> str:
    """Returns a checkpoint's prefix, that in a SavedModel's folder too, or the path of a `.pb`."""
    saved = find_saved_model(path)
    if saved:
        return variables_of(saved) or saved
    return path if path.endswith('.pb') else resolve_prefix(path)
