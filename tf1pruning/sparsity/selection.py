"""Which weight tensors become sparse, how sparse, and in what structure."""

from typing import Dict, Mapping, NamedTuple, Optional, Tuple

from ..errors import OptionError
from ..model.model import Model
from ..weights import WeightTensor, below, chosen, weight_tensors
from .structure import UNSTRUCTURED, Structure, check_sparsity
from .tiling import tiling_of


class SparsitySelection(NamedTuple):
    """Which weight tensors become sparse, how sparse, and in what structure.

    Depthwise kernels take part where they are named in full, and only there: they are a hundredth of a network's
    weights, and the most sensitive (Zhu & Gupta, arXiv 1710.01878).

    Attributes:
        sparsity: fraction of zeros of every tensor, or of all where they compete; None for `m:n`, or with `levels`.
        levels: a fraction of zeros of its own for every tensor that takes part.
        structure: what becomes zero together.
        together: whether the weights of all tensors compete.
        only: the tensors, or scopes of tensors, that take part; empty is all.
        exclude: tensors, or scopes of tensors, that do not.
    """

    sparsity: Optional[float] = None
    levels: Optional[Mapping[str, float]] = None
    structure: Structure = UNSTRUCTURED
    together: bool = False
    only: Tuple[str, ...] = ()
    exclude: Tuple[str, ...] = ()

    def check(self) -> None:
        """Checks what can be checked without a model.

        Raises:
            OptionError: a sparsity is missing or out of its range, or two options contradict each other.
        """
        if self.levels is None:
            self.structure.sparsity(self.sparsity)
            return
        for name, level in self.levels.items():
            check_sparsity(level, name + ': ')
        if self.structure.own_sparsity is not None:
            raise OptionError('%s makes a sparsity by itself: leave the levels out' % (self.structure,))
        for name, value in (('sparsity', self.sparsity is not None), ('together (--global)', self.together),
                            ('only (--tensors)', self.only)):
            if value:
                raise OptionError('levels say how sparse every tensor becomes: leave out %s' % name)

    def tensors(self, model: Model) -> Dict[str, WeightTensor]:
        """Returns the weight tensors of a model that take part.

        Raises:
            NameNotFoundError: a name fits none; with the closest.
            OptionError: nothing is left, or the structure does not fit one of them.
        """
        known = weight_tensors(model)
        gone = set(below(known, self.exclude))
        if self.levels is not None:
            found = chosen(known, self.levels)
        else:
            wanted = list(below(known, self.only)) if self.only else list(known)
            found = {name: known[name] for name in known if name in wanted and (
                known[name].input_axis is not None or name in self.only)}
        found = {name: tensor for name, tensor in found.items() if name not in gone}
        if not found:
            raise OptionError('no weight tensor is left to make sparse: %s' % (
                'exclude (--exclude) leaves nothing' if gone else 'the outputs need none but depthwise kernels, which '
                'take part where they are named' if known else 'the outputs need none'))
        for tensor in found.values():
            tiling_of(self.structure, tensor)
        return found

    def level_of(self, name: str) -> Optional[float]:
        """Returns how sparse a tensor becomes by itself."""
        return self.levels[name] if self.levels is not None else self.sparsity
