"""The solver against what is known of its results: exact at full rank, as near as an SVD, exact counts."""

from typing import Tuple

import numpy as np
import pytest

from tf1pruning.errors import OptionError
from tf1pruning.lowrank import Branches, Structure, decompose
from tf1pruning.lowrank.solver import low_rank

SHAPES = ((3, 3, 12, 20), (3, 5, 20, 12), (1, 1, 24, 16), (1, 1, 16, 24))


def random_kernel(shape: Tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Heavy tails, as trained kernels have."""
    return np.random.RandomState(seed).standard_t(3, shape).astype(np.float32)


def half_of(shape: Tuple[int, ...]) -> Tuple[int, int]:
    """Half of the kernel's own ranks."""
    both = min(shape[2:]) // 2
    return (both, both) if shape[:2] == (1, 1) else (shape[2] // 2, shape[3] // 2)


@pytest.mark.parametrize('shape', SHAPES)
def test_full_rank_without_a_sparse_branch_is_the_kernel(shape: Tuple[int, ...]) -> None:
    kernel = random_kernel(shape)
    whole = (min(shape[2:]),) * 2 if shape[:2] == (1, 1) else shape[2:]
    assert decompose(kernel, whole, 0).error(kernel) < 1e-6


@pytest.mark.parametrize('shape', SHAPES)
def test_a_matrix_gets_its_truncated_svd(shape: Tuple[int, ...]) -> None:
    """A 1×1 kernel without a sparse branch: nothing is nearer (Eckart and Young); others: nearer than no iteration."""
    kernel, ranks = random_kernel(shape), half_of(shape)
    found = decompose(kernel, ranks, 0)
    assert found.ranks == ranks
    assert found.sparse is None
    error = found.error(kernel) * np.linalg.norm(kernel)
    if shape[:2] == (1, 1):
        values = np.linalg.svd(kernel[0, 0], compute_uv=False)
        assert error == pytest.approx(np.sqrt((values[ranks[0]:] ** 2).sum()), rel=1e-5)
    else:
        assert error <= np.linalg.norm(kernel - low_rank(kernel, ranks))
        for factor in (found.first[0, 0], found.last[0, 0].T):  # type: ignore[index]
            np.testing.assert_allclose(factor.T @ factor, np.eye(factor.shape[1]), atol=1e-5)


@pytest.mark.parametrize('shape', SHAPES)
def test_what_is_low_rank_and_sparse_is_found(shape: Tuple[int, ...]) -> None:
    """Large entries on top of a kernel of rank 2: both are told apart, which neither branch can do alone."""
    random = np.random.RandomState(1)
    smooth = low_rank(random.randn(*shape).astype(np.float32), (2, 2))
    spikes = np.where(random.uniform(size=shape) < 0.02, 10 * np.sign(random.randn(*shape)), 0)
    kernel = (smooth + spikes).astype(np.float32)
    density = np.count_nonzero(spikes) / kernel.size
    together = decompose(kernel, (2, 2), density).error(kernel)
    assert together < 0.01
    alone = [decompose(kernel, *each).error(kernel) for each in (((2, 2), 0), ((0, 0), density))]
    assert together < 0.1 * min(alone)


@pytest.mark.parametrize(('name', 'tile', 'count'), [('unstructured', (1, 1), 7), ('channel', (10, 1), 1),
                                               ('filter', (1, 9), 1), ('block', (4, 2), 2)])
def test_units_come_and_go_together(name: str, tile: Tuple[int, int], count: int) -> None:
    """The count of units is exact, tiles at the border are smaller, and no unit is kept in part."""
    kernel = random_kernel((3, 3, 10, 9))
    structure = Structure(name, (4, 2))
    units = structure.units(kernel.shape)
    found = decompose(kernel, (2, 2), count / units, structure).sparse
    assert found is not None
    kept = structure.sums((found != 0).astype(int))
    sizes = structure.sums(np.ones(kernel.shape, int))
    assert structure.tile(kernel.shape) == tile
    assert kept.size == units
    assert (kept > 0).sum() == count
    assert ((kept == 0) | (kept == sizes)).all()


def test_without_rank_the_largest_remain() -> None:
    kernel = random_kernel((3, 3, 4, 5))
    found = decompose(kernel, (0, 0), 0.1)
    assert found.ranks == (0, 0)
    assert found.density == pytest.approx(0.1)
    kept = found.sparse != 0
    assert np.abs(kernel[kept]).min() > np.abs(kernel[~kept]).max()
    np.testing.assert_array_equal(found.kernel(kernel.shape)[kept], kernel[kept])
    assert decompose(kernel, (0, 0), 0).error(kernel) == 1


def test_ties_are_resolved_the_same_way() -> None:
    mask = Structure().largest(np.ones((1, 1, 4, 5)), 0.3)
    assert mask.sum() == 6
    assert mask.reshape(-1)[:6].all()


def test_a_kernel_of_zeros() -> None:
    assert decompose(np.zeros((3, 3, 4, 4), np.float32), (2, 2), 0.1).error(np.zeros((3, 3, 4, 4))) == 0


@pytest.mark.parametrize(('ranks', 'density', 'message'), [
    ((13, 4), 0, 'above those of the kernel, which has 12 incoming and 20 outgoing'),
    ((0, 4), 0, 'both at least 1, or both 0'), ((4, 4), 1.5, 'must be from 0 to 1'), ((-1, 2), 0, 'both at least 1')])
def test_what_cannot_be(ranks: Tuple[int, int], density: float, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        decompose(random_kernel(SHAPES[0]), ranks, density)


def test_a_matrix_has_one_rank() -> None:
    with pytest.raises(OptionError, match='has one rank, of at most 16'):
        decompose(random_kernel((1, 1, 24, 16)), (17, 17), 0)


def test_unknown_structures() -> None:
    with pytest.raises(OptionError, match="no structure named 'row'"):
        Structure('row').check()
    with pytest.raises(OptionError, match='0 x 2 has no size'):
        Structure('block', (0, 2)).check()


def test_nothing_at_all() -> None:
    assert Branches().ranks == (0, 0)
    assert not Branches().kernel((3, 3, 2, 2)).any()
