"""Union-find against a naive one."""

from typing import List, Tuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tf1pruning.channels.unionfind import components


def naive(count: int, ties: List[Tuple[int, int]]) -> List[int]:
    """Relabels everything for every tie."""
    labels = list(range(count))
    for a, b in ties:
        low, high = sorted((labels[a], labels[b]))
        labels = [low if label == high else label for label in labels]
    return labels


@st.composite
def problems(draw: st.DrawFn) -> Tuple[int, List[Tuple[int, int]]]:
    """Some ids and ties among them."""
    count = draw(st.integers(1, 30))
    member = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(member, member), max_size=40))


@given(problems())
def test_components_equal_the_naive_ones(problem: Tuple[int, List[Tuple[int, int]]]) -> None:
    """The label of a class is its smallest member."""
    count, ties = problem
    first, second = np.array([a for a, _ in ties], int), np.array([b for _, b in ties], int)
    assert components(count, first, second).tolist() == naive(count, ties)


def test_a_long_chain_in_reverse() -> None:
    """A hundred thousand ids, each tied to the next, from the far end."""
    count = 100000
    first = np.arange(count - 1, 0, -1)
    assert not components(count, first, first - 1).any()


def test_no_ids_and_no_ties() -> None:
    """Nothing to do."""
    nothing = np.zeros(0, int)
    assert components(0, nothing, nothing).size == 0
    assert components(3, nothing, nothing).tolist() == [0, 1, 2]
