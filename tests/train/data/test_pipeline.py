"""Batches: complete, normalised, and going on as if there had been no interruption."""

import numpy as np
import pytest

from tests.train.data.drawn import batches, drawn, same
from tests.train.data.written import noise
from tf1pruning.tf1 import tf
from train.config import AugmentConfig
from train.data import Normalisation, Split, evaluation_input_fn, training_input_fn
from train.data.split import divided, held_out

HALF = Normalisation((100.0, 110.0, 120.0), (50.0, 60.0, 70.0))


def numbered(count: int = 20) -> Split:
    return Split(noise(count, 4, 3), np.arange(count, dtype=np.int32), HALF)


def test_every_image_comes_once_each_time_round() -> None:
    labels = np.concatenate([batch[1] for batch in drawn(numbered(), 10)])
    assert sorted(labels[:20]) == sorted(labels[20:]) == list(range(20))
    assert labels[:20].tolist() != labels[20:].tolist()


def test_normalised_batches_are_those_of_numpy() -> None:
    split = numbered()
    (images, labels), = batches(evaluation_input_fn(split, 20), 1)
    assert images.dtype == np.float32
    np.testing.assert_allclose(images, (split.pixels - np.array(HALF.mean)) / np.array(HALF.deviation), atol=1e-6)
    np.testing.assert_allclose(images, split.images, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([each for each, _ in split.batches(7)]), split.images)
    np.testing.assert_array_equal(split.arrays()[1], labels)


@pytest.mark.parametrize('augment', [AugmentConfig(), AugmentConfig(crop=1, flip=True)])
def test_going_on_is_as_if_there_had_been_no_interruption(augment: AugmentConfig) -> None:
    whole = drawn(numbered(), 12, augment=augment)
    assert same(whole[7:], drawn(numbered(), 5, augment=augment, start=28))


def test_large_arrays_stay_out_of_the_graph() -> None:
    """What is in the graph is in every `.meta` file."""
    large = Split(noise(2000, 60, 3), np.arange(2000, dtype=np.int32), HALF)
    assert large.pixels.nbytes > 2 ** 24
    training_input_fn(large, 4, 0, AugmentConfig())()
    assert tf.get_default_graph().as_graph_def().ByteSize() < 2 ** 16
    np.testing.assert_array_equal(batches(evaluation_input_fn(large, 3), 1)[0][1], [0, 1, 2])


def test_validation_images_are_taken_from_the_training_images() -> None:
    labels = np.arange(100, dtype=np.int32) % 4
    whole, test = Split(noise(100, 2, 1), labels), Split(noise(8, 2, 1, 1), labels[:8])
    images = divided(whole, test, 0.2, seed=5)
    assert images.test is test
    assert np.bincount(images.validation.labels).tolist() == [5, 5, 5, 5]
    together = np.concatenate([images.train.pixels, images.validation.pixels])
    assert sorted(each.tobytes() for each in together) == sorted(each.tobytes() for each in whole.pixels)
    assert divided(whole, test, 0.0, seed=5) == (whole, test, None, images.bad)


def test_what_is_held_out_depends_on_the_seed_only() -> None:
    labels = np.arange(100) % 4
    np.testing.assert_array_equal(held_out(labels, 0.3, 1), held_out(labels, 0.3, 1))
    assert not np.array_equal(held_out(labels, 0.3, 1), held_out(labels, 0.3, 2))
    assert held_out(labels, 0.0, 1).sum() == 0
