"""Examples for a model, from whatever files hold them."""

import os
import zipfile
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from ..errors import DataError, OptionError
from ..graph.shapes import first_line
from .images import images_of, spread
from .scaling import PIXELS, Scaling

Example = Mapping[str, np.ndarray]
"""Values of a model's inputs, by tensor name."""
COUNT = 100
"""How many examples are taken, where nobody says."""


class Wanted(NamedTuple):
    """What an input of a model takes.

    Attributes:
        shape: with the batch size first; none at all takes one number of each example.
        dtype: of the numbers.
    """

    shape: Tuple[int, ...]
    dtype: Any

    @property
    def batch(self) -> int:
        """How many examples it takes at once."""
        return self.shape[0] if self.shape else 1


def load_examples(path: str, inputs: Mapping[str, Wanted], count: int = COUNT, scaling: Scaling = PIXELS
                  ) -> List[Example]:
    """Reads examples.

    Args:
        path: `.npy` with what the model's one input takes, `[N, …]`; `.npz` with an array for each input, by its name;
            an IDX or TFRecord file or a folder of pictures, for a model whose one input is an image.
        inputs: the model's inputs by tensor name.
        count: how many at most, spread evenly over all there are.
        scaling: from pixels to what the model takes; not for arrays, and not for inputs that take integers.

    Returns:
        Examples of the batch sizes of `inputs`; what does not fill a batch is left out.

    Raises:
        DataError: the files are missing, damaged, or do not fit.
        OptionError: images for a model without an image as its only input.
    """
    if not os.path.exists(path):
        raise DataError('no file or folder %s' % path)
    if path.endswith(('.npy', '.npz')):
        arrays = _arrays(path, inputs)
    else:
        (name, wanted), = _only(inputs, path).items()
        arrays = {name: _images(path, wanted, count * wanted.batch, scaling)}
    fitting = {name: _fitting(name, arrays[name], wanted, path) for name, wanted in inputs.items()}
    batches = min(len(fitting[name]) // wanted.batch for name, wanted in inputs.items())
    if not batches:
        raise DataError('%s holds less than one batch of examples' % path)
    return [{name: fitting[name][each * wanted.batch:(each + 1) * wanted.batch].reshape(wanted.shape)
             for name, wanted in inputs.items()} for each in spread(batches, count)]


def _arrays(path: str, inputs: Mapping[str, Wanted]) -> Dict[str, np.ndarray]:
    try:
        if path.endswith('.npy'):
            with open(path, 'rb') as stream:
                return {next(iter(_only(inputs, path))): np.lib.format.read_array(stream, allow_pickle=False)}
        if not zipfile.is_zipfile(path):
            raise ValueError('it is no .npz file')
        with np.load(path, allow_pickle=False) as loaded:
            held = {name: loaded[name] for name in loaded.files}
    except OptionError:
        raise
    except Exception as error:  # a damaged header is read by parts that raise whatever they do
        raise DataError('%s is no array of numbers, or it is damaged: %s' % (path, first_line(error))) from error
    found = {name: held.get(name, held.get(name.split(':')[0])) for name in inputs}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise DataError('%s has no array %s; it has %s' % (path, missing[0].split(':')[0], ', '.join(sorted(held))))
    return {name: value for name, value in found.items() if value is not None}


def _only(inputs: Mapping[str, Wanted], path: str) -> Mapping[str, Wanted]:
    if len(inputs) != 1:
        raise OptionError('the model has %d inputs (%s): give an .npz file with an array for each, instead of %s' % (
            len(inputs), ', '.join(name.split(':')[0] for name in inputs), path))
    return inputs


def _images(path: str, wanted: Wanted, count: int, scaling: Scaling) -> np.ndarray:
    """Returns images as the input takes them."""
    shape, first = _image_shape(wanted.shape[1:])
    pixels = images_of(path, count, shape)
    numbers = pixels if np.issubdtype(wanted.dtype, np.integer) else scaling(pixels)
    return numbers.transpose(0, 3, 1, 2) if first else numbers.reshape((-1, *wanted.shape[1:]))


def _image_shape(shape: Tuple[int, ...]) -> Tuple[Tuple[int, int, int], bool]:
    """Returns height, width and channels, and whether the channels come first.

    Two axes are those of a grey image; a vector is a square one.
    """
    if len(shape) == 3 and shape[2] in (1, 3):
        return (shape[0], shape[1], shape[2]), False
    if len(shape) == 3 and shape[0] in (1, 3):
        return (shape[1], shape[2], shape[0]), True
    if len(shape) == 2:
        return (shape[0], shape[1], 1), False
    side = int(round(shape[0] ** 0.5)) if len(shape) == 1 else 0
    if not side or side * side != shape[0]:
        raise OptionError('the model takes %s, which is no image with 1 or 3 channels: give an .npy file with what it '
                          'takes' % (' × '.join(map(str, shape)) or 'one number'))
    return (side, side, 1), False


def _fitting(name: str, array: np.ndarray, wanted: Wanted, path: str) -> np.ndarray:
    """Returns numbers of the input's type and shape; axes of size 1 may be missing, and each example may be flat."""
    shape = wanted.shape[1:]
    fits = array.ndim and array.size and (array.shape[1:] == (int(np.prod(shape, dtype=np.int64)),)
                                          or _longer(array.shape[1:]) == _longer(shape))
    if not fits or array.dtype.kind not in 'biuf':
        raise DataError('%s holds %s of %s, but input %s takes %s of each example' % (
            path, ' × '.join(map(str, array.shape)) or 'one number', array.dtype, name.split(':')[0],
            ' × '.join(map(str, shape)) or 'one number'))
    with np.errstate(all='ignore'):
        numbers = array.astype(wanted.dtype)
    if not np.isfinite(numbers).all():
        raise DataError('%s: not all numbers for input %s are finite' % (path, name.split(':')[0]))
    if np.issubdtype(wanted.dtype, np.integer) and not np.array_equal(numbers, array):
        raise DataError('%s holds %s, but input %s takes %s: numbers would be lost' % (
            path, array.dtype, name.split(':')[0], numbers.dtype))
    return numbers.reshape((-1, *shape))


def _longer(shape: Sequence[int]) -> List[int]:
    return [size for size in shape if size != 1]
