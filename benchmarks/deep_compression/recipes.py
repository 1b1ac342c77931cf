"""The networks, how each is trained and compressed, and what others have reached."""

from typing import Callable, Dict, Mapping, NamedTuple

from tf1pruning.tf1 import tf
from train.config import LeNet5Config, LeNet300Config
from train.models.lenet_5 import lenet_5
from train.models.lenet_300_100 import lenet_300_100


class Phase(NamedTuple):
    """A training.

    Attributes:
        epochs: how long.
        rate: Adam's learning rate at the beginning; it falls to zero along half a cosine.
        decay: factor of half the sum of the kernels' squares in the loss.
        batch: examples in a step.
    """

    epochs: int
    rate: float
    decay: float = 0.0
    batch: int = 100


class Recipe(NamedTuple):
    """A network and its compression.

    Attributes:
        build: images `[N, 28, 28, 1]` → logits, below `LeNet/`.
        dense: the first training.
        pruned: the training while weights go, with distillation.
        shared: the training while values are shared, with distillation.
        densities: the part of each kernel's weights that stays; or under `TOGETHER` that of all.
        ramp: the part of `pruned` in which they go.
        values: distinct values of a kernel, zero included.
        bias_values: distinct values of a vector of biases.
        largest_error: test error in percent that must not be exceeded.
        paper: how many times smaller Deep Compression made it.
        record: how many times smaller Soft Weight-Sharing made it.
    """

    build: Callable[[tf.Tensor], tf.Tensor]
    dense: Phase
    pruned: Phase
    shared: Phase
    densities: Mapping[str, float]
    ramp: float
    values: int
    bias_values: int
    largest_error: float
    paper: int
    record: int


TOGETHER = ''
"""In place of a kernel's name: all of them, whose weights compete."""
RECIPES: Dict[str, Recipe] = {
    'lenet_300_100': Recipe(
        lambda images: lenet_300_100(images, LeNet300Config(classes=10), True), Phase(20, 1e-3),
        Phase(24, 2e-3, 1e-5), Phase(4, 2e-4), {TOGETHER: 0.045}, 0.5, 8, 32, 1.64, 40, 64),
    'lenet_5': Recipe(
        lambda images: lenet_5(images, LeNet5Config(classes=10), True), Phase(5, 1.5e-3, 0.0, 128),
        Phase(12, 1.5e-3, 1e-5, 128), Phase(2, 2e-4, 0.0, 128),
        {'LeNet/conv1/weights': 0.8, 'LeNet/conv2/weights': 0.18, 'LeNet/fc1/weights': 0.02,
         'LeNet/Logits/weights': 0.2}, 0.5, 12, 16, 0.80, 39, 162),
}
ALPHA, TEMPERATURE = 0.7, 4.0
"""Of the distillation: weight of the dense network's answers, and how much they are softened."""
