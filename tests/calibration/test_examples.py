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
    'text.tfrecord': (b'nothing of this kind' * 10, 'is no TFRecord file of images'),
    'images-idx3-ubyte': (b'text', 'no IDX file'),
}


@pytest.mark.parametrize('name', sorted(WRONG))
def test_wrong_files(tmp_path: Any, name: str) -> None:
    content, message = WRONG[name]
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content is not None:
        np.save(str(tmp_path / name), content)
    with pytest.raises(DataError, match=message):
        load_examples(str(tmp_path / name), IMAGE)


def test_other_wrong_places(tmp_path: Any) -> None:
    with pytest.raises(DataError, match='no PNG, JPEG or TFRecord files'):
        load_examples(str(tmp_path), IMAGE)
    _write_records(str(tmp_path / 'a.tfrecord'), [{'label': b'1'}])
    with pytest.raises(DataError, match='has no feature image/encoded or .*: label'):
        load_examples(str(tmp_path), IMAGE)
    (tmp_path / 'a.png').write_bytes(b'text')
    with pytest.raises(DataError, match='cannot be decoded'):
        load_examples(str(tmp_path), IMAGE)
    np.savez(str(tmp_path / 'a.npz'), x=np.zeros(3))
    with pytest.raises(DataError, match='has no array image; it has x'):
        load_examples(str(tmp_path / 'a.npz'), IMAGE)


@pytest.mark.parametrize(('inputs', 'scaling', 'message'), [
    ({**IMAGE, **GREY, 'b:0': IMAGE['image:0']}, Scaling(), 'the model has 2 inputs'),
    ({'x:0': Wanted((1, 7), np.float32)}, Scaling(), 'no image with 1 or 3 channels'),
    (IMAGE, Scaling((1.0, 2.0)), '2 numbers for mean or deviation, but images with 3 channels'),
    (IMAGE, Scaling(deviation=(0.0,)), 'deviation of 0'),
])
def test_models_that_images_do_not_fit(tmp_path: Any, inputs: Any, scaling: Scaling, message: str) -> None:
    (tmp_path / 'a.png').write_bytes(_encoded(_pixels(1, 8, 8, 3))[0])
    with pytest.raises(OptionError, match=message):
        load_examples(str(tmp_path), inputs, scaling=scaling)
