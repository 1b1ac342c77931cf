"""The benchmark of the input pipeline: both steps train the same network."""

import dataclasses
from typing import Any

import numpy as np

from benchmarks.input_pipeline import block, examples_of, fixed, from_pipeline, training_step
from tests.train.data.written import write_mnist
from train.config import AugmentConfig, Experiment, LeNet300Config, MnistConfig, TrainConfig

TINY = Experiment(LeNet300Config(hidden=(4,)), TrainConfig(10, batch_size=4), MnistConfig(
    augment=AugmentConfig(crop=1, flip=True)))


def test_steps_take_time_on_either_batch(tmp_path: Any) -> None:
    write_mnist(tmp_path)
    examples = examples_of(TINY, str(tmp_path))
    assert len(examples.arrays()[1]) == 30
    for batches in (lambda: fixed(TINY), lambda: from_pipeline(TINY, examples)):
        assert np.all(block(training_step(TINY, batches), 3) > 0)


def test_random_bytes_have_the_form_of_the_images() -> None:
    small = dataclasses.replace(TINY, model=LeNet300Config(image_size=4, hidden=(4,)))
    images, labels = next(examples_of(small, '').batches(8))
    assert images.shape == (8, 4, 4, 1)
    assert set(labels) <= set(range(10))
