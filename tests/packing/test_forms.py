"""Runs of numbers: every form gives back the very bits, and is chosen where it is shortest."""

import contextlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tf1pruning.packing.codebook import find_codebook
from tf1pruning.packing.cursor import Cursor, DamagedError
from tf1pruning.packing.forms import CODEBOOK, PATTERNS, PLANES, SPARSE, STORED, TURNED, decode_run, encode_run

RANDOM = np.random.RandomState(0)


def there_and_back(array: np.ndarray) -> Any:
    """Returns what a run becomes, after it was compared with what comes out of that."""
    bits = array.view(PATTERNS[array.itemsize])
    coded = encode_run(bits)
    cursor = Cursor(coded.content)
    found = decode_run(cursor, bits.size, bits.dtype)
    assert found.dtype == bits.dtype
    assert np.array_equal(found, bits)
    assert cursor.left == 0
    assert sum(coded.account.values()) == len(coded.content)
    return coded


def normal(count: int) -> np.ndarray:
    return RANDOM.normal(0, 0.1, count).astype(np.float32)


def pruned(values: np.ndarray, density: float) -> np.ndarray:
    return np.where(RANDOM.uniform(size=values.size) < density, values, np.float32(0))


def few(count: int, values: int) -> np.ndarray:
    return RANDOM.choice(RANDOM.normal(0, 1, values).astype(np.float32), count)


@pytest.mark.parametrize(('array', 'form', 'most'), [
    (normal(3), STORED, 13), (normal(100000), PLANES, 350000), (few(100000, 4), CODEBOOK, 25100),
    (pruned(normal(100000), 0.05), SPARSE, 21500), (pruned(few(100000, 4), 0.05), SPARSE, 4950),
    (np.zeros(500000, np.float32), SPARSE, 5), (np.full(500000, 1.5, np.float32), CODEBOOK, 9),
    (np.arange(100000), PLANES, 7000)],
    ids=['tiny', 'dense', 'shared', 'pruned', 'both', 'zeros', 'constant', 'integers'])
def test_the_shortest_form(array: np.ndarray, form: int, most: int) -> None:
    """Compared with what entropy allows: 5 % of 100,000 places take 3,580 bytes, two bits for each value 1,250."""
    coded = there_and_back(array)
    assert coded.content[0] == form
    assert len(coded.content) <= most


def test_column_by_column() -> None:
    """Where whole rows are zero, which lie behind each other in no column; of the right number of columns only."""
    matrix = pruned(normal(30000), 0.2).reshape(300, 100)
    matrix[np.arange(300) % 30 < 24] = 0
    matrix[::2, 50:] = 0
    bits = np.ascontiguousarray(matrix.T).view(np.uint32).reshape(-1)
    coded = encode_run(bits, 300)
    assert coded.content[0] == TURNED
    assert len(coded.content) < len(encode_run(bits).content)
    assert np.array_equal(decode_run(Cursor(coded.content), bits.size, bits.dtype, 300), bits)
    for columns in (1, 7, 30000, 0):
        with pytest.raises(DamagedError, match='no such form'):
            decode_run(Cursor(coded.content), bits.size, bits.dtype, columns)
    assert encode_run(np.zeros(100, np.uint32), 10).content[0] == SPARSE


def test_within_two_percent_of_the_entropy() -> None:
    """Where weights are pruned and share values."""
    array = pruned(few(200000, 8), 0.03)
    _, counts = np.unique(array, return_counts=True)
    entropy = -(counts * np.log2(counts / array.size)).sum() / 8
    assert len(there_and_back(array).content) < 1.02 * entropy + 64


def test_special_numbers_keep_their_bits() -> None:
    """NaN with a payload, signed zeros, infinity, the smallest number."""
    bits = np.array([0x7fc00001, 0xffc00000, 0x80000000, 0, 0x7f800000, 1] * 50, np.uint32)
    coded = there_and_back(bits.view(np.float32))
    assert len(coded.content) < 160
    assert len(there_and_back(np.array([-0.0] * 1000, np.float32)).content) < 12


@pytest.mark.parametrize('dtype', [np.bool_, np.int8, np.uint16, np.float16, np.int32, np.float64, np.int64,
                                   np.complex64])
def test_types(dtype: Any) -> None:
    for array in (RANDOM.randint(0, 2, 999), RANDOM.randint(0, 100, 3000), np.zeros(1), np.ones(1), np.zeros(0)):
        there_and_back(array.astype(dtype))


def test_a_codebook_is_all_there_is() -> None:
    """Also where a sample lacks some numbers, and none where they are too many."""
    bits = np.zeros(100000, np.uint32)
    bits[[7, 99, 4444]] = 3, 5, 8
    found = find_codebook(bits)
    assert found.numbers.tolist() == [0, 3, 5, 8]
    assert np.array_equal(found.numbers[found.places], bits)
    assert find_codebook(np.arange(256, dtype=np.uint32)).numbers.size == 256
    assert find_codebook(np.arange(257, dtype=np.uint32)) is None
    bits[np.arange(1, 90001, 300)] = np.arange(300)
    assert find_codebook(bits) is None
    assert find_codebook(bits[:0]) is None


SEEDS = [normal(300), few(3000, 5), pruned(normal(3000), 0.1), np.zeros(9)]
WORDS = st.sampled_from([0, 0, 0, 0, 1, 7, 0x80000000, 0x3f800000, 0x7fc00001, 0xffffffff])


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=200), st.lists(st.integers(0, 2 ** 32 - 1), max_size=60)),
       st.integers(1, 40))
def test_any_run(words: Any, repeats: int) -> None:
    there_and_back(np.array(words * repeats, np.uint32).view(np.float32))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_runs_are_refused_or_read(choice: Any) -> None:
    """They have no checksum of their own: what comes out is a run of the right length, or one kind of error."""
    array = choice.draw(st.sampled_from(SEEDS))
    bits = array.view(PATTERNS[array.itemsize])
    content = bytearray(encode_run(bits).content)
    for _ in range(choice.draw(st.integers(1, 3))):
        place = choice.draw(st.integers(0, len(content) - 1))
        content[place] = choice.draw(st.integers(0, 255))
    del content[choice.draw(st.integers(1, len(content))):]
    with contextlib.suppress(DamagedError):
        found = decode_run(Cursor(bytes(content)), bits.size, bits.dtype)
        assert (found.size, found.dtype) == (bits.size, bits.dtype)
