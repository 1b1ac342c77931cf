"""Counts before and after, taken from the models and files themselves."""

import glob
import os
from typing import Any, Dict

from ..cost import count_cost
from ..model.model import Model


def checkpoint_bytes(prefix: str) -> int:
    """Returns the size of a checkpoint's data and index files, or of a `.pb`."""
    if os.path.isfile(prefix):
        return os.path.getsize(prefix)
    names = glob.glob(glob.escape(prefix) + '.data-*') + glob.glob(glob.escape(prefix) + '.index')
    return sum(os.path.getsize(name) for name in names)


def before_after(before: Model, after: Model, path_before: str, path_after: str) -> Dict[str, Any]:
    """Counts two models in inference form and the files they come from.

    Returns:
        `parameters`, `macs` (for one example) and `bytes`, each with `before` and `after`.
    """
    first, second = count_cost(before), count_cost(after)
    return {
        'parameters': {'before': first.parameters, 'after': second.parameters},
        'macs': {'before': first.macs, 'after': second.macs},
        'bytes': {'before': checkpoint_bytes(path_before), 'after': checkpoint_bytes(path_after)},
    }
