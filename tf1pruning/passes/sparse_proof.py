"""Proof that a sparse model is the given one but for its zeros."""

from typing import Dict

import numpy as np

from ..errors import VerificationError
from ..model.model import Model
from .sparsify import SparseTensor, Sparsified
from .untouched import bits, prove_untouched, same_bits


def prove_sparse(before: Model, written: Model, made: Sparsified) -> None:
    """Compares a model that was written, and read again, with the one that was given, bit by bit.

    Of the weights that took part, their slots and averages, every number is as it was, or zero, and there are exactly
    as many zeros as there should be; every other parameter and every node of the graph is as it was.

    Raises:
        VerificationError: it is not so; with the first parameter or node that differs.
    """
    tensors = {tensor.name: tensor for tensor in made.tensors}
    prove_untouched(before, written, made.changed)
    for name in sorted(made.changed):
        _prove_zeros(name, before.value(name), written.value(name), tensors)
        if not same_bits(written.value(name), made.model.value(name)):
            raise VerificationError('%s is not as it was computed' % name)


def _prove_zeros(name: str, first: np.ndarray, second: np.ndarray, tensors: Dict[str, SparseTensor]) -> None:
    if first.shape != second.shape or first.dtype != second.dtype:
        raise VerificationError('%s has another shape or type than it had' % name)
    same = bits(first) == bits(second)
    if not (same | (bits(second) == 0)).all():
        raise VerificationError('%s has numbers that are neither zero nor as they were' % name)
    if name in tensors:
        zeros = second.size - np.count_nonzero(second)
        if zeros != tensors[name].zeros:
            raise VerificationError('%s has %d zeros, not %d' % (name, zeros, tensors[name].zeros))
