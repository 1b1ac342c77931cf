"""Level pruning: the smallest weights of a tensor become zero, in its slots and moving averages too."""

from typing import Any, Dict, Iterator, Mapping, NamedTuple, Tuple

import numpy as np

from ..model.masked import Masked
from ..model.model import Model
from ..model.values import Value
from ..sparsity import SparsitySelection, global_masks, mask_of
from ..weights import WeightTensor, with_values


class SparseTensor(NamedTuple):
    """What became of one weight tensor.

    Attributes:
        name: its name.
        shape: its shape.
        weights: how many it has.
        pruned: how many of them the mask sets to zero.
        zeros: how many are zero; more than `pruned` where some that stay were zero before.
        zeros_before: how many were.
    """

    name: str
    shape: Tuple[int, ...]
    weights: int
    pruned: int
    zeros: int
    zeros_before: int

    @property
    def sparsity(self) -> float:
        """Fraction of zeros."""
        return self.zeros / self.weights

    def to_json(self) -> Dict[str, Any]:
        """Returns everything as plain data."""
        return dict(self._asdict(), shape=list(self.shape), sparsity=self.sparsity)


class Sparsified(NamedTuple):
    """A sparse model.

    Attributes:
        model: the model.
        tensors: what became of each weight tensor that took part.
        changed: the nodes of the parameters with other values: weights, slots, moving averages.
    """

    model: Model
    tensors: Tuple[SparseTensor, ...]
    changed: Tuple[str, ...]


def sparsify(model: Model, selection: SparsitySelection) -> Sparsified:
    """Sets the weights of the smallest magnitudes to zero, exactly as many as asked for.

    Given: W, its slots m and v, its moving average. Result: W ⊙ mask, m ⊙ mask, v ⊙ mask, average ⊙ mask. What an
    optimizer divides by without an epsilon stays as it is.

    Args:
        model: the model as it is (training graph or not), whose weights are variables or constants.
        selection: what becomes sparse.

    Raises:
        NameNotFoundError: it names a weight tensor that the model does not have.
        OptionError: an option is out of its range, or nothing is left to make sparse.
    """
    selection.check()
    tensors = selection.tensors(model)
    values: Dict[str, Value] = {}
    found = []
    for tensor, weights, mask in _masks(model, selection, tensors):
        values[tensor.name] = Masked(model.lazy(tensor.name), mask)
        for companion in model.companions.get(tensor.name, ()):
            if companion.zeroed and companion.node in model.weights:
                values[companion.node] = Masked(model.lazy(companion.node), mask)
        found.append(SparseTensor(tensor.name, tensor.shape, mask.size, int(mask.size - np.count_nonzero(mask)),
                                  int(mask.size - np.count_nonzero(weights[mask])),
                                  int(weights.size - np.count_nonzero(weights))))
    return Sparsified(with_values(model, values), tuple(found), tuple(values))


def _masks(model: Model, selection: SparsitySelection, tensors: Mapping[str, WeightTensor]
           ) -> Iterator[Tuple[WeightTensor, np.ndarray, np.ndarray]]:
    """Yields each tensor with its values and its mask; one after the other where they do not compete."""
    if selection.together:
        weights = {name: model.value(name) for name in tensors}
        masks = global_masks(weights, selection.structure, selection.sparsity, tensors)
        for name, tensor in tensors.items():
            yield tensor, weights[name], masks.pop(name)
        return
    for name, tensor in tensors.items():
        values = model.value(name)
        yield tensor, values, mask_of(values, selection.structure, selection.level_of(name), tensor)
