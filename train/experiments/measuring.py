"""A TFLite file on test images: its outputs and times, and what deflation makes of it."""

import contextlib
import os
import time
import zlib
from typing import Dict, List, NamedTuple, Sequence, Tuple

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


def outputs_of(path: str, images: np.ndarray) -> np.ndarray:
    """Runs a file on one image after the other; returns `[N, classes]`."""
    with open_runtime(path, 1) as runtime:
        return np.stack([np.asarray(runtime.run([image[np.newaxis]])[0]).reshape(-1) for image in images])


class Times(NamedTuple):
    """How long a file takes for an image, in milliseconds.

    Attributes:
        mean: of all runs but the first.
        median: of the same; a machine that does something else in between does not show in it.
    """

    mean: float
    median: float


def times_of(paths: Sequence[str], images: np.ndarray) -> List[Times]:
    """Measures how long files take for an image, on one thread.

    Every file runs on every image in turn, from the front and from the back, so that what slows the machine down slows
    all of them. The first call of each, in which memory is still to be had, is left out where there are others.
    """
    times = np.zeros((len(images), len(paths)))
    with contextlib.ExitStack() as stack:
        runtimes = [stack.enter_context(open_runtime(path, 1)) for path in paths]
        for number, image in enumerate(images):
            order = range(len(paths))
            for place in order if number % 2 else reversed(order):
                start = time.perf_counter()
                runtimes[place].run([image[np.newaxis]])
                times[number, place] = 1e3 * (time.perf_counter() - start)
    counted = times[1:] if len(times) > 1 else times
    return [Times(float(np.mean(own)), float(np.median(own))) for own in counted.T]


def as_record(size: Size, path: str) -> Dict[str, object]:
    """Returns sizes as plain data."""
    return {'file': os.path.basename(path), 'bytes': size.bytes, 'deflated': size.deflated,
            'deflation': size.deflation}
