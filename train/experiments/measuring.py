"""A TFLite file on test images: its outputs and times, and what deflation makes of it."""

import os
import time
import zlib
from typing import Dict, NamedTuple, Tuple

import numpy as np

from tf1pruning.errors import DataError, OptionError
from tf1pruning.files import content_of
from tf1pruning.runtimes import open_runtime

from ..data import Examples

_LEVEL = 9


class Size(NamedTuple):
    """How large a file is.

    Attributes:
        bytes: as it is.
        deflated: after deflation, which is what zip archives do; in bytes.
    """

    bytes: int
    deflated: int

    @property
    def deflation(self) -> float:
        """The part of the file that deflation takes away."""
        return 1 - self.deflated / self.bytes


def size_of(path: str) -> Size:
    """Measures a file."""
    content = content_of(path)
    return Size(len(content), len(zlib.compress(content, _LEVEL)))


def some_images(examples: Examples, fraction: float) -> Tuple[np.ndarray, np.ndarray]:
    """Returns a part of labelled images, taken evenly from all places.

    Args:
        examples: all of them.
        fraction: the part, above 0, up to 1.

    Raises:
        OptionError: the fraction is out of its range.
        DataError: there are no images.
    """
    if not 0 < fraction <= 1:
        raise OptionError('--test-dataset-fraction %g is not above 0 and at most 1' % fraction)
    images, labels = examples.arrays()
    if not len(labels):
        raise DataError('there are no test images')
    count = max(1, int(round(fraction * len(labels))))
    chosen = np.arange(count) * len(labels) // count
    return images[chosen], labels[chosen]


def outputs_and_time(path: str, images: np.ndarray) -> Tuple[np.ndarray, float]:
    """Runs a file on one image after the other.

    Returns:
        Outputs `[N, classes]`, and the mean milliseconds of a run; the first one, in which memory is still to be had,
        is left out where there are others.
    """
    outputs, times = [], []
    with open_runtime(path, 1) as runtime:
        for image in images:
            start = time.perf_counter()
            found = runtime.run([image[np.newaxis]])
            times.append(1e3 * (time.perf_counter() - start))
            outputs.append(np.asarray(found[0]).reshape(-1))
    return np.stack(outputs), float(np.mean(times[1:] or times))


def as_record(size: Size, path: str) -> Dict[str, object]:
    """Returns sizes as plain data."""
    return {'file': os.path.basename(path), 'bytes': size.bytes, 'deflated': size.deflated,
            'deflation': size.deflation}
