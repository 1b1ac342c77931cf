"""Images with their classes, from IDX files, TFRecord files and folders with a folder for each class."""

import os
from typing import Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import DataError
from ..files import content_of, files_below
from .idx import read_idx
from .images import (
    Features,
    Shape,
    decoded,
    features_of,
    fitting_images,
    image_in,
    is_idx,
    is_picture,
    is_record_file,
    records_in,
    spread,
)

_LABELS = ('image/class/label', 'label', 'image/label')
"""Features in which TFRecord files hold classes, the first one that is there."""

Labelled = Tuple[np.ndarray, np.ndarray]
"""uint8 `[N, H, W, C]` and int64 `[N]`."""


def labelled_images_of(path: str, shape: Shape, count: Optional[int] = None) -> Labelled:
    """Reads images and their classes; those of another size are cropped and resized.

    Args:
        path: an IDX file with its labels' file beside it; a TFRecord file, or a folder with some; or a folder with a
            folder of PNG or JPEG files for each class, which are numbered in the order of their names.
        shape: what the network takes.
        count: how many at most, spread evenly over all there are; None takes all.

    Raises:
        DataError: there are none, one cannot be read, or there are no labels.
    """
    if os.path.isdir(path):
        return _of_folder(path, shape, count)
    if is_idx(path):
        return _of_idx(path, shape, count)
    return _of_records([path], shape, count, path)


def places(total: int, count: Optional[int]) -> List[int]:
    """Returns which of some examples are taken."""
    return list(range(total)) if count is None else spread(total, count)


def labels_beside(path: str) -> str:
    """Returns the path of the labels that belong to an IDX file of images.

    Raises:
        DataError: there is no such file.
    """
    folder, name = os.path.split(path)
    stem = name[:-3] if name.endswith('.gz') else name
    wanted = stem.replace('images', 'labels').replace('idx3', 'idx1')
    if wanted == stem:
        raise DataError('%s: no name of a file of images, such as t10k-images-idx3-ubyte.gz, so that its labels cannot '
                        'be found' % path)
    for each in (wanted, wanted + '.gz'):
        if os.path.isfile(os.path.join(folder, each)):
            return os.path.join(folder, each)
    raise DataError('no labels for %s: expected %s beside it' % (path, wanted))


def _of_idx(path: str, shape: Shape, count: Optional[int]) -> Labelled:
    images = read_idx(path, 3)
    labels = read_idx(labels_beside(path), 1)
    if len(images) != len(labels):
        raise DataError('%s holds %d images, but %s %d labels' % (path, len(images), labels_beside(path), len(labels)))
    chosen = places(len(images), count)
    return fitting_images(images[chosen], shape, path), labels[chosen].astype(np.int64)


def _of_folder(path: str, shape: Shape, count: Optional[int]) -> Labelled:
    files = files_below(path)
    pictures = [name for name in files if is_picture(name)]
    if not pictures:
        records = [name for name in files if is_record_file(name)]
        if not records:
            raise DataError('no PNG, JPEG or TFRecord files in %s' % path)
        return _of_records(records, shape, count, path)
    classes = sorted(each.name for each in os.scandir(path) if each.is_dir() and not each.name.startswith('.'))
    first = [os.path.relpath(name, path).split(os.sep)[0] for name in pictures]
    loose = [name for name, folder in zip(pictures, first) if folder not in classes]
    if loose:
        raise DataError('%s lies in no folder of a class: %s needs a folder for each class' % (loose[0], path))
    chosen = places(len(pictures), count)
    names = [pictures[each] for each in chosen]
    labels = np.array([classes.index(first[each]) for each in chosen], np.int64)
    return decoded((content_of(name) for name in names), shape, path, names), labels


def _of_records(paths: Sequence[str], shape: Shape, count: Optional[int], place: str) -> Labelled:
    labels: List[int] = []

    def contents() -> Iterator[bytes]:
        for features, path in _chosen_records(paths, count):
            labels.append(_label_in(features, path))
            yield image_in(features, path)
    return decoded(contents(), shape, place), np.array(labels, np.int64)


def _chosen_records(paths: Sequence[str], count: Optional[int]) -> Iterator[Tuple[Features, str]]:
    """Yields examples; where not all are wanted, they are counted first."""
    chosen = None if count is None else set(spread(sum(1 for path in paths for _ in records_in(path)), count))
    number = 0
    for path in paths:
        for record in records_in(path):
            if chosen is None or number in chosen:
                yield features_of(record, path), path
            number += 1


def _label_in(features: Features, path: str) -> int:
    for name in _LABELS:
        if name in features and features[name].int64_list.value:
            return int(features[name].int64_list.value[0])
    raise DataError('%s has no feature %s with a whole number: %s' % (
        path, ' or '.join(_LABELS), ', '.join(sorted(features)) or 'none'))
