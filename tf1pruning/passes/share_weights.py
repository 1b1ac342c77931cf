"""Weight sharing: few values in place of the many that a weight tensor has, and proof of it."""

from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import numpy as np

from ..clustering import Clustered, ClusterSelection, shared_values
from ..errors import ModelError, OptionError, VerificationError
from ..model.model import Model
from ..model.values import Fetched
from ..weights import WeightTensor, with_values
from .untouched import prove_untouched, same_bits


class SharedTensor(NamedTuple):
    """What became of one weight tensor.

    Attributes:
        name: its name.
        shape: its shape.
        weights: how many it has.
        clusters: how many values it may have.
        values: how many it has.
        values_before: how many it had.
        zeros: how many weights are zero.
        zeros_before: how many were.
        solver: see `Clustered`.
        excess: see `Clustered`.
        distortion: sum of the squared differences from what the weights were.
        relative_error: root of the distortion divided by the sum of the squared weights.
    """

    name: str
    shape: Tuple[int, ...]
    weights: int
    clusters: int
    values: int
    values_before: int
    zeros: int
    zeros_before: int
    solver: str
    excess: Optional[float]
    distortion: float
    relative_error: float

    def to_json(self) -> Dict[str, Any]:
        """Returns everything as plain data."""
        return dict(self._asdict(), shape=list(self.shape))


class Shared(NamedTuple):
    """A model with shared values.

    Attributes:
        model: the model.
        tensors: what became of each weight tensor that took part.
        clusters: by tensor; those that stayed as they are included.
    """

    model: Model
    tensors: Tuple[SharedTensor, ...]
    clusters: Dict[str, Clustered]


def share_weights(model: Model, selection: ClusterSelection, tell: Optional[Callable[[str], None]] = None) -> Shared:
    """Gives every weight the nearest of few values.

    Given: W of n distinct values. Result: W' of at most K, zeros where W has zeros (and nowhere else, as long as no
    mean happens to be zero), and as near to W as K values can be. A tensor that has no more than K stays as it is.

    Args:
        model: the model as it is (training graph or not), whose weights are variables or constants.
        selection: which tensors, and how many values.
        tell: called with the name of every tensor.

    Raises:
        NameNotFoundError: the selection names a weight tensor that the model does not have.
        OptionError: an option is out of its range, or no tensor has more values than it may have.
        ModelError: a weight is infinite or not a number.
    """
    selection.check()
    clusters: Dict[str, Clustered] = {}
    found = []
    for name, tensor in selection.tensors(model).items():
        if tell is not None:
            tell(name)
        clusters[name], record = _share(model.value(name), tensor, selection)
        found.append(record)
    if all(record.values_before <= record.clusters for record in found):
        most = max(record.clusters for record in found)
        raise OptionError('nothing to share: no weight tensor has more than %d distinct values as it is; ask for fewer'
                          % most)
    values = {name: Fetched(each.indices.shape, each.codebook.dtype, each.values) for name, each in clusters.items()
              if each.solver != 'identity'}
    return Shared(with_values(model, values), tuple(found), clusters)


def _share(weights: np.ndarray, tensor: WeightTensor, selection: ClusterSelection) -> Tuple[Clustered, SharedTensor]:
    most = selection.clusters_of(tensor.name)
    try:
        found = shared_values(weights, most, selection.method, selection.preserve_sparsity, selection.seed)
    except ModelError as error:
        raise ModelError('%s: %s' % (tensor.name, error)) from error
    distortion, squares = found.distortion(weights), float(np.square(weights, dtype=np.float64).sum())
    return found, SharedTensor(
        tensor.name, tensor.shape, weights.size, most, found.codebook.size, np.unique(weights).size,
        int(np.count_nonzero(found.values() == 0)), int(np.count_nonzero(weights == 0)), found.solver, found.excess,
        distortion, (distortion / squares) ** 0.5 if squares else 0.0)


def prove_shared(before: Model, written: Model, made: Shared, selection: ClusterSelection) -> None:
    """Compares a model that was written, and read again, with the one that was given.

    Every tensor that took part has no more values than it may have, each weight the one that was found for it, and
    zeros are zero still; every other parameter and every node of the graph is as it was, bit by bit.

    Raises:
        VerificationError: it is not so; with the first parameter or node that differs.
    """
    changed = {record.name for record in made.tensors if record.solver != 'identity'}
    prove_untouched(before, written, changed)
    for record in made.tensors:
        value = written.value(record.name)
        count = np.unique(value).size
        if count > record.clusters:
            raise VerificationError('%s has %d values, not up to %d' % (record.name, count, record.clusters))
        if record.name in changed and not same_bits(value, made.clusters[record.name].values()):
            raise VerificationError('%s has other values than were found for it' % record.name)
        if selection.preserve_sparsity and value[before.value(record.name) == 0].any():
            raise VerificationError('%s has weights that were zero and are not any more' % record.name)
