"""From a PNG or JPEG file of any size to the square that a network takes."""

from tf1pruning.tf1 import tf

from .form import Form


def picture(content: tf.Tensor, form: Form, fit: str) -> tf.Tensor:
    """Decodes and resizes.

    Args:
        content: bytes of a PNG or JPEG file.
        form: what the network takes.
        fit: crop (the largest square in the middle) or stretch.

    Returns:
        uint8 `[H, W, C]`.
    """
    # TensorFlow's kernel for JPEG decodes PNG too. The accurate method gives the same numbers on all machines.
    image = tf.io.decode_jpeg(content, channels=form.channels, dct_method='INTEGER_ACCURATE')
    image.set_shape([None, None, form.channels])
    size = tf.shape(image)[:2]
    image = tf.cond(tf.reduce_all(tf.equal(size, form.size)), lambda: image, lambda: _fitted(image, size, form, fit))
    return tf.ensure_shape(image, form.shape)


def _fitted(image: tf.Tensor, size: tf.Tensor, form: Form, fit: str) -> tf.Tensor:
    """Crops, and resizes by averaging areas, which does not alias when pictures get smaller."""
    if fit == 'crop':
        side = tf.reduce_min(size)
        image = tf.slice(image, tf.concat([(size - side) // 2, [0]], 0), tf.stack([side, side, form.channels]))
    resized = tf.image.resize_area(image[tf.newaxis], [form.size, form.size])
    return tf.cast(tf.round(resized[0]), tf.uint8)
