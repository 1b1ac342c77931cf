"""The digits: fixed, stratified, normalised; the pipeline gives the same batches for the same seed."""

from typing import Any

import numpy as np
import pytest

from tests.train.data.drawn import batches
from tf1pruning.errors import OptionError
from tf1pruning.tf1 import tf
from train.config import AugmentConfig, DigitsConfig
from train.data import Form, Images, Split, evaluation_input_fn, load_images, training_input_fn
from train.data.digits import enlarge

SHIFT = AugmentConfig(crop=2, border='symmetric')


def load_digits(size: int = 32, **options: Any) -> Images:
    return load_images(DigitsConfig(**options), Form(size, 1, 10))


def test_split_is_stratified_and_complete() -> None:
    train, test = load_digits()[:2]
    assert train.images.shape == (1347, 32, 32, 1)
    assert train.images.dtype == np.float32
    assert test.images.shape == (450, 32, 32, 1)
    for digit in range(10):
        among = (train.labels == digit).sum() + (test.labels == digit).sum()
        assert (test.labels == digit).sum() == round(among / 4)


@pytest.mark.parametrize(('options', 'message'), [
    ({'test_fraction': 0.0}, 'test_fraction 0 of every class is none of the 1797 images: raise it'),
    ({'test_fraction': 0.999}, 'test_fraction 0.999 of every class is all of the 1797 images: lower it'),
    ({'validation_fraction': 0.001}, 'validation_fraction 0.001 of every class is none of the 1347 images: raise it'),
])
def test_every_part_has_images(options: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        load_digits(**options)


def test_split_has_no_image_in_common() -> None:
    train, test = load_digits()[:2]
    seen = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in seen for image in test.images)


def test_split_is_fixed_by_the_seed() -> None:
    """The very images are pinned: figures are comparable between machines and versions."""
    assert load_digits().test.labels[:8].tolist() == load_digits().test.labels[:8].tolist()
    assert not np.array_equal(load_digits().test.images, load_digits(split_seed=1).test.images)


def test_images_are_normalised() -> None:
    train, test = load_digits()[:2]
    images = np.concatenate([train.images, test.images])
    assert abs(images.mean()) < 1e-3
    assert abs(images.std() - 1) < 1e-3


def test_other_sizes() -> None:
    assert load_digits(size=16).train.images.shape[1:] == (16, 16, 1)


@pytest.mark.parametrize('size', [8, 13, 32])
def test_enlarging_is_tensorflows_bilinear_resize(size: int) -> None:
    images = np.random.RandomState(0).uniform(size=[3, 8, 8]).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        resized = tf.raw_ops.ResizeBilinear(images=images[..., None], size=[size, size], half_pixel_centers=True)
        np.testing.assert_allclose(enlarge(images, size), session.run(resized)[..., 0], atol=1e-6)


def test_training_batches_depend_on_the_seed_only() -> None:
    split = load_digits().train
    first, again, other = (batches(training_input_fn(split, 8, seed, SHIFT), 3) for seed in (5, 5, 6))
    for one, two in zip(first, again):
        np.testing.assert_array_equal(one[0], two[0])
        np.testing.assert_array_equal(one[1], two[1])
    assert not np.array_equal(first[0][0], other[0][0])
    assert not np.array_equal(first[0][0], first[1][0])


def test_training_images_are_shifted_originals() -> None:
    split = load_digits().train
    padded = {int(label): np.pad(image[..., 0], 2, 'symmetric') for image, label in
              zip(split.images[:4], range(4))}
    few = Split(split.images[:4], np.arange(4, dtype=np.int32))
    offsets = set()
    for images, labels in batches(training_input_fn(few, 4, 0, SHIFT), 10):
        for image, label in zip(images, labels):
            found = [(y, x) for y in range(5) for x in range(5)
                     if np.array_equal(padded[int(label)][y:y + 32, x:x + 32], image[..., 0])]
            assert len(found) == 1
            offsets.update(found)
    assert len(offsets) > 10


def test_evaluation_goes_over_all_images_once_in_order() -> None:
    test = load_digits().test
    images, labels = zip(*batches(evaluation_input_fn(test, 225), 2))
    np.testing.assert_array_equal(np.concatenate(images), test.images)
    np.testing.assert_array_equal(np.concatenate(labels), test.labels)


@pytest.mark.parametrize(('version', 'expected'), [('1.15', [1, 2, 3, 8, 7, 2, 9, 3]),
                                                   ('2.15', [5, 7, 9, 4, 6, 7, 7, 9])])
def test_the_sequence_is_the_one_that_published_figures_rest_on(version: str, expected: 'list') -> None:
    if not tf.__version__.startswith(version):
        pytest.skip('each version of TensorFlow shuffles in its own way')
    (images, labels), = batches(training_input_fn(load_digits().train, 8, 0, SHIFT), 1)
    assert labels.tolist() == expected
    assert images.sum() == pytest.approx({'1.15': -232.595, '2.15': 229.396}[version], abs=0.01)
