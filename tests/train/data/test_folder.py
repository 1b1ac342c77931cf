"""Folders of pictures: classes, parts, sizes; what is no picture is counted and left out."""

from typing import Any

import numpy as np
import pytest

from tests.train.data.drawn import drawn, same
from tests.train.data.written import noise, write_pictures
from tf1pruning.errors import OptionError
from train.config import FolderConfig
from train.data import DataError, Form, load_images

FORM = Form(6, 3, 2)
IMAGES = noise(12, 6, 3)


def write(folder: Any) -> None:
    write_pictures(folder / 'train', IMAGES, 2)
    write_pictures(folder / 'test', IMAGES[:4], 2)


def load(folder: Any, form: Form = FORM, **options: Any) -> Any:
    return load_images(FolderConfig(folder=str(folder), **options), form)


def test_reads_what_was_written_class_by_class(tmp_path: Any) -> None:
    write(tmp_path)
    (tmp_path / 'train' / 'class_0' / 'notes.txt').write_text('no picture')
    (pixels, labels), = load(tmp_path).train.raw_batches(20)
    np.testing.assert_array_equal(labels, [0] * 6 + [1] * 6)
    np.testing.assert_array_equal(pixels, np.concatenate([IMAGES[::2], IMAGES[1::2]]))


def test_in_memory_is_the_same(tmp_path: Any) -> None:
    write(tmp_path)
    np.testing.assert_array_equal(load(tmp_path, in_memory=True).train.images, load(tmp_path).train.arrays()[0])


def test_parts_of_one_folder(tmp_path: Any) -> None:
    write_pictures(tmp_path, IMAGES, 2)
    images = load(tmp_path, train_folder='', test_folder='', test_fraction=1 / 3, validation_fraction=0.25)
    parts = [list(part.raw_batches(20))[0] for part in images[:3]]
    assert [np.bincount(labels).tolist() for _, labels in parts] == [[3, 3], [2, 2], [1, 1]]
    every = {image.tobytes() for pixels, _ in parts for image in pixels}
    assert len(every) == 12


def test_training_goes_on_as_if_there_had_been_no_interruption(tmp_path: Any) -> None:
    write(tmp_path)
    train = load(tmp_path).train
    whole = drawn(train, 8)
    assert same(whole, drawn(train, 8))
    assert same(whole[5:], drawn(train, 3, start=20))
    assert not same(whole, drawn(train, 8, seed=1))


@pytest.mark.parametrize(('fit', 'expected'), [('crop', [1, 2]), ('stretch', [0.5, 2.5])])
def test_other_sizes_become_squares(tmp_path: Any, fit: str, expected: Any) -> None:
    """A picture of 4 × 8, each of its four stripes with a brightness of its own, becomes 2 × 2."""
    picture = np.repeat(np.arange(4, dtype=np.uint8) * 40, 2)[np.newaxis, :, np.newaxis] * np.ones([4, 1, 3], np.uint8)
    write_pictures(tmp_path / 'train', [picture, picture], 2)
    write_pictures(tmp_path / 'test', [picture, picture], 2)
    (pixels, _), = load(tmp_path, Form(2, 3, 2), fit=fit).train.raw_batches(2)
    np.testing.assert_array_equal(pixels[0, 0, :, 0], np.array(expected) * 40)


def test_grey_and_jpeg(tmp_path: Any) -> None:
    flat = np.full([4, 6, 6, 3], 90, np.uint8)
    write_pictures(tmp_path / 'train', flat, 2, jpeg=True)
    write_pictures(tmp_path / 'test', flat, 2, jpeg=True)
    (pixels, _), = load(tmp_path, Form(6, 1, 2), mean=(0.0,), deviation=(1.0,)).train.raw_batches(4)
    assert pixels.shape == (4, 6, 6, 1)
    assert np.abs(pixels.astype(int) - 90).max() <= 1


def test_bad_pictures_are_left_out_up_to_a_limit(tmp_path: Any) -> None:
    write(tmp_path)
    (tmp_path / 'train' / 'class_1' / '001.PNG').write_bytes(b'no picture')
    images = load(tmp_path, max_bad_records=1)
    assert len(images.train.arrays()[1]) == 11
    assert len(images.bad) == 1
    with pytest.raises(DataError, match=r'1 bad records, .* the last is .*class_1/001.PNG \(not decodable'):
        load(tmp_path, in_memory=True)


def test_training_goes_on_as_if_bad_pictures_had_been_met(tmp_path: Any) -> None:
    """Whatever is skipped: less than a round of the 9 pictures that are left, one, or more."""
    write(tmp_path)
    for name in ('class_1/001.PNG', 'class_0/004.PNG', 'class_1/011.PNG'):
        (tmp_path / 'train' / name).write_bytes(b'no picture')
    whole = drawn(load(tmp_path, max_bad_records=3).train, 30, batch=1)
    for start in (5, 9, 23):
        images = load(tmp_path, max_bad_records=3)
        assert same(whole[start:], drawn(images.train, 30 - start, batch=1, start=start))
        assert len(images.bad) == 3
    with pytest.raises(DataError, match='3 bad records, where max_bad_records allows 2'):
        drawn(load(tmp_path, max_bad_records=2).train, 1, start=5)


def test_pictures_are_looked_at_before_going_on_only_if_bad_ones_are_allowed(tmp_path: Any, caplog: Any) -> None:
    write(tmp_path)
    caplog.set_level('INFO')
    drawn(load(tmp_path).train, 1, start=5)
    drawn(load(tmp_path, max_bad_records=1).train, 1)
    assert 'decoded once' not in caplog.text
    train = load(tmp_path, max_bad_records=1).train
    for start in (5, 9):
        drawn(train, 1, start=start)
    assert caplog.text.count('train: every picture is decoded once, to know which ones are left out') == 1


def test_mistakes_are_named(tmp_path: Any) -> None:
    with pytest.raises(DataError, match='no folder .*train, with a sub-folder for each class'):
        load(tmp_path)
    write(tmp_path)
    with pytest.raises(OptionError, match='train holds 2 classes, but the network has 3: set classes'):
        load(tmp_path, Form(6, 3, 3))
    write_pictures(tmp_path / 'test', IMAGES[:3], 3)
    with pytest.raises(DataError, match='test has classes that are not trained: class_2'):
        load(tmp_path)
    with pytest.raises(OptionError, match='pictures have 1 channel or 3, but the network takes 4: set image_channels'):
        load(tmp_path, Form(6, 4, 2))
    (tmp_path / 'empty' / 'class_0').mkdir(parents=True)
    with pytest.raises(DataError, match='no PNG or JPEG files in the sub-folders of .*empty'):
        load(tmp_path, test_folder='empty')
    with pytest.raises(OptionError, match='set either test_folder or test_fraction'):
        load(tmp_path, test_fraction=0.1)
