"""Examples from every kind of file, as the model takes them; or what is wrong with the file."""

from typing import Any, Dict

import numpy as np
import pytest

from tests.train.data.written import write_idx
from tf1pruning.calibration import Scaling, load_examples
from tf1pruning.calibration.examples import Wanted
from tf1pruning.errors import DataError, OptionError
from tf1pruning.tf1 import tf

IMAGE = {'image:0': Wanted((1, 8, 8, 3), np.float32)}
GREY = {'image:0': Wanted((2, 6, 6, 1), np.float32)}


def _pixels(count: int, *shape: int) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (count, *shape)).astype(np.uint8)


def _encoded(images: np.ndarray) -> Any:
    with tf.Session() as session:
        return [session.run(tf.image.encode_png(image)) for image in images]


def test_arrays_as_they_are(tmp_path: Any) -> None:
    array = np.random.RandomState(0).normal(size=(10, 8, 8, 3))
    np.save(str(tmp_path / 'a.npy'), array)
    found = load_examples(str(tmp_path / 'a.npy'), IMAGE, 5)
    assert len(found) == 5
    np.testing.assert_array_equal(np.concatenate([each['image:0'] for each in found]), array[::2].astype(np.float32))


def test_arrays_for_several_inputs(tmp_path: Any) -> None:
    np.savez(str(tmp_path / 'a.npz'), first=np.arange(12).reshape(6, 2), **{'second:0': np.arange(6)})
    inputs = {'first:0': Wanted((3, 2), np.int32), 'second:0': Wanted((3,), np.float32)}
    found = load_examples(str(tmp_path / 'a.npz'), inputs, 9)
    assert [each['first:0'].tolist() for each in found] == [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]
    assert found[1]['second:0'].tolist() == [3, 4, 5]


def test_an_input_that_is_one_number(tmp_path: Any) -> None:
    np.savez(str(tmp_path / 'a.npz'), x=np.arange(6).reshape(3, 2), rate=np.arange(3))
    inputs = {'x:0': Wanted((1, 2), np.float32), 'rate:0': Wanted((), np.float32)}
    found = load_examples(str(tmp_path / 'a.npz'), inputs)
    assert [(each['x:0'].tolist(), each['rate:0'].tolist()) for each in found] == [
        ([[0, 1]], 0), ([[2, 3]], 1), ([[4, 5]], 2)]


@pytest.mark.parametrize('shape', [(2, 192), (2, 8, 8, 3), (2, 1, 8, 8, 3)])
def test_arrays_may_be_flat(tmp_path: Any, shape: Any) -> None:
    np.save(str(tmp_path / 'a.npy'), np.arange(384).reshape(shape))
    found = load_examples(str(tmp_path / 'a.npy'), IMAGE)
    assert found[1]['image:0'].ravel().tolist() == list(range(192, 384))


def test_idx_is_scaled(tmp_path: Any) -> None:
    pixels = _pixels(5, 6, 6)
    path = str(tmp_path / 'images-idx3-ubyte')
    write_idx(path, pixels)
    found = load_examples(path, GREY, 10, Scaling((100.0,), (50.0,)))
    assert len(found) == 2  # batches of two; one is left over
    np.testing.assert_allclose(found[1]['image:0'], (pixels[2:4, ..., np.newaxis] - 100.0) / 50, rtol=1e-6)


def test_idx_for_larger_images_in_colour(tmp_path: Any) -> None:
    path = str(tmp_path / 'images-idx3-ubyte')
    write_idx(path, np.full((3, 6, 6), 51, np.uint8))
    found = load_examples(path, IMAGE, 2)
    np.testing.assert_allclose(found[0]['image:0'], np.full((1, 8, 8, 3), 0.2), rtol=1e-6)


def test_idx_for_a_vector(tmp_path: Any) -> None:
    pixels = _pixels(2, 6, 6)
    write_idx(str(tmp_path / 'images-idx3-ubyte'), pixels)
    found = load_examples(str(tmp_path / 'images-idx3-ubyte'), {'x:0': Wanted((1, 36), np.float32)}, 2)
    np.testing.assert_allclose(found[1]['x:0'], pixels[1].reshape(1, 36) / 255, rtol=1e-6)


def test_pictures_in_folders(tmp_path: Any) -> None:
    pixels = _pixels(4, 8, 8, 3)
    for number, content in enumerate(_encoded(pixels)):
        folder = tmp_path / ('class_%d' % (number % 2))
        folder.mkdir(exist_ok=True)
        (folder / ('%d.png' % number)).write_bytes(content)
    found = load_examples(str(tmp_path), {'image:0': Wanted((1, 8, 8, 3), np.uint8)}, 2)
    np.testing.assert_array_equal(np.concatenate([each['image:0'] for each in found]), pixels[[0, 1]])


@pytest.mark.parametrize('shape', [(1, 16, 25), (1, 16, 25, 1), (1, 20, 20)])
def test_grey_images_without_channels(tmp_path: Any, shape: Any) -> None:
    """Not as a square with as many pixels."""
    pixels = _pixels(1, *shape[1:3], 1)
    (tmp_path / 'a.png').write_bytes(_encoded(pixels)[0])
    found = load_examples(str(tmp_path), {'image:0': Wanted(shape, np.uint8)})
    np.testing.assert_array_equal(found[0]['image:0'], pixels.reshape(shape))


def test_integers_are_pixels(tmp_path: Any) -> None:
    """Divided by 255 they would all be zero."""
    pixels = _pixels(1, 8, 8, 3)
    (tmp_path / 'a.png').write_bytes(_encoded(pixels)[0])
    found = load_examples(str(tmp_path), {'image:0': Wanted((1, 8, 8, 3), np.int32)})
    np.testing.assert_array_equal(found[0]['image:0'], pixels)


def test_folders_that_hold_themselves(tmp_path: Any) -> None:
    """Each once: following such links takes longer than anybody waits."""
    (tmp_path / 'deep').mkdir()
    for number, content in enumerate(_encoded(_pixels(2, 8, 8, 3))):
        (tmp_path / 'deep' / ('%d.png' % number)).write_bytes(content)
    for name in ('first', 'second', 'deep/third'):
        (tmp_path / name).symlink_to(tmp_path)
    (tmp_path / 'apart').symlink_to(tmp_path / 'deep')
    assert len(load_examples(str(tmp_path), IMAGE)) == 2


def test_channels_first(tmp_path: Any) -> None:
    pixels = _pixels(1, 8, 8, 3)
    (tmp_path / 'a.png').write_bytes(_encoded(pixels)[0])
    found = load_examples(str(tmp_path), {'image:0': Wanted((1, 3, 8, 8), np.float32)}, 1)
    np.testing.assert_allclose(found[0]['image:0'], pixels.transpose(0, 3, 1, 2) / 255, rtol=1e-6)


def _write_records(path: str, features: Any) -> None:
    with tf.io.TFRecordWriter(path) as writer:
        for each in features:
            writer.write(tf.train.Example(features=tf.train.Features(feature={
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in each.items()
            })).SerializeToString())


@pytest.mark.parametrize('raw', [False, True])
def test_tfrecords(tmp_path: Any, raw: bool) -> None:
    pixels = _pixels(3, 8, 8, 3)
    contents = [each.tobytes() for each in pixels] if raw else _encoded(pixels)
    path = str(tmp_path / 'images.tfrecord')
    _write_records(path, [{'image_raw' if raw else 'image/encoded': content} for content in contents])
    for place in (path, str(tmp_path)):
        found = load_examples(place, IMAGE, 3)
        np.testing.assert_allclose(found[2]['image:0'], pixels[2:] / 255, rtol=1e-6)


WRONG: Dict[str, Any] = {
    'gone.npy': (None, 'no file or folder'),
    'text.npy': (b'text', 'no array of numbers'),
    'pickled.npy': (np.array([{}], object), 'no array of numbers'),
    'other.npy': (np.zeros((4, 5)), 'holds 4 × 5 of float64, but input image takes 8 × 8 × 3'),
    'scalar.npy': (np.array(1.0), 'holds one number'),
    'words.npy': (np.array(['a'] * 192).reshape(1, 8, 8, 3), 'holds 1 × 8 × 8 × 3 of <U1'),
    'empty.npy': (np.zeros((0, 8, 8, 3)), 'holds 0 × 8'),
    'channels_first.npy': (np.zeros((4, 3, 8, 8)), 'holds 4 × 3 × 8 × 8 of float64, but input image takes 8 × 8 × 3'),
    'nan.npy': (np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), np.nan)]),
                'not all numbers for input image are finite; example 1 is the first'),
    'large.npy': (np.full((1, 8, 8, 3), 1e300), 'not all numbers for input image are finite'),
    'nothing.npy': (b'', 'no array of numbers'),
    'archive.npy': (b'PK' + bytes(100), 'no array of numbers'),
    'array.npz': (b'\x93NUMPY' + bytes(100), 'it is no .npz file'),
    'text.tfrecord': (b'nothing of this kind' * 10, 'is no TFRecord file of images'),
    'images-idx3-ubyte': (b'text', 'no IDX file'),
    'no-rows-idx3-ubyte': (bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 8]), 'no images'),
    'endless-idx3-ubyte': (bytes([0, 0, 8, 3, 128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 4]), 'its header promises'),
}


def test_less_than_a_batch(tmp_path: Any) -> None:
    """It says how many there are, and how many are run at once."""
    np.save(str(tmp_path / 'few.npy'), np.zeros((3, 8, 8, 3)))
    with pytest.raises(DataError, match='3 examples for input image, less than one batch of 4: give more'):
        load_examples(str(tmp_path / 'few.npy'), {'image:0': IMAGE['image:0']._replace(shape=(4, 8, 8, 3))})


@pytest.mark.parametrize('name', sorted(WRONG))
def test_wrong_files(tmp_path: Any, name: str) -> None:
    content, message = WRONG[name]
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        np.save(str(tmp_path / name), content)
    with pytest.raises(DataError, match=message):
        load_examples(str(tmp_path / name), IMAGE)


@pytest.mark.parametrize('wrong', [300, -1, 0.5])
def test_numbers_that_bytes_cannot_hold(tmp_path: Any, wrong: float) -> None:
    np.save(str(tmp_path / 'a.npy'), np.full((1, 8, 8, 3), wrong))
    with pytest.raises(DataError, match='input image takes uint8: numbers would be lost'):
        load_examples(str(tmp_path / 'a.npy'), {'image:0': Wanted((1, 8, 8, 3), np.uint8)})


@pytest.mark.parametrize('compressed', [False, True])
def test_damaged_archives(tmp_path: Any, compressed: bool) -> None:
    """Cut anywhere, or with other bytes in the middle."""
    path = tmp_path / 'a.npz'
    (np.savez_compressed if compressed else np.savez)(str(path), image=np.random.RandomState(0).uniform(size=(2, 192)))
    whole = path.read_bytes()
    for damaged in (whole[:10], whole[:len(whole) // 2], whole[:-5], whole[:200] + b'x' * 100 + whole[300:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match='is no array of numbers, or it is damaged'):
            load_examples(str(path), IMAGE)


def test_other_wrong_places(tmp_path: Any) -> None:
    with pytest.raises(DataError, match='no PNG, JPEG or TFRecord files'):
        load_examples(str(tmp_path), IMAGE)
    _write_records(str(tmp_path / 'a.tfrecord'), [{'label': b'1'}])
    with pytest.raises(DataError, match='has no feature image/encoded or .*: label'):
        load_examples(str(tmp_path), IMAGE)
    (tmp_path / 'a.png').write_bytes(b'text')
    with pytest.raises(DataError, match=r'a\.png cannot be decoded: (?!Graph execution error)'):
        load_examples(str(tmp_path), IMAGE)
    np.savez(str(tmp_path / 'a.npz'), x=np.zeros(3))
    with pytest.raises(DataError, match='has no array image; it has x'):
        load_examples(str(tmp_path / 'a.npz'), IMAGE)


@pytest.mark.parametrize(('inputs', 'scaling', 'message'), [
    ({**IMAGE, **GREY, 'b:0': IMAGE['image:0']}, Scaling(), 'the model has 2 inputs'),
    ({'x:0': Wanted((1, 7), np.float32)}, Scaling(), 'no image with 1 or 3 channels'),
    ({'x:0': Wanted((1, 8, 8, 4), np.float32)}, Scaling(), 'takes 8 × 8 × 4, which is no image with 1 or 3 channels'),
    ({'x:0': Wanted((), np.float32)}, Scaling(), 'takes one number, which is no image'),
    (IMAGE, Scaling((float('nan'),)), 'must be finite numbers'),
    (IMAGE, Scaling((1.0, 2.0)), '2 numbers for mean or deviation, but images with 3 channels'),
    (IMAGE, Scaling(deviation=(0.0,)), 'deviation of 0'),
])
def test_models_that_images_do_not_fit(tmp_path: Any, inputs: Any, scaling: Scaling, message: str) -> None:
    (tmp_path / 'a.png').write_bytes(_encoded(_pixels(1, 8, 8, 3))[0])
    with pytest.raises(OptionError, match=message):
        load_examples(str(tmp_path), inputs, scaling=scaling)
