"""CIFAR-10's binary batches: for each image its label, one byte, then 3 × 32 × 32 bytes, colours first."""

import os

import numpy as np

from tf1pruning.errors import DataError
from tf1pruning.files import content_of

from ..config import FilesConfig
from .bad_records import BadRecords
from .files import matching
from .form import Form
from .split import Split, joined, usable

_SHAPE = (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32


def read_binary_batches(folder: str, pattern: str, config: FilesConfig, form: Form, bad: BadRecords) -> Split:
    """Reads the batches whose names match a pattern.

    Raises:
        DataError: there are none, one is damaged, or there are too many bad records.
    """
    splits = []
    for path in matching(folder, pattern):
        content = content_of(path)
        if not content or len(content) % _RECORD:
            raise DataError('%s is damaged: its %d bytes are no multiple of %d' % (path, len(content), _RECORD))
        records = np.frombuffer(content, np.uint8).reshape(-1, _RECORD)
        split = Split(images_of(records[:, 1:]), records[:, 0].astype(np.int32), form.normalisation(config))
        splits.append(usable(split, form, bad, os.path.basename(path)))
    return joined(splits)


def images_of(rows: np.ndarray) -> np.ndarray:
    """Returns rows of bytes `[N, 3·32·32]`, colours first, as images `[N, 32, 32, 3]`."""
    return np.ascontiguousarray(rows.reshape((-1,) + _SHAPE).transpose(0, 2, 3, 1))
