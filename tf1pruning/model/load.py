"""One way in: whatever a person calls MODEL."""

import os
from typing import Iterable, Mapping, Optional

from ..errors import ModelError
from ..graph.inference import Input, Scalar
from .checkpoint import load_checkpoint
from .frozen import load_frozen
from .model import Model


def load_model(path: str, outputs: Iterable[str] = (), inputs: Optional[Mapping[str, Input]] = None,
               feeds: Optional[Mapping[str, Scalar]] = None) -> Model:
    """Reads a checkpoint prefix, a folder with a `checkpoint` file, or a frozen `.pb`.

    Raises:
        ModelError: it is missing or damaged.
    """
    if path.endswith('.pb'):
        if not os.path.isfile(path):
            raise ModelError('no file %s' % path)
        return load_frozen(path, tuple(outputs), inputs, feeds)
    return load_checkpoint(path, tuple(outputs), inputs, feeds)
