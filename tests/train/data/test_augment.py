"""Crop, flip and cutout: each does what it says, at random, and the same again for the same seed."""

from typing import List

import numpy as np
import pytest

from tests.train.data.drawn import drawn, same
from tests.train.data.written import noise
from tf1pruning.tf1 import tf
from train.config import AugmentConfig
from train.data import Normalisation, Split
from train.data.augment import augmented, changes


def variants(image: np.ndarray, augment: AugmentConfig, count: int = 60, blank: int = 0) -> List[np.ndarray]:
    """What an image becomes at one place after the other."""
    result = augmented(tf.constant(np.stack([image] * count)), augment, 3, tf.constant(0, tf.int64), blank)
    with tf.Session() as session:
        return list(session.run(result))


@pytest.mark.parametrize(('border', 'mode'), [('zero', 'constant'), ('reflect', 'reflect'),
                                              ('symmetric', 'symmetric')])
def test_crops_are_windows_of_the_padded_image(border: str, mode: str) -> None:
    image = noise(1, 6, 3)[0]
    wide = np.pad(image, [(2, 2), (2, 2), (0, 0)], mode)
    windows = {wide[y:y + 6, x:x + 6].tobytes(): (y, x) for y in range(5) for x in range(5)}
    found = [windows[each.tobytes()] for each in variants(image, AugmentConfig(crop=2, border=border), 200)]
    assert len(set(found)) == 25


def test_half_of_the_images_are_mirrored() -> None:
    image = noise(1, 6, 3)[0]
    results = variants(image, AugmentConfig(flip=True), 100)
    mirrored = sum(np.array_equal(each, image[:, ::-1]) for each in results)
    assert 35 <= mirrored <= 65
    assert mirrored + sum(np.array_equal(each, image) for each in results) == 100


def test_cutout_blanks_a_square_that_the_border_may_cut() -> None:
    image = np.full([8, 8, 3], 200, np.uint8)
    sizes = set()
    for each in variants(image, AugmentConfig(cutout=4), 200, blank=7):
        hole = (each == 7).all(2)
        assert ((each == 200).all(2) | hole).all()
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        assert hole[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].all()
        sizes.add((len(rows), len(columns)))
    assert max(sizes) == (4, 4)
    assert min(sizes) == (2, 2)


def test_draws_say_nothing_of_one_another() -> None:
    """A flip that was drawn like the crop would come with the same corners always."""
    image = noise(1, 6, 1)[0]
    cropped = variants(image, AugmentConfig(crop=1), 80)
    both = variants(image, AugmentConfig(crop=1, flip=True), 80)
    mirrored = [np.array_equal(one, two[:, ::-1]) and not np.array_equal(one, two) for one, two in zip(cropped, both)]
    corners = [each.tobytes() for each in cropped]
    assert {corner for corner, is_mirrored in zip(corners, mirrored) if is_mirrored} == set(corners)


def test_nothing_to_do() -> None:
    assert not changes(AugmentConfig())
    assert all(changes(each) for each in (AugmentConfig(crop=1), AugmentConfig(flip=True), AugmentConfig(cutout=1)))


def test_cutout_leaves_what_is_zero_to_the_network() -> None:
    split = Split(np.full([1, 8, 8, 3], 255, np.uint8), np.zeros(1, np.int32),
                  Normalisation((10.0, 20.0, 30.0), (5.0, 5.0, 5.0)))
    images = drawn(split, 5, 1, augment=AugmentConfig(cutout=4))
    holes = [(np.abs(each[0]) < 0.11).all(-1).sum() for each in images]
    assert all(4 <= hole <= 16 for hole in holes)


def test_the_same_seed_gives_the_same_images() -> None:
    """Although batches are augmented in parallel, and whatever their size is."""
    augment = AugmentConfig(crop=2, flip=True, cutout=3)
    split = Split(noise(50, 8, 3), np.arange(50, dtype=np.int32), Normalisation((127.0,), (127.0,)))
    first = drawn(split, 30, augment=augment)
    assert same(first, drawn(split, 30, augment=augment))
    assert not same(first[:1], drawn(split, 1, seed=1, augment=augment))
    larger = np.concatenate([images for images, _ in drawn(split, 6, 20, augment=augment)])
    np.testing.assert_array_equal(larger, np.concatenate([images for images, _ in first]))
