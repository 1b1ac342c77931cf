"""Batches as a training would see them."""

from typing import List

import numpy as np

from tf1pruning.tf1 import tf
from train.config import AugmentConfig
from train.data import Examples, training_input_fn

NOTHING = AugmentConfig()


def batches(input_fn: 'object', count: int) -> List[List[np.ndarray]]:
    """The first batches of an input function, as an estimator with seed 0 would get them."""
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        iterator = tf.data.make_initializable_iterator(input_fn())  # type: ignore[operator]
        following = iterator.get_next()
        with tf.Session() as session:
            session.run(iterator.initializer)
            return [session.run(following) for _ in range(count)]


def drawn(examples: Examples, count: int, batch: int = 4, seed: int = 0, augment: AugmentConfig = NOTHING,
          start: int = 0) -> List[List[np.ndarray]]:
    """The first training batches."""
    return batches(training_input_fn(examples, batch, seed, augment, start), count)


def same(first: List[List[np.ndarray]], second: List[List[np.ndarray]]) -> bool:
    """Whether batches are equal to the last bit."""
    return len(first) == len(second) and all(
        np.array_equal(one, two) for pair in zip(first, second) for one, two in zip(*pair))
