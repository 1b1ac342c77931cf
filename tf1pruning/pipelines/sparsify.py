"""The stage that sets single weights to zero."""

import dataclasses
from typing import Any, Dict, Optional, Tuple

from ..levels import load_levels
from ..passes.sparse_proof import prove_sparse
from ..passes.sparsify import sparsify
from ..report.counts import before_after_files
from ..rewriting.sparse import describe_sparse
from ..sparsity import SparsitySelection, parse_structure
from ..typed_yaml import require
from .config import StageConfig
from .state import State, save


@dataclasses.dataclass(frozen=True)
class SparsifyConfig(StageConfig):
    """Set the weights of the smallest magnitudes to zero.

    Attributes:
        sparsity: fraction of zeros of every tensor, or of all where they compete; none with levels or `m:n`.
        levels: a file with a fraction for each tensor that takes part.
        structure: what becomes zero together: unstructured, filter, channel, block:B0,B1 or M:N.
        together: the weights of all tensors compete.
        tensors: weight tensors, or scopes of them, that take part; empty is all but depthwise kernels.
        exclude: what is left alone.
    """

    name: str = 'sparsify'
    sparsity: Optional[float] = None
    levels: Optional[str] = None
    structure: str = 'unstructured'
    together: bool = False
    tensors: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses values outside their range."""
        structure = parse_structure(self.structure)
        if self.levels is None:
            structure.sparsity(self.sparsity)
        else:
            require(self.sparsity is None, 'say how sparse by sparsity or by levels, not by both')
            require(not (self.together or self.tensors) and structure.own_sparsity is None,
                    'levels say how sparse every tensor becomes: leave out together, tensors and M:N')

    @property
    def selection(self) -> SparsitySelection:
        """The choice.

        Raises:
            OptionError: the file of levels cannot be read, or two options contradict each other.
        """
        return SparsitySelection(self.sparsity, load_levels(self.levels) if self.levels is not None else None,
                                 parse_structure(self.structure), self.together, self.tensors, self.exclude)


def run_sparsify(config: SparsifyConfig, state: State, folder: str) -> Tuple[State, Dict[str, Any]]:
    """Sets weights to zero, and proves that nothing else changed."""
    before, selection = state.load(state.model), config.selection
    made = sparsify(before, selection)
    path = save(made.model, folder)
    prove_sparse(before, state.load(path), made)
    record = dict(describe_sparse(made, selection), **before_after_files(state.model, path))
    return state._replace(model=path, reference=path), record
