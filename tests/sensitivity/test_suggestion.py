"""Numbers for a budget, on losses that are made up."""

from typing import Any, Dict, Mapping

import pytest

from tf1pruning.errors import OptionError
from tf1pruning.evaluation import Measured
from tf1pruning.sensitivity.analysis import Analysis, Curve
from tf1pruning.sensitivity.suggestion import path_of, suggest

LEVELS = (0.25, 0.5, 0.75)
COSTS = {'robust': (0.0, 0.01, 0.02), 'weak': (0.1, 0.3, 0.9), 'large': (0.02, 0.05, 0.4)}
SIZES = {'robust': 100, 'weak': 100, 'large': 1000}


class FakeKind:
    """Three parameters."""

    sizes, neutral = SIZES, 0.0

    def reached(self, numbers: Mapping[str, float]) -> float:
        return sum(SIZES[name] * number for name, number in numbers.items()) / sum(SIZES.values())


def _analysis() -> Analysis:
    return Analysis('sparsity', Measured(0.9, 0.2), tuple(
        Curve(name, SIZES[name], LEVELS, tuple(Measured(0.9 - cost, 0.2 + cost) for cost in costs))
        for name, costs in COSTS.items()))


def _together(numbers: Mapping[str, float]) -> Measured:
    cost = sum(COSTS[name][LEVELS.index(number)] for name, number in numbers.items())
    return Measured(0.9 - cost, 0.2 + cost)


def _suggested(budget: float) -> Any:
    seen: Dict[str, Measured] = {}

    def evaluate(numbers: Mapping[str, float]) -> Measured:
        assert str(numbers) not in seen
        seen[str(numbers)] = _together(numbers)
        return seen[str(numbers)]
    found = suggest(FakeKind(), _analysis(), budget, evaluate)  # type: ignore[arg-type]
    assert found.measured == (_together(found.numbers) if found.numbers else _analysis().baseline)
    assert found.measured.accuracy >= 0.9 - budget - 1e-9
    return found


@pytest.mark.parametrize(('budget', 'numbers'), [
    (0.0, {'robust': 0.25}), (0.05, {'robust': 0.25, 'large': 0.5}), (0.075, {'robust': 0.75, 'large': 0.5}),
    (0.43, {'robust': 0.75, 'large': 0.75}), (0.53, {'robust': 0.75, 'weak': 0.25, 'large': 0.75})])
def test_the_cheapest_weights_go_first(budget: float, numbers: Dict[str, float]) -> None:
    assert _suggested(budget).numbers == numbers


def test_everything_at_once_where_the_budget_allows_it() -> None:
    found = _suggested(0.899)
    assert found.numbers != dict.fromkeys(SIZES, 0.75)
    assert suggest(FakeKind(), _analysis(), 0.5,  # type: ignore[arg-type]
                   lambda numbers: Measured(0.9, 0.2)).numbers == dict.fromkeys(SIZES, 0.75)


def test_nothing_where_the_budget_allows_nothing() -> None:
    found = suggest(FakeKind(), _analysis(), 0.01, lambda numbers: Measured(0.1, 9.0))  # type: ignore[arg-type]
    assert found.numbers == {}
    assert found.measured == _analysis().baseline
    assert found.reached == 0


def test_prices_do_not_fall_along_the_path() -> None:
    """A parameter comes to its numbers one after the other; a lucky loss counts as none, an infinite one ends them."""
    curves = (Curve('lucky', 10, LEVELS, (Measured(1, 0.1), Measured(1, 0.4), Measured(1, 0.3))),
              Curve('dead', 10, LEVELS, (Measured(1, 0.3), Measured(0, float('inf')), Measured(0, float('inf')))))
    path = path_of(Analysis('sparsity', Measured(1.0, 0.2), curves), 0.0)
    prices = [step.price for step in path]
    assert prices == sorted(prices)
    assert [(step.parameter, step.number) for step in path] == [('lucky', 0.25), ('dead', 0.25), ('lucky', 0.75)] or [
        (step.parameter, step.number) for step in path] == [('lucky', 0.25), ('lucky', 0.75), ('dead', 0.25)]


def test_bits_fall(tmp_path: Any) -> None:
    curves = (Curve('a', 10, (4, 2, 1), (Measured(1, 0.2), Measured(1, 0.21), Measured(1, 0.9))),)
    assert [step.number for step in path_of(Analysis('bits', Measured(1.0, 0.2), curves), 32)] == [4, 2, 1]


@pytest.mark.parametrize('budget', [-0.1, 1, 5])
def test_a_budget_out_of_range(budget: float) -> None:
    with pytest.raises(OptionError, match='is not in .0, 1.: 0.01 is one percentage point'):
        suggest(FakeKind(), _analysis(), budget, _together)  # type: ignore[arg-type]
