"""The files as a whole: a training, and a threshold loop that follows it."""

import dataclasses
from typing import Tuple

from .images import DataConfig, DigitsConfig
from .networks import ModelConfig
from .training import TrainConfig


@dataclasses.dataclass(frozen=True)
class Experiment:
    """`configs/<images>_<network>.yaml`: a network, what it learns from, and how.

    Attributes:
        model: the network.
        train: the training.
        images: what it trains on.
    """

    model: ModelConfig
    train: TrainConfig
    images: DataConfig = DigitsConfig()


@dataclasses.dataclass(frozen=True)
class PruneConfig:
    """`configs/pruning_*.yaml`: the threshold loop.

    Attributes:
        retrain: the training after each soft-pruning.
        thresholds: one step each; filters with a larger fraction of small weights go.
        scope_names: blocks to prune; empty finds inverted-residual and SE blocks by itself.
        max_failed_rate: above this fraction of chosen filters that came back, the step is repeated.
        max_retries: how often at most.
        tolerance: largest relative output difference of the stripped and the soft-pruned network.
    """

    retrain: TrainConfig
    thresholds: Tuple[float, ...] = (0.8, 0.7, 0.6, 0.55, 0.5)
    scope_names: Tuple[str, ...] = ()
    max_failed_rate: float = 0.1
    max_retries: int = 2
    tolerance: float = 1e-5
