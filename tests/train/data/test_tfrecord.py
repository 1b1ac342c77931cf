"""TFRecord files: keys, encodings and parts; bad records are counted and left out."""

import os
from typing import Any, List, Set

import numpy as np
import pytest

from tests.train.data.drawn import batches, drawn, same
from tests.train.data.written import encoded, example, noise, write_records
from tf1pruning.tf1 import tf
from train.config import TFRecordConfig
from train.data import DataError, Form, load_images

FORM = Form(6, 3, 5)
COUNT = 40
IMAGES = noise(COUNT, 6, 3)


def write(folder: Any, count: int = COUNT, **keys: str) -> None:
    records = [example(content, number % 5, **keys) for number, content in enumerate(encoded(IMAGES[:count]))]
    half = count // 2
    write_records(folder / 'train-0', records[:half])
    write_records(folder / 'train-1', records[half:])
    write_records(folder / 'test-0', records[:7])


def load(folder: Any, form: Form = FORM, **options: Any) -> Any:
    return load_images(TFRecordConfig(folder=str(folder), **options), form)


def test_reads_what_was_written_in_order(tmp_path: Any) -> None:
    write(tmp_path)
    images = load(tmp_path)
    pixels, labels = zip(*images.train.raw_batches(16))
    np.testing.assert_array_equal(np.concatenate(pixels), IMAGES)
    np.testing.assert_array_equal(np.concatenate(labels), np.arange(COUNT) % 5)
    assert sum(len(labels) for _, labels in images.test.batches()) == 7


def test_in_memory_is_the_same(tmp_path: Any) -> None:
    write(tmp_path)
    images = load(tmp_path, in_memory=True)
    np.testing.assert_array_equal(images.train.pixels, IMAGES)
    np.testing.assert_array_equal(images.train.arrays()[0], load(tmp_path).train.arrays()[0])


def seen(several: List[Any]) -> Set[bytes]:
    return {image.tobytes() for images, _ in several for image in images}


def test_training_order_depends_on_the_seed_only(tmp_path: Any) -> None:
    write(tmp_path)
    train = load(tmp_path).train
    first = drawn(train, 10)
    assert len(seen(first)) == COUNT
    assert same(first, drawn(train, 10))
    assert not same(first, drawn(train, 10, seed=1))
    assert not same(first, drawn(train, 10, start=40))


def test_validation_is_a_part_of_the_training_files(tmp_path: Any) -> None:
    write(tmp_path)
    images = load(tmp_path, validation_fraction=0.25)
    train, validation = (seen(list(part.raw_batches(16))) for part in (images.train, images.validation))
    assert train.isdisjoint(validation)
    assert len(train | validation) == COUNT
    assert 8 <= len(validation) <= 12
    other = load(tmp_path, validation_fraction=0.25, split_seed=1)
    assert seen(list(other.validation.raw_batches(16))) != validation
    assert len(seen(drawn(images.train, 20))) == len(train)


def write_shards(folder: Any, size: int, count: int = 240) -> None:
    """Writes records that differ in their labels, a few into each file."""
    folder.mkdir()
    records = [example(bytes(12), number) for number in range(count)]
    for shard in range(count // size):
        write_records(folder / ('train-%05d-of-%05d' % (shard, count // size)), records[shard * size:][:size])
    write_records(folder / 'test', records[:1])


def labels_of_parts(folder: Any, split_seed: int = 0) -> List[List[int]]:
    """The labels of the shards' records that are trained on, and of the tenth that is decided by."""
    images = load(folder, Form(2, 3, 240), encoding='raw', validation_fraction=0.1, split_seed=split_seed)
    contents = [batches(lambda part=part: part.records().batch(240), 1)[0][1]
                for part in (images.train, images.validation)]
    return [[tf.train.Example.FromString(content).features.feature['image/class/label'].int64_list.value[0]
             for content in part] for part in contents]


@pytest.mark.parametrize('size', [1, 2, 3, 5, 20, 240])
def test_validation_is_spread_evenly_however_few_records_a_file_has(tmp_path: Any, size: int) -> None:
    """24 of the 240 records would be exact. If there were five classes in turn, some of each would be taken, too."""
    write_shards(tmp_path / 'shards', size)
    parts = [labels_of_parts(tmp_path / 'shards', seed) for seed in (0, 2 ** 32 - 1)]
    for train, validation in parts:
        assert sorted(train + validation) == list(range(240))
        assert 22 <= len(validation) <= 26
        assert np.bincount(np.array(validation) % 5, minlength=5).min() >= 2
    assert len({tuple(validation) for _, validation in parts}) == 2


def test_validation_depends_on_names_only(tmp_path: Any) -> None:
    """Neither where the files lie nor which parts are missing changes what is decided by."""
    for name in ('here', 'elsewhere'):
        write_shards(tmp_path / name, 3)
    whole = labels_of_parts(tmp_path / 'here')
    assert labels_of_parts(tmp_path / 'here') == labels_of_parts(tmp_path / 'elsewhere') == whole
    for shard in (0, 40, 79):
        os.remove(str(tmp_path / 'elsewhere' / ('train-%05d-of-00080' % shard)))
    left = [[label for label in part if label // 3 not in (0, 40, 79)] for part in whole]
    assert labels_of_parts(tmp_path / 'elsewhere') == left


def test_other_keys_offsets_and_raw_bytes(tmp_path: Any) -> None:
    records = [example(image.tobytes(), 1 + number % 5, 'pixels', 'class') for number, image in enumerate(IMAGES)]
    for name in ('learn.rec', 'check.rec'):
        write_records(tmp_path / name, records, 'GZIP')
    images = load(tmp_path, train_files='learn*', test_files='check.rec', image_key='pixels', label_key='class',
                  label_offset=1, encoding='raw', compression='gzip', in_memory=True)
    np.testing.assert_array_equal(images.train.pixels, IMAGES)
    np.testing.assert_array_equal(images.train.labels, np.arange(COUNT) % 5)


def bad_ones() -> List[bytes]:
    """Ten records, of which three cannot be used."""
    records = [example(content, number % 5) for number, content in enumerate(encoded(IMAGES[:10]))]
    records[2] = example(b'\xff\xd8\xff\xe0 no picture', 1)
    records[5] = example(None, 1)
    records[8] = example(encoded(IMAGES[:1])[0], 5)
    return records


@pytest.mark.parametrize('in_memory', [False, True])
def test_bad_records_are_left_out_and_counted_once(tmp_path: Any, in_memory: bool) -> None:
    write(tmp_path)
    write_records(tmp_path / 'train-1', bad_ones())
    images = load(tmp_path, max_bad_records=3, in_memory=in_memory)
    first, second = drawn(images.train, 2, 27)
    expected = sorted((np.arange(20) % 5).tolist() + [0, 1, 3, 4, 1, 2, 4])
    assert sorted(first[1]) == sorted(second[1]) == expected
    assert len(images.bad) == 3


def test_too_many_bad_records_stop_with_one_line(tmp_path: Any) -> None:
    write(tmp_path)
    write_records(tmp_path / 'train-1', bad_ones())
    with pytest.raises(DataError, match=r'3 bad records, where max_bad_records allows 2; the last is .*train-1: rec'):
        load(tmp_path, max_bad_records=2, in_memory=True)
    with pytest.raises(DataError, match='1 bad records, where max_bad_records allows 0'):
        list(load(tmp_path).train.batches())


def test_records_that_are_no_examples_are_bad(tmp_path: Any) -> None:
    write(tmp_path)
    write_records(tmp_path / 'train-1', [b'\xffrubbish'])
    assert len(load(tmp_path, max_bad_records=1, in_memory=True).train.labels) == 20


def test_damaged_files_stop_with_one_line(tmp_path: Any) -> None:
    write(tmp_path)
    content = (tmp_path / 'train-1').read_bytes()
    (tmp_path / 'train-1').write_bytes(content[:200] + b'\xff' + content[201:])
    with pytest.raises(DataError, match='train-1 cannot be read .*corrupted record.*: make it again') as error:
        load(tmp_path, in_memory=True)
    assert '\n' not in str(error.value)


def test_nothing_there(tmp_path: Any) -> None:
    with pytest.raises(DataError, match=r'no file train\* in'):
        load(tmp_path)
    write(tmp_path)
    write_records(tmp_path / 'test-0', [])
    with pytest.raises(DataError, match='no images in'):
        load(tmp_path, in_memory=True)
    with pytest.raises(DataError, match='no test images of tfrecord are left that can be used'):
        load(tmp_path)


def test_nothing_but_bad_records(tmp_path: Any) -> None:
    """However many are allowed: a training would look for an image without end."""
    write(tmp_path)
    for name in ('train-0', 'train-1'):
        write_records(tmp_path / name, [b'\xffrubbish'] * 3)
    with pytest.raises(DataError, match='no train images of tfrecord are left that can be used'):
        load(tmp_path, max_bad_records=100)
