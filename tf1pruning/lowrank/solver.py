"""Robust Tucker-2: a kernel as the sum of one of low rank and a sparse one, by alternating projections."""

from typing import NamedTuple, Optional, Tuple

import numpy as np

from ..errors import OptionError
from .branches import Branches
from .structures import UNSTRUCTURED, Structure

ITERATIONS = 100
_FIRST_TO_STOP = 3
_MOVES = 1e-3
Ranks = Tuple[int, int]


class _LowRank(NamedTuple):
    """The best approximation of a tensor of given ranks that is at hand.

    Attributes:
        first: `[Cin, R]`.
        core: `[kh, kw, R, R']`; None for a matrix.
        last: `[R', Cout]`.
        whole: their product, `[kh, kw, Cin, Cout]`.
        energy: the sum of its squares.
    """

    first: np.ndarray
    core: Optional[np.ndarray]
    last: np.ndarray
    whole: np.ndarray
    energy: float


def decompose(kernel: np.ndarray, ranks: Ranks, density: float, structure: Structure = UNSTRUCTURED,
              iterations: int = ITERATIONS) -> Branches:
    """Finds the branches of a kernel.

    T is the kernel without what the sparse branch holds. In turn, the factors are fitted to T, what they miss most goes
    to the sparse branch, and T is filled up there with what the factors say; until the relative error
    √|‖W‖² − ‖core‖²| / ‖W‖ moves by less than 0.001.

    Args:
        kernel: `[kh, kw, Cin, Cout]`; a 1×1 kernel gets two factors in place of three.
        ranks: channels behind `first` and before `last`; the same number where there are two factors. 0 and 0: no
            low-rank branch.
        density: which part of the units the sparse branch keeps, from 0 to 1.
        structure: the units.
        iterations: at most so many.

    Raises:
        OptionError: a rank is above the kernel's, or the density outside its range.
    """
    check(kernel.shape, ranks, density)
    whole = kernel.astype(np.float64)
    if not max(ranks):
        mask = structure.largest(np.abs(whole), density)
        return Branches(sparse=np.where(mask, kernel, 0).astype(kernel.dtype))
    found, mask = _alternate(whole, ranks, density, structure, iterations)
    dtype = kernel.dtype
    sparse = np.where(mask, whole - found.whole, 0).astype(dtype) if mask.any() else None
    core = None if found.core is None else found.core.astype(dtype)
    return Branches(found.first.astype(dtype)[None, None], core, found.last.astype(dtype)[None, None], sparse)


def check(shape: Tuple[int, ...], ranks: Ranks, density: float) -> None:
    """Refuses ranks and densities that a kernel cannot have.

    Raises:
        OptionError: they are outside their range.
    """
    if not 0 <= density <= 1:
        raise OptionError('a density of %s: it must be from 0 to 1' % density)
    if min(ranks) < 0 or (min(ranks) == 0 < max(ranks)):
        raise OptionError('ranks %d and %d: both at least 1, or both 0 for no low-rank branch' % ranks)
    if is_matrix(shape) and (ranks[0] != ranks[1] or ranks[0] > min(shape[2:])):
        raise OptionError('ranks %d and %d: a kernel of %d x %d has one rank, of at most %d'
                          % (*ranks, *shape[2:], min(shape[2:])))
    if ranks[0] > shape[2] or ranks[1] > shape[3]:
        raise OptionError('ranks %d and %d are above those of the kernel, which has %d incoming and %d outgoing '
                          'channels' % (*ranks, *shape[2:]))


def is_matrix(shape: Tuple[int, ...]) -> bool:
    """Whether a kernel is 1×1, so that two factors do."""
    return shape[0] == shape[1] == 1


def low_rank(kernel: np.ndarray, ranks: Ranks) -> np.ndarray:
    """Returns a kernel's projection on the leading subspaces of its two unfoldings, without any iteration."""
    whole = kernel.astype(np.float64)
    if is_matrix(kernel.shape):
        return _matrix(whole, ranks[0]).whole
    return _projected(whole, _leading(along_inputs(whole), ranks[0]), _leading(along_outputs(whole), ranks[1])).whole


def _alternate(whole: np.ndarray, ranks: Ranks, density: float, structure: Structure,
               iterations: int) -> Tuple[_LowRank, np.ndarray]:
    """Returns the low-rank part and which entries the sparse part holds."""
    matrix = is_matrix(whole.shape)
    norm = float((whole ** 2).sum()) or 1.0
    outputs = np.eye(1) if matrix else _leading(along_outputs(whole), ranks[1])
    mask = structure.largest(np.abs(whole), density)
    target, before = np.where(mask, 0, whole), np.inf
    for number in range(1, iterations + 1):
        if matrix:
            found = _matrix(target, ranks[0])
        else:
            inputs = _leading(along_inputs(target @ outputs), ranks[0])
            outputs = _leading(along_outputs(inputs.T @ target), ranks[1])
            found = _projected(target, inputs, outputs)
        mask = structure.largest(np.abs(found.whole - whole), density)
        target = np.where(mask, found.whole, whole)
        error = np.sqrt(abs(norm - found.energy) / norm)
        if number >= _FIRST_TO_STOP and abs(before - error) < _MOVES:
            break
        before = error
    return found, mask


def along_inputs(tensor: np.ndarray) -> np.ndarray:
    """Returns the unfolding with the incoming channels as columns."""
    return np.moveaxis(tensor, 2, 3).reshape(-1, tensor.shape[2])


def along_outputs(tensor: np.ndarray) -> np.ndarray:
    """Returns the unfolding with the outgoing channels as columns."""
    return tensor.reshape(-1, tensor.shape[3])


def _leading(rows: np.ndarray, rank: int) -> np.ndarray:
    """Returns the leading right singular vectors of a matrix as orthonormal columns `[columns, rank]`.

    By the Gram matrix, which is much smaller than the matrix: only the subspace is wanted, and small singular values,
    which it blurs, lie outside of it or weigh nothing in it.
    """
    if rank == rows.shape[1]:
        return np.eye(rank)
    return np.ascontiguousarray(np.linalg.eigh(rows.T @ rows)[1][:, :-rank - 1:-1])


def _projected(tensor: np.ndarray, inputs: np.ndarray, outputs: np.ndarray) -> _LowRank:
    core = inputs.T @ tensor @ outputs
    return _LowRank(inputs, core, outputs.T, inputs @ core @ outputs.T, float((core ** 2).sum()))


def _matrix(tensor: np.ndarray, rank: int) -> _LowRank:
    """Returns the best approximation of `[1, 1, Cin, Cout]`: what the smaller side's leading vectors span."""
    matrix = tensor[0, 0]
    if matrix.shape[0] <= matrix.shape[1]:
        first = _leading(matrix.T, rank)
        last = first.T @ matrix
        energy = float((last ** 2).sum())
    else:
        last = _leading(matrix, rank).T
        first = matrix @ last.T
        energy = float((first ** 2).sum())
    return _LowRank(first, None, last, (first @ last)[None, None], energy)
