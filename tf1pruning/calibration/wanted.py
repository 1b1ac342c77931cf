"""What the inputs of a model take, and bringing images and arrays to it."""

from typing import Any, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from ..errors import DataError, OptionError
from ..graph.endpoints import find_placeholders
from ..model.concrete import example_shapes
from ..model.model import Model
from ..tf1 import tf
from .scaling import Scaling


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


def inputs_of(model: Model) -> Mapping[str, Wanted]:
    """Returns what a model in inference form takes, by tensor name; the batch size is its own, else 1."""
    shapes = example_shapes(model.view, model.inputs, model.batch)
    return {name + ':0': Wanted(shapes[name], tf.as_dtype(model.view.nodes[name].attr['dtype'].type).as_numpy_dtype)
            for name in sorted(find_placeholders(model.graph))}


def only_input(inputs: Mapping[str, Wanted], path: str) -> Mapping[str, Wanted]:
    """Returns the inputs of a model that has but one.

    Raises:
        OptionError: it has several.
    """
    if len(inputs) != 1:
        raise OptionError('the model has %d inputs (%s): give an .npz file with an array for each, instead of %s' % (
            len(inputs), ', '.join(name.split(':')[0] for name in inputs), path))
    return inputs


def as_taken(pixels: np.ndarray, wanted: Wanted, scaling: Scaling) -> np.ndarray:
    """Returns images, uint8 `[N, H, W, C]` of the size that `image_shape` gives, as an input takes them.

    Args:
        pixels: the images.
        wanted: what the input takes.
        scaling: not for inputs that take integers.
    """
    first = image_shape(wanted)[1]
    numbers = pixels if np.issubdtype(wanted.dtype, np.integer) else scaling(pixels)
    return numbers.transpose(0, 3, 1, 2) if first else numbers.reshape((-1, *wanted.shape[1:]))


def image_shape(wanted: Wanted) -> Tuple[Tuple[int, int, int], bool]:
    """Returns height, width and channels, and whether the channels come first.

    Two axes are those of a grey image; a vector is a square one.

    Raises:
        OptionError: the input takes no image.
    """
    shape = wanted.shape[1:]
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


def fitting(name: str, array: np.ndarray, wanted: Wanted, path: str) -> np.ndarray:
    """Returns numbers of the input's type and shape; axes of size 1 may be missing, and each example may be flat.

    Raises:
        DataError: the numbers do not fit.
    """
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
        first = int(np.argmin(np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1)))
        raise DataError('%s: not all numbers for input %s are finite; example %d is the first that has others: leave '
                        'such examples out' % (path, name.split(':')[0], first))
    if np.issubdtype(wanted.dtype, np.integer) and not np.array_equal(numbers, array):
        raise DataError('%s holds %s, but input %s takes %s: numbers would be lost' % (
            path, array.dtype, name.split(':')[0], numbers.dtype))
    return numbers.reshape((-1, *shape))


def _longer(shape: Sequence[int]) -> List[int]:
    return [size for size in shape if size != 1]
