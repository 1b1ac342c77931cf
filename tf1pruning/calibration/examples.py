"""Examples for a model, from whatever files hold them."""

import os
from typing import List, Mapping

import numpy as np

from ..errors import DataError
from .arrays import arrays_of, is_array_file
from .images import images_of, spread
from .scaling import PIXELS, Scaling
from .wanted import Wanted, as_taken, fitting, image_shape, only_input

Example = Mapping[str, np.ndarray]
"""Values of a model's inputs, by tensor name."""
COUNT = 100
"""How many examples are taken, where nobody says."""


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
    if is_array_file(path):
        arrays = arrays_of(path, inputs)
    else:
        (name, wanted), = only_input(inputs, path).items()
        arrays = {name: as_taken(images_of(path, count * wanted.batch, image_shape(wanted)[0]), wanted, scaling)}
    taken = {name: fitting(name, arrays[name], wanted, path) for name, wanted in inputs.items()}
    batches = min(len(taken[name]) // wanted.batch for name, wanted in inputs.items())
    if not batches:
        few = min(inputs, key=lambda name: len(taken[name]) / inputs[name].batch)
        raise DataError('%s holds %d examples for input %s, less than one batch of %d: give more, or take fewer at '
                        'once (--batch, or the batch in --inputs)' % (
                            path, len(taken[few]), few.split(':')[0], inputs[few].batch))
    return [{name: taken[name][each * wanted.batch:(each + 1) * wanted.batch].reshape(wanted.shape)
             for name, wanted in inputs.items()} for each in spread(batches, count)]
