"""A network, what it learns from, and how."""

import dataclasses

from .images import DataConfig, DigitsConfig
from .machine import MachineConfig
from .model import ModelConfig
from .training import TrainConfig


@dataclasses.dataclass(frozen=True)
class Experiment:
    """`configs/<images>_<network>.yaml`: a network, what it learns from, and how.

    Attributes:
        model: the network.
        train: the training.
        images: what it trains on.
        machine: what the training runs on.
    """

    model: ModelConfig
    train: TrainConfig
    images: DataConfig = DigitsConfig()
    machine: MachineConfig = MachineConfig()
