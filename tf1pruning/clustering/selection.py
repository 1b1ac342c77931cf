"""Which weight tensors get shared values, and how many."""

from typing import Dict, Mapping, NamedTuple, Optional, Tuple

from ..errors import OptionError
from ..model.model import Model
from ..typed_yaml import one_of
from ..weights import WeightTensor, below, chosen, weight_tensors
from .shared import METHODS, check_clusters


class ClusterSelection(NamedTuple):
    """Which weight tensors get shared values, and how many.

    Attributes:
        clusters: how many values every tensor may have, zero included; None with `bits`.
        bits: for every tensor that takes part, of how many bits the number of its value is: 2^bits values.
        method: see `METHODS`.
        preserve_sparsity: whether zeros stay exactly zero.
        only: the tensors, or scopes of tensors, that take part; empty is all.
        exclude: tensors, or scopes of tensors, that do not.
        seed: of `k-means++`.
    """

    clusters: Optional[int] = None
    bits: Optional[Mapping[str, int]] = None
    method: str = 'exact'
    preserve_sparsity: bool = True
    only: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()
    seed: int = 0

    def check(self) -> None:
        """Checks what can be checked without a model.

        Raises:
            OptionError: a number is missing or out of its range, or two options contradict each other.
        """
        one_of(self.method, METHODS, 'method')
        if not 0 <= self.seed < 1 << 32:
            raise OptionError('seed %d is not between 0 and %d' % (self.seed, (1 << 32) - 1))
        if self.bits is None:
            if self.clusters is None:
                raise OptionError('say how many values are shared: --clusters 32, or --bits FILE')
            check_clusters(self.clusters)
            return
        if self.clusters is not None or self.only:
            raise OptionError('bits say how many values every tensor that takes part has: leave out %s'
                              % ('clusters' if self.clusters is not None else 'only (--tensors)'))
        for bits in self.bits.values():
            check_clusters(1 << bits)

    def tensors(self, model: Model) -> Dict[str, WeightTensor]:
        """Returns the weight tensors of a model that take part.

        Raises:
            NameNotFoundError: a name fits none; with the closest.
            OptionError: nothing is left.
        """
        known = weight_tensors(model)
        gone = set(below(known, self.exclude))
        wanted = chosen(known, self.bits if self.bits is not None else below(known, self.only) or known)
        found = {name: tensor for name, tensor in wanted.items() if name not in gone}
        if not found:
            raise OptionError('no weight tensor is left to share values in: %s' % (
                'exclude (--exclude) leaves nothing' if gone else 'the outputs need none'))
        return found

    def clusters_of(self, name: str) -> int:
        """Returns how many values a tensor may have."""
        if self.bits is not None:
            return 1 << self.bits[name]
        assert self.clusters is not None
        return self.clusters
