"""Labelled examples for a model, in memory, from whatever files hold them."""

import os
from typing import Dict, Mapping, NamedTuple, Optional, Union

import numpy as np

from ..calibration import Scaling, Wanted
from ..calibration.arrays import arrays_in, picked
from ..calibration.labels import labelled_images_of, places
from ..calibration.scaling import PIXELS
from ..calibration.wanted import as_taken, fitting, image_shape, only_input
from ..errors import DataError, OptionError


class Labelled(NamedTuple):
    """Examples with their classes.

    Attributes:
        inputs: what the model is fed, by tensor name: `[N, …]`.
        labels: int64 `[N]`, from 0.
    """

    inputs: Dict[str, np.ndarray]
    labels: np.ndarray

    @property
    def size(self) -> int:
        """How many examples there are."""
        return len(self.labels)

    def taken(self, chosen: Union[np.ndarray, slice]) -> 'Labelled':
        """Returns the examples of some places, or where a mask is True."""
        return Labelled({name: values[chosen] for name, values in self.inputs.items()}, self.labels[chosen])


def load_labelled(path: str, model_inputs: Mapping[str, Wanted], count: Optional[int] = None,
                  scaling: Scaling = PIXELS) -> Labelled:
    """Reads labelled examples.

    Args:
        path: for a model whose one input is an image: an IDX file with its labels' file beside it, a TFRecord file (or
            a folder with some) with `image/class/label`, or a folder with a folder of pictures for each class, which
            are numbered in the order of their names. For any model: `.npz` with an array for each input, by its name,
            and `labels`.
        model_inputs: the model's inputs by tensor name, see `calibration.inputs_of`.
        count: how many at most, spread evenly over all there are; None takes all.
        scaling: from pixels to what the model takes; not for arrays, and not for inputs that take integers.

    Raises:
        DataError: files are missing, damaged or empty, there are no labels, or not one for each example.
        OptionError: images for a model without an image as its only input, or a count below 1.
    """
    if count is not None and count < 1:
        raise OptionError('%d examples are too few: take at least 1' % count)
    if not os.path.exists(path):
        raise DataError('no file or folder %s' % path)
    if path.endswith('.npz'):
        return _from_arrays(path, model_inputs, count)
    if path.endswith('.npy'):
        raise DataError('%s has no labels: give an .npz file with an array for each input and labels' % path)
    (name, wanted), = only_input(model_inputs, path).items()
    pixels, labels = labelled_images_of(path, image_shape(wanted)[0], count)
    values = fitting(name, as_taken(pixels, wanted, scaling), wanted, path)
    return Labelled({name: values}, _checked_labels(labels, path))


def _from_arrays(path: str, inputs: Mapping[str, Wanted], count: Optional[int]) -> Labelled:
    held = arrays_in(path)
    if 'labels' not in held:
        raise DataError('%s has no array labels, with a whole number for each example; it has %s'
                        % (path, ', '.join(sorted(held)) or 'none'))
    labels = _checked_labels(held['labels'], path)
    values = {name: fitting(name, array, inputs[name], path) for name, array in picked(held, inputs, path).items()}
    for name, array in values.items():
        if len(array) != len(labels):
            raise DataError('%s holds %d examples for input %s, but %d labels' % (
                path, len(array), name.split(':')[0], len(labels)))
    chosen = places(len(labels), count)
    return Labelled(values, labels).taken(np.array(chosen))


def _checked_labels(labels: np.ndarray, path: str) -> np.ndarray:
    """Returns labels as int64 `[N]`; an axis of size 1 may follow."""
    found = labels.reshape(len(labels)) if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if found.ndim != 1 or found.dtype.kind not in 'iu':
        raise DataError('%s: labels must be whole numbers, one for each example, not %s of %s' % (
            path, ' × '.join(map(str, labels.shape)) or 'one number', labels.dtype))
    if not found.size:
        raise DataError('%s holds no examples' % path)
    if int(found.min()) < 0:
        raise DataError('%s: label %d of example %d is below 0' % (path, found.min(), found.argmin()))
    return found.astype(np.int64)
