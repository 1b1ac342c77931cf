"""Datasets written in the formats that users have, small enough for a test."""

import gzip
import os
import pickle
import struct
from typing import Any, Dict, List, Optional, Sequence

import numpy as np

from tf1pruning.tf1 import tf


def noise(count: int, size: int, channels: int, seed: int = 0) -> np.ndarray:
    """Images of random bytes."""
    return np.random.RandomState(seed).randint(0, 256, [count, size, size, channels]).astype(np.uint8)


def write_idx(path: str, array: np.ndarray) -> None:
    """Writes an IDX file; gzip if its name says so."""
    content = bytes([0, 0, 8, array.ndim]) + struct.pack('>%dI' % array.ndim, *array.shape) + array.tobytes()
    with (gzip.open if path.endswith('.gz') else open)(path, 'wb') as stream:
        stream.write(content)


def write_mnist(folder: Any, count: int = 30, ending: str = '.gz', dash: str = '-') -> np.ndarray:
    """Writes the four files of MNIST; returns the training images."""
    images = noise(count, 28, 1)[..., 0]
    for stem in ('train', 't10k'):
        write_idx(os.path.join(str(folder), '%s-images%sidx3-ubyte%s' % (stem, dash, ending)), images)
        write_idx(os.path.join(str(folder), '%s-labels%sidx1-ubyte%s' % (stem, dash, ending)),
                  (np.arange(count) % 10).astype(np.uint8))
    return images


def cifar_rows(images: np.ndarray) -> np.ndarray:
    """Images `[N, 32, 32, 3]` as CIFAR's rows of bytes, colours first."""
    return images.transpose(0, 3, 1, 2).reshape(len(images), -1)


def write_cifar_python(folder: Any, images: np.ndarray, labels: Sequence[int], protocol: int = 2) -> None:
    """Writes the images as all of CIFAR-10's Python batches."""
    batch = {b'batch_label': b'a batch', b'labels': list(labels), b'data': cifar_rows(images), b'filenames': [b'a.png']}
    for name in ['data_batch_%d' % number for number in range(1, 6)] + ['test_batch']:
        with open(os.path.join(str(folder), name), 'wb') as stream:
            pickle.dump(batch, stream, protocol)


def write_cifar_binary(folder: Any, images: np.ndarray, labels: Sequence[int]) -> None:
    """Writes the images as all of CIFAR-10's binary batches."""
    rows = np.concatenate([np.array(labels, np.uint8)[:, np.newaxis], cifar_rows(images)], 1)
    for name in ['data_batch_%d' % number for number in range(1, 6)] + ['test_batch']:
        rows.tofile(os.path.join(str(folder), name + '.bin'))


def encoded(images: np.ndarray, jpeg: bool = False) -> List[bytes]:
    """PNG (or JPEG) files of images."""
    with tf.Graph().as_default(), tf.Session() as session:
        image = tf.placeholder(tf.uint8, [None, None, None])
        content = tf.image.encode_jpeg(image) if jpeg else tf.image.encode_png(image)
        return [session.run(content, {image: each}) for each in images]


def example(content: Optional[bytes], label: Optional[int], image_key: str = 'image/encoded',
            label_key: str = 'image/class/label') -> bytes:
    """A `tf.train.Example`; a feature that is None is missing."""
    features: Dict[str, tf.train.Feature] = {}
    if content is not None:
        features[image_key] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[content]))
    if label is not None:
        features[label_key] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write_records(path: Any, records: Sequence[bytes], compression: str = '') -> None:
    """Writes a TFRecord file."""
    with tf.python_io.TFRecordWriter(str(path), compression) as writer:
        for record in records:
            writer.write(record)


def write_pictures(folder: Any, images: np.ndarray, classes: int, jpeg: bool = False) -> None:
    """Writes pictures into a sub-folder for each class, in turn."""
    for number, content in enumerate(encoded(images, jpeg)):
        place = os.path.join(str(folder), 'class_%d' % (number % classes))
        os.makedirs(place, exist_ok=True)
        with open(os.path.join(place, '%03d.%s' % (number, 'jpeg' if jpeg else 'PNG')), 'wb') as stream:
            stream.write(content)
