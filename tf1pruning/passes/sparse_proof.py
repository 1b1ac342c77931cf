"""Proof that a sparse model is the given one but for its zeros."""

from typing import Dict, Set

import numpy as np

from ..errors import VerificationError
from ..model.model import Model
from .sparsify import SparseTensor, Sparsified


def prove_sparse(before: Model, written: Model, made: Sparsified) -> None:
    """Compares a model that was written, and read again, with the one that was given, bit by bit.

    Of the weights that took part, their slots and averages, every number is as it was, or zero, and there are exactly
    as many zeros as there should be; every other parameter and every node of the graph is as it was.

    Raises:
        VerificationError: it is not so; with the first parameter or node that differs.
    """
    tensors = {tensor.name: tensor for tensor in made.tensors}
    changed = set(made.changed)
    _prove_graph(before, written, changed)
    if set(before.weights) != set(written.weights):
        raise VerificationError('the parameters %s are in one model only'
                                % ', '.join(sorted(set(before.weights) ^ set(written.weights))[:3]))
    for name in sorted(set(before.weights) | changed):
        if name in changed:
            _prove_zeros(name, before.value(name), written.value(name), tensors)
        elif not _same_bits(before.value(name), written.value(name)):
            raise VerificationError('%s is not as it was, though it had no part in it' % name)


def _prove_zeros(name: str, first: np.ndarray, second: np.ndarray, tensors: Dict[str, SparseTensor]) -> None:
    if first.shape != second.shape or first.dtype != second.dtype:
        raise VerificationError('%s has another shape or type than it had' % name)
    same = _bits(first) == _bits(second)
    if not (same | (_bits(second) == 0)).all():
        raise VerificationError('%s has numbers that are neither zero nor as they were' % name)
    if name in tensors:
        zeros = second.size - np.count_nonzero(second)
        if zeros != tensors[name].zeros:
            raise VerificationError('%s has %d zeros, not %d' % (name, zeros, tensors[name].zeros))


def _prove_graph(before: Model, written: Model, changed: Set[str]) -> None:
    first, second = before.view.nodes, written.view.nodes
    for name in first:
        constant = name in changed and first[name].op == 'Const'
        if name not in second or not constant and first[name] != second[name]:
            raise VerificationError('node %s is not as it was, though it had no part in it' % name)
    if len(first) != len(second):
        raise VerificationError('there are %d nodes where there were %d' % (len(second), len(first)))


def _same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    if first.dtype.kind in 'OSU':
        return bool(np.array_equal(first, second))
    return first.shape == second.shape and first.dtype == second.dtype and first.tobytes() == second.tobytes()


def _bits(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).view('u%d' % values.dtype.itemsize)
