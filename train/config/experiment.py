"""A network, what it learns from, and how."""

import dataclasses
from typing import Optional

from tf1pruning.typed_yaml import require

from .cluster import ClusterConfig
from .images import DataConfig, DigitsConfig
from .imported import ImportedConfig
from .machine import MachineConfig
from .model import ModelConfig
from .sparsify import SparsifyConfig
from .training import TrainConfig


@dataclasses.dataclass(frozen=True)
class Experiment:
    """`configs/<images>_<network>.yaml`: a network, what it learns from, and how.

    Attributes:
        model: the network.
        train: the training.
        images: what it trains on.
        machine: what the training runs on.
        sparsify: the weights that become zero while it trains; null: none.
        cluster: how the trained network's weights come to share values, and train on so; null: not at all.
    """

    model: ModelConfig
    train: TrainConfig
    images: DataConfig = DigitsConfig()
    machine: MachineConfig = MachineConfig()
    sparsify: Optional[SparsifyConfig] = None
    cluster: Optional[ClusterConfig] = None

    def __post_init__(self) -> None:
        """Refuses zeros that would not be there in time, or that two keys choose."""
        require(self.sparsify is None or self.sparsify.end <= self.train.steps,
                'sparsify: end is after the last of the %d steps' % self.train.steps)
        require(self.sparsify is None or not (isinstance(self.model, ImportedConfig) and self.model.hold_zeros),
                'sparsify and hold_zeros both say which weights are zero: leave one of them out')
