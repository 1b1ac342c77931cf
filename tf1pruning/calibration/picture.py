"""From a PNG or JPEG file of any size to the image that a network takes."""

from typing import Tuple

from ..tf1 import tf


def picture(content: tf.Tensor, shape: Tuple[int, int, int], fit: str = 'crop') -> tf.Tensor:
    """Decodes and resizes.

    Args:
        content: bytes of a PNG or JPEG file.
        shape: height, width and channels (1 or 3) that the network takes.
        fit: crop (the largest part in the middle that has the network's proportions) or stretch.

    Returns:
        uint8 `[H, W, C]`.
    """
    # TensorFlow's kernel for JPEG decodes PNG too. The accurate method gives the same numbers on all machines.
    image = tf.io.decode_jpeg(content, channels=shape[2], dct_method='INTEGER_ACCURATE')
    image.set_shape([None, None, shape[2]])
    return fitted(image, shape, fit)


def fitted(image: tf.Tensor, shape: Tuple[int, int, int], fit: str = 'crop') -> tf.Tensor:
    """Brings uint8 `[height, width, C]` to a network's size, as `picture` does; what fits already stays as it is."""
    size = tf.shape(image)[:2]
    image = tf.cond(tf.reduce_all(tf.equal(size, shape[:2])), lambda: image, lambda: _resized(image, size, shape, fit))
    return tf.ensure_shape(image, shape)


def _resized(image: tf.Tensor, size: tf.Tensor, shape: Tuple[int, int, int], fit: str) -> tf.Tensor:
    """Crops, and resizes by averaging areas, which does not alias when pictures get smaller."""
    if fit == 'crop':
        part = tf.minimum(size, tf.stack([size[1] * shape[0] // shape[1], size[0] * shape[1] // shape[0]]))
        part = tf.maximum(part, 1)
        image = tf.slice(image, tf.concat([(size - part) // 2, [0]], 0), tf.concat([part, [shape[2]]], 0))
    resized = tf.image.resize_area(image[tf.newaxis], shape[:2])
    return tf.cast(tf.round(resized[0]), tf.uint8)
