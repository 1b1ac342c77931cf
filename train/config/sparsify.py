"""How weights become zero while a network trains."""

import dataclasses
from typing import Dict, Tuple

from tf1pruning.errors import OptionError
from tf1pruning.sparsity import check_sparsity, parse_structure
from tf1pruning.typed_yaml import require

SCHEDULES = ('constant', 'polynomial')


@dataclasses.dataclass(frozen=True)
class SparsifyConfig:
    """Magnitude pruning while a network trains: gradual (Zhu & Gupta, arXiv 1710.01878), or at once.

    Attributes:
        end: the last new masks are made after so many updates; from there on the zeros stay where they are.
        final: fraction of zeros then, of every tensor, or of all where they compete.
        schedule: polynomial (from initial to final, the distance falling with the cube of what is left of the time) or
            constant (final from the first masks on).
        begin: the first masks are made after so many updates.
        frequency: updates between two masks.
        initial: fraction of zeros of the first masks, for polynomial.
        levels: in the place of final: a fraction for each weight tensor that takes part.
        structure: what becomes zero together: unstructured, filter, channel, block:B0,B1 or M:N.
        together: the weights of all tensors compete.
        tensors: weight tensors, or scopes of them, that take part; empty is all but depthwise kernels.
        exclude: what is left alone.
    """

    end: int
    final: float = 0.0
    schedule: str = 'polynomial'
    begin: int = 0
    frequency: int = 100
    initial: float = 0.0
    levels: Dict[str, float] = dataclasses.field(default_factory=dict)
    structure: str = 'unstructured'
    together: bool = False
    tensors: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        require(self.schedule in SCHEDULES, 'schedule: expected constant or polynomial, found %r' % self.schedule)
        require(0 <= self.begin <= self.end, 'begin must be from 0 to end, not %s' % self.begin)
        require(self.schedule == 'constant' or self.begin < self.end, 'end must be after begin, not %s' % self.end)
        require(self.frequency >= 1, 'frequency must be at least 1, not %s' % self.frequency)
        for name, level in {'initial: ': self.initial, 'final: ': self.final,
                            **{'levels: %s: ' % each: level for each, level in self.levels.items()}}.items():
            check_sparsity(level, name)
        own = parse_structure(self.structure).own_sparsity
        if own is not None and (self.final or self.levels):
            raise OptionError('structure %s makes a sparsity of %g by itself: leave out final and levels'
                              % (self.structure, own))
        require(own is not None or bool(self.final) != bool(self.levels), 'say how sparse: either final or levels')
        require(not self.levels or not (self.together or self.tensors),
                'levels say how sparse every tensor becomes: leave out together and tensors')
