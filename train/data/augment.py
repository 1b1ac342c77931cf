"""What happens to training images, at random, and the same again for the same seed."""

from typing import List, Tuple, Union

import numpy as np

from tf1pruning.tf1 import tf

from ..config import AugmentConfig

_CROP, _FLIP, _CUTOUT = 0, 2 ** 40, 2 ** 41
"""Added to the seed, so that one draw says nothing of another."""


def augmented(images: tf.Tensor, augment: AugmentConfig, seed: int, first: tf.Tensor,
              blank: Union[int, np.ndarray] = 0) -> tf.Tensor:
    """Crops, flips and blanks the images of a batch `[N, H, W, C]`, in this order.

    Every image has random numbers of its own, from the seed and its place in the sequence, not from a shared
    generator; so neither parallel calls nor the size of the batches can change them.

    Args:
        images: any type.
        augment: what to do.
        seed: of the training.
        first: int64, the place of the first image.
        blank: the pixel that cutout leaves.
    """
    height, width = images.shape.as_list()[1:3]
    places = first + tf.range(tf.shape(images, out_type=tf.int64)[0])
    draws = tf.map_fn(lambda place: _draws(augment, seed, place, (height, width)), places, tf.int32, back_prop=False)
    if augment.crop or augment.flip:
        images = _windows(images, augment, draws[:, :2], draws[:, 2])
    if augment.cutout:
        hole = tf.cast(_squares(draws[:, 3:], augment.cutout, (height, width)), images.dtype)
        images = images * (1 - hole) + hole * tf.cast(blank, images.dtype)
    return images


def changes(augment: AugmentConfig) -> bool:
    """Whether anything happens at all."""
    return bool(augment.crop or augment.flip or augment.cutout)


def _draws(augment: AugmentConfig, seed: int, place: tf.Tensor, size: Tuple[int, int]) -> tf.Tensor:
    """Draws for one image: a window's corner, whether to mirror it, and the centre of a square; zeros if unused."""
    draws: List[tf.Tensor] = [tf.constant([0, 0]), tf.constant([0]), tf.constant([0, 0])]
    if augment.crop:
        draws[0] = tf.random.stateless_uniform([2], _seed(seed + _CROP, place), 0, 2 * augment.crop + 1, tf.int32)
    if augment.flip:
        draws[1] = tf.random.stateless_uniform([1], _seed(seed + _FLIP, place), 0, 2, tf.int32)
    if augment.cutout:
        draws[2] = tf.cast(tf.random.stateless_uniform([2], _seed(seed + _CUTOUT, place)) * size, tf.int32)
    return tf.concat(draws, 0)


def _seed(seed: int, place: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.stack([seed, place]), tf.int64)


def _windows(images: tf.Tensor, augment: AugmentConfig, corners: tf.Tensor, mirrored: tf.Tensor) -> tf.Tensor:
    """Cuts a window out of every padded image, and mirrors some: all by one look-up of pixels."""
    height, width, channels = images.shape.as_list()[1:]
    border, mode = augment.crop, 'CONSTANT' if augment.border == 'zero' else augment.border.upper()
    if border:
        images = tf.pad(images, [[0, 0], [border, border], [border, border], [0, 0]], mode)
    rows = corners[:, :1] + tf.range(height)
    columns = corners[:, 1:] + tf.abs(tf.range(width) - mirrored[:, tf.newaxis] * (width - 1))
    number = tf.range(tf.shape(images)[0])[:, tf.newaxis, tf.newaxis]
    row = number * (height + 2 * border) + rows[:, :, tf.newaxis]
    pixels = tf.reshape(images, [-1, channels])
    return tf.gather(pixels, row * (width + 2 * border) + columns[:, tf.newaxis])


def _squares(centres: tf.Tensor, size: int, shape: Tuple[int, int]) -> tf.Tensor:
    """Returns which pixels `[N, H, W, 1]` lie in a square, as far as it is inside the image."""
    corners = centres - size // 2
    inside = [tf.logical_and(tf.range(length) >= corner, tf.range(length) < corner + size)
              for length, corner in zip(shape, (corners[:, :1], corners[:, 1:]))]
    return tf.logical_and(inside[0][:, :, tf.newaxis], inside[1][:, tf.newaxis])[..., tf.newaxis]
