"""Pixels from IDX files, TFRecord files and folders of pictures."""

import os
from typing import Any, Iterable, Iterator, List, Mapping, Sequence, Tuple

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import DataError
from ..files import content_of, files_below
from ..graph.shapes import first_line
from ..tf1 import tf
from .idx import read_idx
from .picture import fitted, picture

Shape = Tuple[int, int, int]
"""Height, width, channels."""
Features = Mapping[str, Any]
"""The `tf.train.Feature`s of an example."""
_PICTURES = ('.png', '.jpg', '.jpeg')
_ENCODED = ('image/encoded', 'image', 'image_raw', 'image/raw')
"""Features in which TFRecord files hold images, the first one that is there."""


def images_of(path: str, count: int, shape: Shape) -> np.ndarray:
    """Reads some images, spread evenly over all there are; those of another size are cropped and resized.

    Args:
        path: an IDX file, a TFRecord file, or a folder with PNG, JPEG or TFRecord files somewhere in it.
        count: how many at most.
        shape: what the network takes.

    Returns:
        uint8 `[N, H, W, C]`.

    Raises:
        DataError: there are none, or one cannot be read.
    """
    if os.path.isdir(path):
        return _of_folder(path, count, shape)
    if is_idx(path):
        images = read_idx(path, 3)
        return fitting_images(images[spread(len(images), count)], shape, path)
    return decoded(list(_records([path], count)), shape, path)


def is_idx(path: str) -> bool:
    """Whether a file's name says that it holds images as MNIST has them."""
    return 'idx' in os.path.basename(path) and '-ubyte' in path


def spread(total: int, count: int) -> List[int]:
    """Returns up to `count` numbers below `total`, evenly spread, 0 the first."""
    return [each * total // min(total, count) for each in range(min(total, count))]


def _of_folder(path: str, count: int, shape: Shape) -> np.ndarray:
    files = files_below(path)
    pictures = [name for name in files if is_picture(name)]
    if pictures:
        chosen = [pictures[each] for each in spread(len(pictures), count)]
        return decoded((content_of(name) for name in chosen), shape, path, chosen)
    records = [name for name in files if is_record_file(name)]
    if not records:
        raise DataError('no PNG, JPEG or TFRecord files in %s' % path)
    return decoded(list(_records(records, count)), shape, path)


def is_picture(name: str) -> bool:
    """Whether a file's name says that it is a PNG or JPEG."""
    return name.lower().endswith(_PICTURES)


def is_record_file(name: str) -> bool:
    """Whether a file's name says that it holds records."""
    return 'tfrecord' in os.path.basename(name).lower()


def fitting_images(images: np.ndarray, shape: Shape, path: str) -> np.ndarray:
    """Brings grey images, uint8 `[N, height, width]`, to the size and the number of channels that are wanted.

    Raises:
        DataError: there are none.
    """
    if not images.size:
        raise DataError('no images in %s' % path)
    chosen = np.repeat(images[..., np.newaxis], shape[2], axis=3)
    if chosen.shape[1:] == tuple(shape):
        return chosen
    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.placeholder(tf.uint8, chosen.shape[1:])
        brought = fitted(image, shape)
        return np.stack([session.run(brought, {image: each}) for each in chosen])


def _records(paths: Sequence[str], count: int) -> Iterator[bytes]:
    """Yields the first images of some TFRecord files, as many from each."""
    each = max(1, -(-count // len(paths)))
    taken = 0
    for path in paths:
        for number, record in enumerate(records_in(path)):
            if number == each or taken == count:
                break
            taken += 1
            yield image_in(features_of(record, path), path)


def records_in(path: str) -> Iterator[bytes]:
    """Yields the records of a TFRecord file.

    Raises:
        DataError: it is none, or damaged.
    """
    try:
        yield from tf.io.tf_record_iterator(path)
    except tf.errors.OpError as error:
        raise _no_records(path, error) from error


def _no_records(path: str, error: Exception) -> DataError:
    return DataError('%s is no TFRecord file of images, or it is damaged (%s): expected IDX, TFRecord, .npy, .npz or a '
                     'folder' % (path, first_line(error)))


def features_of(record: bytes, path: str) -> Features:
    """Returns what a `tf.train.Example` holds, by name.

    Raises:
        DataError: it is none.
    """
    try:
        return dict(tf.train.Example.FromString(record).features.feature)
    except DecodeError as error:
        raise _no_records(path, error) from error


def image_in(features: Features, path: str) -> bytes:
    """Returns the image of an example: PNG, JPEG, or pixels.

    Raises:
        DataError: there is none.
    """
    for name in _ENCODED:
        if name in features and features[name].bytes_list.value:
            return bytes(features[name].bytes_list.value[0])
    raise DataError('%s has no feature %s: %s' % (path, ' or '.join(_ENCODED), ', '.join(sorted(features)) or 'none'))


def decoded(contents: Iterable[bytes], shape: Shape, path: str, names: Sequence[str] = ()) -> np.ndarray:
    """Decodes PNG and JPEG; bytes of just the right number are pixels.

    Args:
        contents: of the images.
        shape: what the network takes.
        path: where they come from.
        names: of the images, where they are files.

    Returns:
        uint8 `[N, H, W, C]`.

    Raises:
        DataError: there are none, or one cannot be decoded.
    """
    found: List[np.ndarray] = []
    with tf.Graph().as_default(), tf.Session() as session:
        content = tf.placeholder(tf.string, [])
        image = picture(content, shape)
        for number, each in enumerate(contents):
            if len(each) == int(np.prod(shape)) and not each.startswith((b'\x89PNG', b'\xff\xd8')):
                found.append(np.frombuffer(each, np.uint8).reshape(shape))
                continue
            try:
                found.append(session.run(image, {content: each}))
            except tf.errors.OpError as error:
                name = names[number] if names else 'an image in %s' % path
                raise DataError('%s cannot be decoded: %s' % (name, first_line(error))) from error
    if not found:
        raise DataError('no images in %s' % path)
    return np.stack(found)
