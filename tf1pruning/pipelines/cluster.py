"""The stage that gives weights few values to share."""

import dataclasses
from typing import Any, Dict, Optional, Tuple

from ..clustering import METHODS, ClusterSelection
from ..levels import load_bits
from ..passes.share_weights import prove_shared, share_weights
from ..report.counts import before_after_files
from ..rewriting.shared import describe_shared
from ..typed_yaml import one_of, require
from .config import StageConfig
from .state import State, save


@dataclasses.dataclass(frozen=True)
class ClusterConfig(StageConfig):
    """Give the weights of every tensor few values to share.

    Attributes:
        clusters: how many values every tensor may have, zero included; none with bits.
        bits: a file with a number of bits for each tensor that takes part, which then has up to 2^bits values.
        method: exact, linear, density or k-means++.
        preserve_sparsity: zeros stay exactly zero.
        tensors: weight tensors, or scopes of them, that take part; empty is all.
        exclude: what is left alone.
        seed: of k-means++.
    """

    name: str = 'cluster'
    clusters: Optional[int] = None
    bits: Optional[str] = None
    method: str = 'exact'
    preserve_sparsity: bool = True
    tensors: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        one_of(self.method, METHODS, 'method')
        require((self.clusters is None) != (self.bits is None), 'say how many values: one of clusters, bits')
        if self.bits is None:
            self.selection.check()

    @property
    def selection(self) -> ClusterSelection:
        """The choice.

        Raises:
            OptionError: the file of bits cannot be read.
        """
        return ClusterSelection(self.clusters, load_bits(self.bits) if self.bits is not None else None, self.method,
                                self.preserve_sparsity, self.tensors, self.exclude, self.seed)


def run_cluster(config: ClusterConfig, state: State, folder: str) -> Tuple[State, Dict[str, Any]]:
    """Shares values, and proves that nothing else changed."""
    before, selection = state.load(state.model), config.selection
    made = share_weights(before, selection)
    path = save(made.model, folder)
    prove_shared(before, state.load(path), made, selection)
    record = dict(describe_shared(made, selection), **before_after_files(state.model, path))
    return state._replace(model=path, reference=path), record
