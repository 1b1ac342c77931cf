"""CIFAR-10 in its three formats gives the same images; pickles that hold more than data are refused."""

import os
import pickle
from typing import Any

import numpy as np
import pytest

from tests.train.data.written import (
    encoded,
    example,
    noise,
    write_cifar_binary,
    write_cifar_python,
    write_records,
)
from tf1pruning.errors import OptionError
from train.config import Cifar10Config
from train.data import DataError, Form, load_images
from train.data.cifar10_python import read_pickle
from train.data.files import matching

FORM = Form(32, 3, 10)
IMAGES = noise(6, 32, 3)
LABELS = [3, 1, 4, 1, 5, 9]


def load(folder: Any, **options: Any) -> Any:
    return load_images(Cifar10Config(folder=str(folder), **options), FORM)


@pytest.mark.parametrize('protocol', [0, 2, 3, 4])
def test_python_batches(tmp_path: Any, protocol: int) -> None:
    write_cifar_python(tmp_path, IMAGES, LABELS, protocol)
    images = load(tmp_path)
    assert images.train.pixels.shape == (30, 32, 32, 3)
    np.testing.assert_array_equal(images.test.pixels, IMAGES)
    np.testing.assert_array_equal(images.test.labels, LABELS)


def test_python_batches_of_python_2(tmp_path: Any) -> None:
    """The original files: written by Python 2, whose texts are bytes, with an array by columns."""
    folder = tmp_path / 'cifar-10-batches-py'
    folder.mkdir()
    write_cifar_python(folder, IMAGES, LABELS)
    rows = IMAGES.transpose(0, 3, 1, 2).reshape(6, -1)
    content = (b'\x80\x02}q\x01(U\x06labelsq\x02]q\x03(K\x03K\x01K\x04K\x01K\x05K\teU\x04dataq\x04'
               b'cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nq\x06K\x00\x85q\x07U\x01b\x87q\x08Rq\t'
               b'(K\x01K\x06M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff'
               b'K\x00tb\x88T' + (6 * 3072).to_bytes(4, 'little') + np.asfortranarray(rows).tobytes('F') + b'tbu.')
    (folder / 'test_batch').write_bytes(content)
    np.testing.assert_array_equal(load(tmp_path).test.pixels, IMAGES)


def test_binary_batches(tmp_path: Any) -> None:
    write_cifar_binary(tmp_path, IMAGES, LABELS)
    images = load(tmp_path, validation_fraction=0.2)
    np.testing.assert_array_equal(images.test.pixels, IMAGES)
    np.testing.assert_array_equal(images.test.labels, LABELS)
    assert (len(images.train.labels), len(images.validation.labels)) == (24, 6)


def test_records(tmp_path: Any) -> None:
    records = [example(content, label) for content, label in zip(encoded(IMAGES), LABELS)]
    write_records(tmp_path / 'train-00000-of-00002.tfrecord', records[:4])
    write_records(tmp_path / 'train-00001-of-00002.tfrecord', records[4:])
    write_records(tmp_path / 'cifar10_test.tfrecord', records)
    images = load(tmp_path)
    np.testing.assert_array_equal(images.train.pixels, IMAGES)
    np.testing.assert_array_equal(images.test.labels, LABELS)


def test_parts_that_are_missing_are_told(tmp_path: Any, caplog: Any) -> None:
    """Training on what there is may be wanted, and goes on; parts that a pattern leaves out are not missing."""
    for name in ('train-00000-of-00003', 'train-00002-of-00003', 'test-0-of-1', 'of-7', 'test-x-of-y'):
        (tmp_path / name).write_bytes(b'')
    assert len(matching(str(tmp_path), 'train*')) == 2
    assert 'only the other parts are read, since train-00001-of-00003 is not there; 1 missing' in caplog.text
    (tmp_path / 'train-00001-of-00003').write_bytes(b'')
    for pattern in ('train-0000[02]*', '*'):
        assert matching(str(tmp_path), pattern)
    assert caplog.text.count('not there') == 1


def test_nothing_there(tmp_path: Any) -> None:
    with pytest.raises(DataError, match=r'no CIFAR-10 in .*expected data_batch_\[1-5\].bin, or data_batch_\[1-5\], or'):
        load(tmp_path)
    write_cifar_binary(tmp_path, IMAGES, LABELS)
    os.rename(str(tmp_path / 'data_batch_4.bin'), str(tmp_path / 'elsewhere'))
    with pytest.raises(DataError, match='no file data_batch_4.bin in .*: fetch it again'):
        load(tmp_path)
    os.rename(str(tmp_path / 'elsewhere'), str(tmp_path / 'data_batch_4.bin'))
    os.remove(str(tmp_path / 'test_batch.bin'))
    with pytest.raises(DataError, match='no file test_batch.bin in'):
        load(tmp_path)


def test_damaged_files_are_named(tmp_path: Any) -> None:
    write_cifar_binary(tmp_path, IMAGES, LABELS)
    (tmp_path / 'data_batch_3.bin').write_bytes(bytes(3000))
    with pytest.raises(DataError, match='data_batch_3.bin is damaged: its 3000 bytes are no multiple of 3073'):
        load(tmp_path)


def test_labels_out_of_range(tmp_path: Any) -> None:
    write_cifar_binary(tmp_path, IMAGES, [3, 1, 4, 10, 5, 9])
    with pytest.raises(DataError, match=r'data_batch_1.bin: record 3 \(label 10 where there are 10 classes\)'):
        load(tmp_path)
    assert len(load(tmp_path, max_bad_records=6).test.labels) == 5


def test_networks_for_other_images_are_refused(tmp_path: Any) -> None:
    with pytest.raises(OptionError, match='images of cifar10 are 32 × 32 × 3, but the network takes 28 × 28 × 1'):
        load_images(Cifar10Config(folder=str(tmp_path)), Form(28, 1, 10))


class Evil:
    """Runs a command when it is loaded."""

    def __reduce__(self) -> Any:
        return os.mkdir, ('evil',)


def test_pickles_run_nothing(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    write_cifar_python(tmp_path, IMAGES, LABELS)
    (tmp_path / 'data_batch_2').write_bytes(pickle.dumps({b'data': Evil(), b'labels': []}))
    with pytest.raises(DataError, match='refused to load .*data_batch_2: it holds (posix|nt).mkdir; only dictionaries'):
        load(tmp_path)
    assert not (tmp_path / 'evil').exists()


@pytest.mark.parametrize(('content', 'message'), [
    ({b'data': np.array([Evil()], object)}, 'holds an array of O8; only numbers|holds posix.mkdir'),
    ({b'data': np.array(['text'])}, 'holds an array of U4; only numbers'),
    ({b'data': np.zeros(3, 'u1,f4')}, 'holds an array of V5; only numbers'),
    ({b'data': {1, 2}, b'more': np.float32(3)}, 'scalar; only dictionaries|set; only'),
    (7, 'is damaged, or no pickle of a dictionary'),
])
def test_other_things_are_refused(tmp_path: Any, content: Any, message: str) -> None:
    (tmp_path / 'batch').write_bytes(pickle.dumps(content, 2))
    with pytest.raises(DataError, match=message):
        read_pickle(str(tmp_path / 'batch'))


@pytest.mark.parametrize('content', [b'', b'\x80\x02}', b'garbage', b'\x80\x02cnumpy\nndarray\nq\x01.',
                                     b'\x80\x02}U\x01ac__main__\n'])
def test_damaged_pickles_are_named(tmp_path: Any, content: bytes) -> None:
    (tmp_path / 'batch').write_bytes(content)
    with pytest.raises(DataError, match='batch'):
        read_pickle(str(tmp_path / 'batch'))


def test_batches_without_the_right_content_are_named(tmp_path: Any) -> None:
    write_cifar_python(tmp_path, IMAGES, LABELS)
    for content, message in (({b'data': IMAGES}, "no b'labels'"), ({b'data': np.zeros([2, 3072]), b'labels': [1, 2]},
                             '2 rows of float64'), ({b'data': np.zeros([2, 7], np.uint8), b'labels': [1]}, 'reshape')):
        (tmp_path / 'data_batch_1').write_bytes(pickle.dumps(content, 2))
        with pytest.raises(DataError, match='data_batch_1 is no batch of CIFAR-10.*' + message):
            load(tmp_path)
