"""What is done to one parameter of a network, by more or less: zeros, fewer channels, fewer values."""

import abc
from typing import Callable, Dict, Mapping, Sequence, Tuple

import numpy as np

from ..channels import analyse
from ..errors import NameNotFoundError, NothingToPruneError, OptionError
from ..levels import MOST_BITS, save_bits, save_levels
from ..model.model import Model
from ..model.values import Zeroed
from ..passes.soft_prune import ZEROED_ROLES, zeros_of
from ..plan import PruningPlan
from ..ranking import Amount, Ranking
from ..sparsity import check_sparsity, mask_of, parse_structure
from ..weights import WeightTensor, chosen, weight_tensors


class Kind(abc.ABC):
    """A way to compress.

    Attributes:
        column: what the numbers are: `sparsity` or `bits`.
        levels: numbers that are tried where nobody says; the mildest first.
        neutral: the number that changes nothing.
        file: the name of the file that holds numbers for all parameters.
        sizes: how many weights (or channels) each parameter has, in the network's order.
        tensors: parameters of the graph that may change.
    """

    column = 'sparsity'
    levels: Tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    neutral: float = 0.0
    file = 'levels.yaml'

    def __init__(self, model: Model) -> None:
        self.model = model
        self.sizes: Dict[str, int] = {}
        self.tensors: Tuple[str, ...] = ()

    @abc.abstractmethod
    def changed(self, numbers: Mapping[str, float]) -> Dict[str, np.ndarray]:
        """Returns the tensors that change when some parameters are compressed at once, each by its number."""

    @abc.abstractmethod
    def save(self, numbers: Mapping[str, float], path: str) -> None:
        """Writes a number for each parameter, as the command that compresses so reads it."""

    def check(self, number: float) -> None:
        """Checks a number.

        Raises:
            OptionError: it is out of its range.
        """
        check_sparsity(number)
        if not number:
            raise OptionError('a sparsity of 0 changes nothing: leave it out')

    def reached(self, numbers: Mapping[str, float]) -> float:
        """Returns the mean over all weights (or channels) of the parameters: the sparsity, or the bits of a weight."""
        total = sum(self.sizes.values())
        return sum(size * numbers.get(name, self.neutral) for name, size in self.sizes.items()) / total


class LevelKind(Kind):
    """The smallest weights of a tensor become zero.

    Args:
        model: in inference form.
        parameters: weight tensors; none takes all.
        structure: what becomes zero together, see `sparsity.parse_structure`.

    Raises:
        NameNotFoundError: there is no such tensor.
        NothingToPruneError: the model has no weight tensors.
        OptionError: the structure has a sparsity of its own.
    """

    def __init__(self, model: Model, parameters: Sequence[str] = (), structure: str = 'unstructured') -> None:
        super().__init__(model)
        if parse_structure(structure).own_sparsity is not None:
            raise OptionError('structure %s has a sparsity of its own, so that there is nothing to vary' % structure)
        self._structure = structure
        self._tensors = some_tensors(model, parameters)
        for tensor in self._tensors.values():
            mask_of(np.zeros(tensor.shape, np.float32), structure, 0.5, tensor)
        self.sizes = {name: tensor.size for name, tensor in self._tensors.items()}
        self.tensors = tuple(self._tensors)

    def changed(self, numbers: Mapping[str, float]) -> Dict[str, np.ndarray]:
        """Returns tensors with zeros."""
        return {name: self._pruned(name, number) for name, number in numbers.items()}

    def _pruned(self, name: str, sparsity: float) -> np.ndarray:
        weights = self.model.value(name)
        return weights * mask_of(weights, self._structure, sparsity, self._tensors[name])

    def save(self, numbers: Mapping[str, float], path: str) -> None:
        """Writes what `sparsify --levels` reads."""
        save_levels(numbers, path)


class BitsKind(Kind):
    """The weights of a tensor share 2^bits values, zero included where there are zeros.

    Args:
        model: in inference form.
        parameters: weight tensors; none takes all.

    Raises:
        NameNotFoundError: there is no such tensor.
        NothingToPruneError: the model has no weight tensors.
        OptionError: a library that finds the values is not installed.
    """

    column, file, neutral = 'bits', 'bits.yaml', 32
    levels = (8, 7, 6, 5, 4, 3, 2, 1)

    def __init__(self, model: Model, parameters: Sequence[str] = ()) -> None:
        super().__init__(model)
        self.sizes = {name: tensor.size for name, tensor in some_tensors(model, parameters).items()}
        self.tensors = tuple(self.sizes)

    def changed(self, numbers: Mapping[str, float]) -> Dict[str, np.ndarray]:
        """Returns tensors of few values."""
        from ..clustering import shared_values
        return {name: shared_values(self.model.value(name), 2 ** int(number)).values()
                for name, number in numbers.items()}

    def save(self, numbers: Mapping[str, float], path: str) -> None:
        """Writes what `cluster --bits` reads."""
        save_bits({name: int(number) for name, number in numbers.items()}, path)

    def check(self, number: float) -> None:
        """Checks a number of bits.

        Raises:
            OptionError: it is out of its range.
        """
        if not float(number).is_integer() or not 1 <= number <= MOST_BITS:
            raise OptionError('%g is no number of bits from 1 to %d' % (number, MOST_BITS))


class ChannelKind(Kind):
    """The most redundant channels of a group become zero, in all parameters that they have slices in.

    Args:
        model: in inference form.
        parameters: names of groups; none takes all.
        criterion: what scores channels, a name in `criteria.CRITERIA`.
        align: what remains of a group is a multiple of this.

    Raises:
        NameNotFoundError: there is no such group.
        NothingToPruneError: no channel can go.
        OptionError: `align` is below 1.
    """

    file = 'plan.json'

    def __init__(self, model: Model, parameters: Sequence[str] = (), criterion: str = 'l1', align: int = 1) -> None:
        super().__init__(model)
        amount = Amount(ratio=0.0, align=align)
        amount.check()
        channels = analyse(model)
        groups = {group.name: group for group in channels.groups}
        for name in parameters:
            if name not in groups:
                raise NameNotFoundError.closest('group of channels', name, groups)
        if not groups:
            raise NothingToPruneError('no channel of the model can be pruned')
        self._ranking = Ranking(channels, [groups[name] for name in parameters or groups], criterion, 'mean', amount)
        self.sizes = {group.name: group.size for group in self._ranking.groups}
        self.tensors = tuple(sorted({name for group in self._ranking.groups for name, _ in group.slices
                                     if channels.roles.get(name) in ZEROED_ROLES}))

    def changed(self, numbers: Mapping[str, float]) -> Dict[str, np.ndarray]:
        """Returns what soft-pruning makes of the tensors."""
        zeros = zeros_of(self._ranking.channels, self._plan(numbers))
        return {name: Zeroed(self.model.lazy(name), axes).array() for name, axes in zeros.items()}

    def _plan(self, numbers: Mapping[str, float]) -> PruningPlan:
        counts = []
        for place, name in enumerate(self.sizes):
            number = numbers.get(name, 0.0)
            counts.append(self._ranking.part(number)[place] if number else 0)
        return self._ranking.plan(counts)

    def save(self, numbers: Mapping[str, float], path: str) -> None:
        """Writes a plan, which `soft-prune` and `strip` read."""
        self._plan(numbers).save(path)


KINDS: Dict[str, Callable[..., Kind]] = {'level': LevelKind, 'channel': ChannelKind, 'bits': BitsKind}
"""Functions of a model in inference form, some parameters, and options of their own."""


def some_tensors(model: Model, names: Sequence[str]) -> Dict[str, WeightTensor]:
    """Returns the weight tensors of some names, or all of a model, in the network's order.

    Raises:
        NameNotFoundError: there is none of a name.
        NothingToPruneError: there are none at all.
    """
    tensors = weight_tensors(model)
    if not tensors:
        raise NothingToPruneError('the model has no weight tensors')
    return chosen(tensors, names) if names else tensors
