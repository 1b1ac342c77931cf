"""MNIST's IDX files: read as they are, and refused with a reason."""

import os
import zlib
from typing import Any

import numpy as np
import pytest

from tests.train.data.written import write_idx, write_mnist
from tf1pruning.errors import OptionError
from train.config import FashionMnistConfig, MnistConfig
from train.data import DataError, Form, load_images

FORM = Form(28, 1, 10)
TRUNCATED = zlib.compressobj(9, zlib.DEFLATED, 31).compress(bytes(2000)) + bytes(10)
"""The beginning of a gzip file, without a time in it."""


@pytest.mark.parametrize(('ending', 'dash'), [('.gz', '-'), ('', '-'), ('', '.')])
def test_reads_what_was_written(tmp_path: Any, ending: str, dash: str) -> None:
    written = write_mnist(tmp_path, 30, ending, dash)
    images = load_images(MnistConfig(folder=str(tmp_path)), FORM)
    assert images.train.pixels.dtype == np.uint8
    np.testing.assert_array_equal(images.train.pixels[..., 0], written)
    np.testing.assert_array_equal(images.test.labels, np.arange(30) % 10)
    assert images.validation is None
    np.testing.assert_allclose(images.train.images, (written[..., None] - 33.32) / 78.57, rtol=1e-4, atol=1e-5)


def test_fashion_mnist_has_the_same_files_and_other_brightness(tmp_path: Any) -> None:
    write_mnist(tmp_path)
    config = FashionMnistConfig(folder=str(tmp_path), validation_fraction=1 / 3)
    images = load_images(config, FORM)
    assert (len(images.train.labels), len(images.validation.labels)) == (20, 10)
    assert images.train.normalisation.mean == (72.94,)


def test_labels_out_of_range_are_left_out_up_to_a_limit(tmp_path: Any) -> None:
    write_mnist(tmp_path, ending='')
    labels = np.arange(30) % 10
    labels[[3, 7]] = 10
    write_idx(str(tmp_path / 'train-labels-idx1-ubyte'), labels.astype(np.uint8))
    images = load_images(MnistConfig(folder=str(tmp_path), max_bad_records=2), FORM)
    assert (len(images.train.labels), len(images.bad)) == (28, 2)
    assert 10 not in images.train.labels
    with pytest.raises(DataError, match=r'2 bad records, where max_bad_records allows 1; the last is '
                                        r'train-labels-idx1-ubyte: record 7 \(label 10 where there are 10 classes\)'):
        load_images(MnistConfig(folder=str(tmp_path), max_bad_records=1), FORM)


def test_nothing_but_bad_records_is_named(tmp_path: Any) -> None:
    write_mnist(tmp_path, ending='')
    write_idx(str(tmp_path / 't10k-labels-idx1-ubyte'), np.full(30, 10, np.uint8))
    with pytest.raises(DataError, match='no test images of mnist are left that can be used'):
        load_images(MnistConfig(folder=str(tmp_path), max_bad_records=1000), FORM)


def test_missing_files_are_named(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match='no folder for the images of mnist: give --data DIR'):
        load_images(MnistConfig(), FORM)
    with pytest.raises(DataError, match='no folder .*nowhere for the images of mnist'):
        load_images(MnistConfig(folder=str(tmp_path / 'nowhere')), FORM)
    with pytest.raises(DataError, match='no file train-images-idx3-ubyte or train-images-idx3-ubyte.gz or'):
        load_images(MnistConfig(folder=str(tmp_path)), FORM)


@pytest.mark.parametrize(('name', 'content', 'message'), [
    ('train-images-idx3-ubyte', b'PNG', 'is no IDX file of bytes with 3 axes'),
    ('train-labels-idx1-ubyte', bytes([0, 0, 13, 1]) + bytes(8), 'is no IDX file of bytes with 1 axes'),
    ('train-labels-idx1-ubyte', bytes([0, 0, 8, 1, 0, 0, 0, 30]) + bytes(29), 'promises 30 bytes, it has 29'),
    ('train-labels-idx1-ubyte', bytes([0, 0, 8, 1, 0, 0, 0, 2]) + bytes(2), 'holds 30 images, but .* 2 labels'),
    ('train-images-idx3-ubyte', TRUNCATED, 'is damaged .*fetch it again'),
    ('train-images-idx3-ubyte', b'\x1f\x8b' + bytes(50), 'is damaged .*fetch it again'),
])
def test_damaged_files_are_named(tmp_path: Any, name: str, content: bytes, message: str) -> None:
    write_mnist(tmp_path, ending='')
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        load_images(MnistConfig(folder=str(tmp_path)), FORM)
    assert '\n' not in str(error.value)
    assert name in str(error.value)


@pytest.mark.parametrize('form', [Form(32, 1, 10), Form(28, 3, 10)])
def test_networks_for_other_images_are_refused(tmp_path: Any, form: Form) -> None:
    write_mnist(tmp_path)
    with pytest.raises(OptionError, match='images of mnist are 28 × 28 × 1, but the network takes .*set image_size'):
        load_images(MnistConfig(folder=str(tmp_path)), form)


def test_normalisation_for_other_channels_is_refused(tmp_path: Any) -> None:
    write_mnist(tmp_path)
    with pytest.raises(OptionError, match='mean has 3 numbers, but the images have 1 channels'):
        load_images(MnistConfig(folder=str(tmp_path), mean=(1.0, 2.0, 3.0)), FORM)


def test_unreadable_files_are_named(tmp_path: Any) -> None:
    write_mnist(tmp_path, ending='')
    os.remove(str(tmp_path / 't10k-labels-idx1-ubyte'))
    os.symlink(str(tmp_path / 'gone'), str(tmp_path / 't10k-labels-idx1-ubyte'))
    with pytest.raises(DataError, match='no file t10k-labels'):
        load_images(MnistConfig(folder=str(tmp_path)), FORM)
