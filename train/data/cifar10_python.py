"""CIFAR-10's Python batches: pickles of a dictionary with the array `data` `[N, 3·32·32]` and the list `labels`."""

import io
import os
import pickle
import re
from typing import Any, Mapping, Tuple

import numpy as np

from tf1pruning.errors import DataError
from tf1pruning.files import content_of
from tf1pruning.plain_pickle import refuse_bomb

from ..config import FilesConfig
from .bad_records import BadRecords
from .cifar10_binary import images_of
from .files import matching
from .form import Form
from .split import Split, joined, usable


def read_python_batches(folder: str, pattern: str, config: FilesConfig, form: Form, bad: BadRecords) -> Split:
    """Reads the batches whose names match a pattern, without running anything that may be in them.

    Raises:
        DataError: there are none, one is damaged or holds other things than plain values and arrays, or there are too
            many bad records.
    """
    splits = []
    for path in matching(folder, pattern):
        batch = read_pickle(path)
        try:
            rows, labels = np.asarray(batch[b'data']), np.asarray(batch[b'labels'], np.int32)
            split = Split(images_of(rows), labels, form.normalisation(config))
        except (KeyError, ValueError, TypeError) as error:
            raise DataError('%s is no batch of CIFAR-10: no %s' % (path, error)) from error
        if rows.dtype != np.uint8 or len(split.pixels) != len(labels):
            raise DataError('%s is no batch of CIFAR-10: %d rows of %s, %d labels' % (
                path, len(split.pixels), rows.dtype, len(labels)))
        splits.append(usable(split, form, bad, os.path.basename(path)))
    return joined(splits)


def read_pickle(path: str) -> Mapping[bytes, Any]:
    """Reads a pickle of dictionaries, lists, bytes, numbers and arrays of numbers.

    Raises:
        DataError: the file is missing or damaged, or holds anything else; that is not run.
    """
    try:
        content = content_of(path)
        refuse_bomb(content)
        loaded = _PlainUnpickler(io.BytesIO(content), encoding='bytes').load()
        return {key: value.array if isinstance(value, _Array) else value for key, value in loaded.items()}
    except DataError as error:
        raise DataError('refused to load %s: %s' % (path, error)) from error
    except Exception as error:  # a damaged pickle can fail in any way
        raise DataError('%s is damaged, or no pickle of a dictionary (%s)' % (path, error)) from error


class _DType:
    """Stands in for `numpy.dtype` while a pickle is read: a type of numbers, and nothing else."""

    def __init__(self, name: Any, *flags: Any) -> None:
        self._name = name.decode('ascii') if isinstance(name, bytes) else name
        if not re.match(r'([iu][1248]|f[48])$', self._name):
            raise DataError('it holds an array of %s; only numbers are read' % self._name)
        self._order = '<'

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        order = state[1].decode('ascii') if isinstance(state[1], bytes) else state[1]
        self._order = '>' if order == '>' else '<'

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(self._order + self._name)


class _Array:
    """Stands in for `numpy.ndarray`: NumPy's own loading trusts what is in a pickle, and so does not run."""

    def __init__(self, *arguments: Any) -> None:
        self.array = np.zeros(0)

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        _, shape, kind, is_fortran, content = state
        self.array = np.frombuffer(content, kind.dtype).reshape(shape, order='F' if is_fortran else 'C')


class _PlainUnpickler(pickle.Unpickler):
    """Loads plain values and arrays of numbers; anything else in the stream is refused before it runs."""

    def find_class(self, module: str, name: str) -> Any:
        place = module.replace('numpy._core', 'numpy.core'), name
        if place not in _ALLOWED:
            raise DataError('it holds %s.%s; only dictionaries, lists, bytes, numbers and arrays are read'
                            % (module, name))
        return _ALLOWED[place]


def _bytes(text: str, encoding: str) -> bytes:
    """Python 3 writes bytes in this way for Python 2."""
    return text.encode('latin1')


_ALLOWED = {('numpy.core.multiarray', '_reconstruct'): _Array, ('numpy', 'ndarray'): _Array,
            ('numpy', 'dtype'): _DType, ('_codecs', 'encode'): _bytes}
