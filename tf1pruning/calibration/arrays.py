"""Arrays for a model's inputs, from `.npy` and `.npz` files."""

import zipfile
from typing import Dict, Iterable, Mapping

import numpy as np

from ..errors import DataError
from ..graph.shapes import first_line
from .wanted import Wanted, only_input


def is_array_file(path: str) -> bool:
    """Whether a file's name says that it holds arrays."""
    return path.endswith(('.npy', '.npz'))


def arrays_of(path: str, inputs: Mapping[str, Wanted]) -> Dict[str, np.ndarray]:
    """Reads an array for each input of a model, as it is in the file.

    Args:
        path: `.npy` for a model with one input, or `.npz`.
        inputs: the model's inputs by tensor name.

    Raises:
        DataError: the file is damaged, or lacks an input.
        OptionError: one array for a model with several inputs.
    """
    if path.endswith('.npy'):
        only = next(iter(only_input(inputs, path)))
        return {only: _loaded(path)['']}
    return picked(arrays_in(path), inputs, path)


def arrays_in(path: str) -> Dict[str, np.ndarray]:
    """Reads all arrays of an `.npz` file.

    Raises:
        DataError: it is damaged.
    """
    return _loaded(path)


def picked(held: Mapping[str, np.ndarray], names: Iterable[str], path: str) -> Dict[str, np.ndarray]:
    """Returns the arrays of some tensors; `x` stands for `x:0`.

    Raises:
        DataError: one is missing.
    """
    found = {name: held.get(name, held.get(name.split(':')[0])) for name in names}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise DataError('%s has no array %s; it has %s' % (path, missing[0].split(':')[0], ', '.join(sorted(held))))
    return {name: value for name, value in found.items() if value is not None}


def _loaded(path: str) -> Dict[str, np.ndarray]:
    try:
        if path.endswith('.npy'):
            with open(path, 'rb') as stream:
                return {'': np.lib.format.read_array(stream, allow_pickle=False)}
        if not zipfile.is_zipfile(path):
            raise ValueError('it is no .npz file')
        with np.load(path, allow_pickle=False) as loaded:
            return {name: loaded[name] for name in loaded.files}
    except Exception as error:  # a damaged header is read by parts that raise whatever they do
        raise DataError('%s is no array of numbers, or it is damaged: %s' % (path, first_line(error))) from error
