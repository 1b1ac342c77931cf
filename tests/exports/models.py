"""Models to export."""

from typing import Any

import numpy as np

from tests import builders
from tests.surgery import load
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf

ROWS = 6


def model_of(name: str, folder: Any) -> Model:
    """Saves one of the builders' networks and reads its inference form."""
    return to_inference(load(builders.save_network(name, folder)))


def saved_model_of(build: Any, folder: Any) -> Model:
    """Saves a network of one's own and reads its inference form."""
    return to_inference(load(builders.save_graph(build, folder)))


def every_layer() -> tf.Tensor:
    """A convolution, a depthwise one, a transposed one and a matrix product, with sizes that tell them apart."""
    x = builders.conv(builders.image(), 4, 'first', 3, 2, builders.Dialect(norm='none', bias='bias_add'))
    x = builders.depthwise(x, 'second')
    kernel = tf.get_variable('third/kernel', [2, 2, 6, 4]).value()
    x = tf.nn.conv2d_transpose(x, kernel, tf.stack([tf.shape(x)[0], 8, 8, 6]), [1, 2, 2, 1])
    x = tf.reduce_mean(tf.nn.relu(x), [1, 2])
    return tf.identity(builders.dense(x, 5, 'fourth'), 'output')


EVERY_LAYER_MACS = 4 * 4 * 4 * (3 * 3 * 3) + 4 * 4 * 4 * (3 * 3) + 4 * 4 * 4 * (2 * 2 * 6) + 6 * 5
EVERY_LAYER_PARAMETERS = 3 * 3 * 3 * 4 + 4 + 3 * 3 * 4 + 4 + 2 * 2 * 6 * 4 + 6 * 5 + 5
"""Batch norm behind the depthwise convolution has become a bias."""


def examples(batch: int = 2, seed: int = 0) -> Any:
    """A few images."""
    random = np.random.RandomState(seed)
    return [{'image:0': random.uniform(size=(batch, *builders.IMAGE[1:])).astype(np.float32)} for _ in range(ROWS)]
