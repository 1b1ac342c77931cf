"""How a trained network's weights come to share values."""

import dataclasses
from typing import Optional, Tuple

from tf1pruning.clustering import ClusterSelection
from tf1pruning.levels import load_bits
from tf1pruning.training.shared_weights import AGGREGATIONS
from tf1pruning.typed_yaml import require

from .training import TrainConfig


@dataclasses.dataclass(frozen=True)
class ClusterConfig:
    """Weight sharing: the trained network is clustered, and trained on while its weights share their values.

    Attributes:
        train: the training with shared values.
        clusters: how many values every weight tensor may have, zero included; none with bits.
        bits: a file with a number of bits for each tensor that takes part, which then has up to 2^bits values.
        method: exact, linear, density or k-means++.
        preserve_sparsity: zeros stay exactly zero, also while it trains.
        aggregation: the gradient of a shared value is the sum of its members', or the mean.
        tensors: weight tensors, or scopes of them, that take part; empty is all.
        exclude: what is left alone.
        seed: of k-means++.
    """

    train: TrainConfig
    clusters: Optional[int] = None
    bits: Optional[str] = None
    method: str = 'exact'
    preserve_sparsity: bool = True
    aggregation: str = 'sum'
    tensors: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require((self.clusters is None) != (self.bits is None), 'say how many values: one of clusters, bits')
        require(self.aggregation in AGGREGATIONS, 'aggregation: expected %s, found %r' % (
            ' or '.join(AGGREGATIONS), self.aggregation))
        if self.bits is None:
            self.selection.check()

    @property
    def selection(self) -> ClusterSelection:
        """Which weights share values, and how many.

        Raises:
            OptionError: the file of bits cannot be read.
        """
        return ClusterSelection(self.clusters, load_bits(self.bits) if self.bits is not None else None, self.method,
                                self.preserve_sparsity, self.tensors, self.exclude, self.seed)
