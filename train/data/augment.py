"""What happens to training images, at random, and the same again for the same seed."""

from typing import Any, Sequence, Union

import numpy as np

from tf1pruning.tf1 import tf

from ..config import AugmentConfig

_CROP, _FLIP, _CUTOUT = 0, 2 ** 40, 2 ** 41
"""Added to the seed, so that one draw says nothing of another."""


def augmented(image: tf.Tensor, augment: AugmentConfig, seed: Sequence[Any],
              blank: Union[int, np.ndarray] = 0) -> tf.Tensor:
    """Crops, flips and blanks one image `[H, W, C]`, in this order.

    The random numbers come from the seed alone, not from a shared generator, so that parallel calls cannot change
    them.

    Args:
        image: any type.
        augment: what to do.
        seed: two integers: that of the training, and the image's place in the sequence.
        blank: the pixel that cutout leaves.
    """
    if augment.crop:
        image = _cropped(image, augment, seed)
    if augment.flip:
        mirrored = tf.equal(tf.random.stateless_uniform([], _seed(seed, _FLIP), 0, 2, tf.int32), 1)
        image = tf.raw_ops.Reverse(tensor=image, dims=tf.stack([False, mirrored, False]))
    if augment.cutout:
        image = _cut_out(image, augment.cutout, seed, blank)
    return image


def changes(augment: AugmentConfig) -> bool:
    """Whether anything happens at all."""
    return bool(augment.crop or augment.flip or augment.cutout)


def _seed(seed: Sequence[Any], purpose: int) -> tf.Tensor:
    return tf.cast(tf.stack([seed[0] + purpose, seed[1]]), tf.int64)


def _cropped(image: tf.Tensor, augment: AugmentConfig, seed: Sequence[Any]) -> tf.Tensor:
    border, mode = augment.crop, 'CONSTANT' if augment.border == 'zero' else augment.border.upper()
    wide = tf.pad(image, [[border, border], [border, border], [0, 0]], mode)
    corner = tf.random.stateless_uniform([2], _seed(seed, _CROP), 0, 2 * border + 1, tf.int32)
    return tf.slice(wide, tf.concat([corner, [0]], 0), image.shape)


def _cut_out(image: tf.Tensor, size: int, seed: Sequence[Any], blank: Union[int, np.ndarray]) -> tf.Tensor:
    height, width, _ = image.shape.as_list()
    centre = tf.random.stateless_uniform([2], _seed(seed, _CUTOUT)) * [height, width]
    corner = tf.cast(centre, tf.int32) - size // 2
    inside = [tf.logical_and(tf.range(length) >= first, tf.range(length) < first + size)
              for length, first in ((height, corner[0]), (width, corner[1]))]
    hole = tf.cast(tf.logical_and(inside[0][:, tf.newaxis], inside[1]), image.dtype)[..., tf.newaxis]
    return image * (1 - hole) + hole * tf.cast(blank, image.dtype)
