"""Values in blocks: the same as NumPy on the whole array."""

from typing import Any, Dict, Iterator, Tuple

import numpy as np
import pytest

from tf1pruning.model import values
from tf1pruning.model.values import Held, Taken, Value, Zeroed, moments, nonzero_slices_of

SHAPES: Dict[Tuple[int, ...], Dict[int, Any]] = {
    (): {}, (7,): {0: [1, 6]}, (5, 6): {0: [0, 3], 1: [5]}, (3, 3, 4, 6): {2: [1, 2], 3: [0, 4, 5]},
    (3, 3, 8, 1): {2: [7]}, (4, 1, 5): {0: [2], 1: [0], 2: [0, 1]}, (0, 3): {1: [1]},
}


@pytest.fixture(autouse=True, params=[1, 100, 1 << 20], ids=['a row', 'few rows', 'all rows'])
def _block_bytes(request: Any, monkeypatch: Any) -> None:
    """Blocks of different sizes, and nothing kept."""
    monkeypatch.setattr(values, 'BLOCK_BYTES', request.param)
    monkeypatch.setattr(values, '_KEPT_BYTES', 0)


def whole(shape: Tuple[int, ...]) -> np.ndarray:
    """Different numbers, none of them zero."""
    return np.arange(1, np.prod(shape, dtype=int) + 1, dtype=np.float32).reshape(shape)


def indices(shape: Tuple[int, ...]) -> Dict[int, np.ndarray]:
    """Slices of a shape."""
    return {axis: np.array(each) for axis, each in SHAPES[shape].items()}


@pytest.mark.parametrize('shape', SHAPES, ids=str)
def test_taken(shape: Tuple[int, ...]) -> None:
    """What stays, also of what was taken from before; the blocks together are the array."""
    expected = array = whole(shape)
    for axis, each in indices(shape).items():
        expected = np.take(expected, each, axis)
    value = Taken(Held(array), indices(shape))
    assert value.shape == expected.shape
    assert np.array_equal(value.array(), expected)
    assert np.array_equal(Taken(value, {}).array(), expected)
    rows = [np.array(block) for block in value.blocks()]
    assert sum(len(block) for block in rows) == value.matrix_shape[0]


@pytest.mark.parametrize('shape', SHAPES, ids=str)
@pytest.mark.parametrize('dtype', ['f4', 'f2', 'i8', 'bool', 'c16'])
def test_zeroed(shape: Tuple[int, ...], dtype: str) -> None:
    """Zero there, unchanged elsewhere; the array it is made from stays."""
    array = whole(shape).astype(dtype)
    expected = array.copy()
    for axis, each in indices(shape).items():
        expected[(slice(None),) * axis + (each,)] = 0
    assert np.array_equal(Zeroed(Held(array), indices(shape)).array(), expected)
    assert array.all()


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64', 'int8', 'complex64', 'complex128'])
def test_slices_along_any_axis_become_zero(dtype: str) -> None:
    """Along the last axis too, of every type, also what is not a number; the rest stays to the last bit."""
    value = np.random.RandomState(0).uniform(1, 100, (2, 3, 4)).astype(dtype)
    if value.dtype.kind != 'i':
        value[0, 1, 2], value[0, 2, 3] = np.nan, np.inf
    result = Zeroed(Held(value), {1: np.array([1]), 2: np.array([0, 3])}).array()
    expected = value.copy()
    expected[:, 1], expected[..., [0, 3]] = 0, 0
    assert result.dtype == value.dtype
    assert result.tobytes() == expected.tobytes()
    assert Zeroed(Held(value[0, 0]), {0: np.array([2])}).array().tolist()[2] == 0


@pytest.mark.parametrize('shape', SHAPES, ids=str)
def test_nonzero_slices(shape: Tuple[int, ...]) -> None:
    """None of the slices that were set to zero; of all slices, the others."""
    axes = indices(shape)
    value = Zeroed(Held(whole(shape)), axes)
    every = {axis: np.arange(shape[axis]) for axis in axes}
    found = nonzero_slices_of(value, every)
    for axis, each in axes.items():
        reference = np.flatnonzero((value.array() != 0).any(tuple(k for k in range(len(shape)) if k != axis)))
        assert found[axis].tolist() == reference.tolist()
        assert not set(each.tolist()) & set(found[axis].tolist())
    assert all(not each.size for each in nonzero_slices_of(value, axes).values())


def test_a_nan_is_not_zero() -> None:
    """And minus zero is."""
    array = np.array([[0, np.nan], [-0.0, 0]])
    assert nonzero_slices_of(Held(array), {0: np.array([0, 1]), 1: np.array([0, 1])})[0].tolist() == [0]


def test_moments() -> None:
    """Those of NumPy."""
    array = np.random.RandomState(0).normal(3, 2, (40, 30)).astype(np.float32)
    assert moments(Held(array)) == pytest.approx((array.mean(dtype=float), array.std(dtype=float)))
    assert moments(Held(np.full((3, 5), 0.1, np.float32)))[1] == 0
    assert moments(Held(np.zeros((0, 5)))) == (0, 0)


def test_large_values_are_not_kept(monkeypatch: Any) -> None:
    """Small ones are read once, large ones whenever they are asked for."""
    class Counted(Value):
        reads = 0

        def blocks(self) -> Iterator[np.ndarray]:
            self.reads += 1
            yield np.zeros(self.matrix_shape)

    for limit, expected in ((79, 2), (80, 1)):
        monkeypatch.setattr(values, '_KEPT_BYTES', limit)
        value = Counted((2, 5), np.dtype(float))
        assert value.array().shape == value.array().shape == (2, 5)
        assert value.reads == expected
