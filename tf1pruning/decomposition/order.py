"""What a decomposition is asked for."""

from typing import NamedTuple, Optional, Tuple

from ..errors import OptionError
from ..lowrank import Structure

METHODS = ('fixed_params', 'fixed_loss')


class DecomposeOrder(NamedTuple):
    """What is wanted.

    Attributes:
        method: one of `METHODS`.
        factor: the part of the cost that `fixed_params` keeps.
        max_loss: the accuracy that `fixed_loss` may lose, from 0 to 1.
        kind: one of `lowrank.costs.KINDS`.
        structure: of the sparse branches.
        weight: how much dearer an entry of a sparse branch is.
        cost: `macs`, `params` or `latency`.
        allocation: how `fixed_params` shares the budget out, one of `allocation.ALLOCATIONS`.
        layers: kernels that take part; empty is all that can.
        exclude: kernels that are left alone.
        settings: a `decompose.json` whose ranks and densities are taken, in place of a choice.
        times: a file that remembers times, for `latency`.
    """

    method: str = 'fixed_params'
    factor: Optional[float] = None
    max_loss: float = 0.02
    kind: str = 'hybrid'
    structure: Structure = Structure()
    weight: float = 4.0
    cost: str = 'macs'
    allocation: str = 'spread'
    layers: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()
    settings: Optional[str] = None
    times: Optional[str] = None

    def check(self) -> None:
        """Refuses what cannot be.

        Raises:
            OptionError: a number is out of its range, or missing.
        """
        self.structure.check()
        if self.settings is None and self.method == 'fixed_params' and self.factor is None:
            raise OptionError('say which part of the cost is kept: --compression_factor 0.5')
        if self.factor is not None and not 0 < self.factor < 1:
            raise OptionError('a compression factor of %s: it must be above 0 and below 1, the part of the cost that '
                              'is kept' % self.factor)
        if not 0 <= self.max_loss < 1:
            raise OptionError('a loss of accuracy of %s: it must be from 0 and below 1' % self.max_loss)
        if not self.weight > 0:
            raise OptionError('a sparsity weight of %s: it must be above 0' % self.weight)
