"""Images with their classes, from every kind of file; or what is wrong with them."""

import os
from typing import Any

import numpy as np
import pytest

from tests.train.data.written import encoded, example, noise, write_idx, write_mnist, write_pictures, write_records
from tf1pruning.calibration.labels import labelled_images_of
from tf1pruning.errors import DataError

SHAPE = (28, 28, 1)


@pytest.mark.parametrize(('ending', 'dash'), [('.gz', '-'), ('', '.')])
def test_idx_with_its_labels_beside_it(tmp_path: Any, ending: str, dash: str) -> None:
    images = write_mnist(tmp_path, 30, ending, dash)
    path = str(tmp_path / ('t10k-images%sidx3-ubyte%s' % (dash, ending)))
    pixels, labels = labelled_images_of(path, SHAPE)
    np.testing.assert_array_equal(pixels[..., 0], images)
    assert labels.tolist() == [number % 10 for number in range(30)]
    pixels, labels = labelled_images_of(path, SHAPE, 3)
    assert labels.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(pixels[..., 0], images[::10])


def test_idx_without_labels(tmp_path: Any) -> None:
    write_mnist(tmp_path, 5, '')
    path = str(tmp_path / 't10k-images-idx3-ubyte')
    os.remove(str(tmp_path / 't10k-labels-idx1-ubyte'))
    with pytest.raises(DataError, match='no labels for .*t10k-images.*: expected .*t10k-labels-idx1-ubyte beside it'):
        labelled_images_of(path, SHAPE)
    write_idx(str(tmp_path / 't10k-labels-idx1-ubyte'), np.zeros(4, np.uint8))
    with pytest.raises(DataError, match='holds 5 images, but .* 4 labels'):
        labelled_images_of(path, SHAPE)


def test_an_idx_file_of_another_name(tmp_path: Any) -> None:
    write_idx(str(tmp_path / 'pictures-idx-ubyte'), np.zeros((2, 28, 28), np.uint8))
    with pytest.raises(DataError, match='its labels cannot be found'):
        labelled_images_of(str(tmp_path / 'pictures-idx-ubyte'), SHAPE)


def test_records(tmp_path: Any) -> None:
    images = noise(6, 28, 1)
    for number in range(2):
        write_records(tmp_path / ('part-%d.tfrecord' % number), [
            example(content, label) for label, content in list(enumerate(encoded(images)))[3 * number:3 * number + 3]])
    pixels, labels = labelled_images_of(str(tmp_path), SHAPE)
    assert labels.tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(pixels, images)
    pixels, labels = labelled_images_of(str(tmp_path), SHAPE, 3)
    assert labels.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(pixels, images[::2])


def test_records_without_labels(tmp_path: Any) -> None:
    write_records(tmp_path / 'a.tfrecord', [example(encoded(noise(1, 28, 1))[0], None)])
    with pytest.raises(DataError, match='has no feature image/class/label or label .*: image/encoded'):
        labelled_images_of(str(tmp_path / 'a.tfrecord'), SHAPE)


def test_no_records_at_all(tmp_path: Any) -> None:
    (tmp_path / 'a.tfrecord').write_bytes(b'')
    with pytest.raises(DataError, match='no images in'):
        labelled_images_of(str(tmp_path / 'a.tfrecord'), SHAPE)


def test_folders_of_classes(tmp_path: Any) -> None:
    images = noise(6, 28, 1)
    write_pictures(tmp_path, images, 3)
    pixels, labels = labelled_images_of(str(tmp_path), SHAPE)
    assert labels.tolist() == [0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(pixels, images[[0, 3, 1, 4, 2, 5]])


def test_pictures_outside_the_folders(tmp_path: Any) -> None:
    write_pictures(tmp_path, noise(2, 28, 1), 2)
    (tmp_path / 'loose.png').write_bytes(b'')
    with pytest.raises(DataError, match=r'loose\.png lies in no folder of a class'):
        labelled_images_of(str(tmp_path), SHAPE)
