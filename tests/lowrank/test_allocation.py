"""Costs by hand, budgets that are met, and choices that nothing simple beats."""

import itertools
from typing import Dict

import numpy as np
import pytest

from tf1pruning.errors import OptionError
from tf1pruning.lowrank import UNSTRUCTURED, Structure, decompose
from tf1pruning.lowrank.allocation import (
    as_is,
    least_error,
    require_possible,
    spend,
    spread_shares,
    topped_up,
    total,
    within_shares,
)
from tf1pruning.lowrank.costs import Counts, Sizes, ladder
from tf1pruning.lowrank.curves import Curves, Point, Spectrum, front, hull, points_of

SIZES = {'a': Sizes((3, 3, 8, 16), 64, 256), 'b': Sizes((1, 1, 16, 12), 16, 16), 'c': Sizes((3, 3, 16, 16), 16, 16)}
KERNELS = {name: np.random.RandomState(number).standard_t(3, each.shape).astype(np.float32) * (1 + number)
           for number, (name, each) in enumerate(SIZES.items())}
SPECTRA = {name: Spectrum(kernel, UNSTRUCTURED) for name, kernel in KERNELS.items()}


def curves_of(costs: Counts, kind: str = 'hybrid') -> Curves:
    return {name: points_of(name, SPECTRA[name], costs, kind) for name in SIZES}


def test_the_formula() -> None:
    """(9R² + R·Cin + R·Cout) / (9·Cin·Cout) + w·density, and a matrix without its first term."""
    costs = Counts(SIZES, 'params', 4)
    assert costs.kept('c', (4, 4), 0.05) / costs.dense('c') == pytest.approx(
        (9 * 16 + 4 * 16 + 4 * 16) / (9 * 16 * 16) + 4 * 0.05)
    assert costs.kept('b', (4, 4), 0) == 4 * (16 + 12)
    assert costs.kept('c', (0, 0), 0.1) / costs.dense('c') == pytest.approx(0.4)
    assert costs.density('c', (4, 4), costs.kept('c', (4, 4), 0.05)) == pytest.approx(115 / 2304)  # whole entries
    assert costs.whole('c', 0.05) == 115 / 2304
    assert costs.density('c', (4, 4), 1) is None


def test_multiplications_before_a_stride_count_where_they_are() -> None:
    """The first branch of a strided convolution runs at all positions, the others at those that remain."""
    costs = Counts(SIZES, 'macs')
    assert costs.kept('a', (2, 3), 0) == 2 * 8 * 256 + (9 * 2 * 3 + 3 * 16) * 64
    assert costs.dense('a') == 9 * 8 * 16 * 64


def test_a_weight_that_cannot_be() -> None:
    with pytest.raises(OptionError, match='must be above 0'):
        Counts(SIZES, 'macs', 0)


def test_the_ladder_fits_the_kernel() -> None:
    found = ladder((3, 3, 8, 16))
    assert found[-1] == (8, 16)
    assert (8, 8) in found
    assert (4, 8) in found
    assert all(first <= 8 and last <= 16 for first, last in found)
    assert ladder((1, 1, 8, 4), 16) == [(1, 1), (2, 2), (3, 3), (4, 4)]


@pytest.mark.parametrize('name', sorted(SIZES))
@pytest.mark.parametrize('structure', [UNSTRUCTURED, Structure('filter'), Structure('block', (2, 4))])
def test_the_solver_comes_as_near_as_estimated(name: str, structure: Structure) -> None:
    """Or nearer; with units of many entries it may end a little farther away."""
    spectrum = Spectrum(KERNELS[name], structure)
    for ranks, density in (((4, 4), 0.0), ((4, 4), 0.1), ((0, 0), 0.2), ((8, 8), 0.05)):
        exact = decompose(KERNELS[name], ranks, density, structure).error(KERNELS[name])
        assert exact <= 1.1 * spectrum.error(ranks, density) + 1e-6
    assert spectrum.error((0, 0), 1.0) == pytest.approx(0, abs=1e-6)


def test_fronts_and_hulls() -> None:
    points = [Point((0, 0), 0.0, cost, error) for cost, error in ((1, 9), (2, 8.5), (3, 4), (4, 5), (6, 3), (9, 0))]
    assert [each.cost for each in front(points)] == [1, 2, 3, 6, 9]
    assert [each.cost for each in hull(points)] == [1, 3, 9]


def test_shares_add_up_and_nothing_is_lost() -> None:
    """What a layer cannot take goes to the others, in proportion to their deviations."""
    costs = Counts(SIZES, 'params')
    whole = sum(costs.dense(name) for name in SIZES)
    for factor in (0.1, 0.5, 0.9):
        shares = spread_shares({'a': 1.0, 'b': 30.0, 'c': 3.0}, costs, factor)
        assert sum(shares[name] * costs.dense(name) for name in SIZES) == pytest.approx(factor * whole)
        assert max(shares.values()) <= 1
    assert shares['b'] == 1
    assert spread_shares({'a': 1.0, 'b': 1.0, 'c': 3.0}, costs, 0.2)['c'] == pytest.approx(
        3 * spread_shares({'a': 1.0, 'b': 1.0, 'c': 3.0}, costs, 0.2)['a'])


@pytest.mark.parametrize('kind', ['hybrid', 'tucker', 'spars'])
@pytest.mark.parametrize('factor', [0.3, 0.6])
def test_budgets_are_met(kind: str, factor: float) -> None:
    """Never above the budget, and within a few steps of it, by both ways to share it out."""
    costs = Counts(SIZES, 'macs', 4, 64)
    curves = curves_of(costs, kind)
    budget = factor * sum(costs.dense(name) for name in SIZES)
    shares = spread_shares({name: float(kernel.std()) for name, kernel in KERNELS.items()}, costs, factor)
    chosen = within_shares(shares, curves, costs, kind, lambda name, *setting: SPECTRA[name].error(*setting), exact)
    for choice in (chosen, least_error(curves, costs, budget)):
        spent = spend(choice, curves, costs, budget)
        assert set(spent) == set(SIZES)
        assert total(spent, costs) <= budget * (1 + 1e-6)
        if kind == 'tucker':  # whose steps are large in layers as small as these
            assert 0.9 * budget < total(spent, costs)
        else:
            assert total(topped_up(spent, costs, budget), costs) == pytest.approx(budget, rel=1e-2)


def exact(name: str, point: Point) -> Point:
    return point._replace(error=decompose(KERNELS[name], point.ranks, point.density).error(KERNELS[name]))


def test_hybrid_is_nearer_than_either_alone() -> None:
    """At the same cost, for every layer: the single ways are among those that it chooses from."""
    costs = Counts(SIZES, 'params', 4, 64)
    errors: Dict[str, Dict[str, float]] = {}
    for kind in ('hybrid', 'tucker', 'spars'):
        chosen = within_shares(dict.fromkeys(SIZES, 0.5), dict.fromkeys(SIZES, []), costs, kind,  # type: ignore[arg-type]
                               lambda name, *setting: SPECTRA[name].error(*setting), exact)
        errors[kind] = {name: point.error for name, point in chosen.items() if point is not None}
        assert all(point is not None and point.cost <= 0.5 * costs.dense(name) + 1e-6 for name, point in chosen.items())
    for name in SIZES:
        assert errors['hybrid'][name] < min(errors['tucker'][name], errors['spars'][name])


def test_the_least_error_is_the_least_of_all_combinations() -> None:
    """Against all combinations of the corners of the hulls; greedy is optimal where the budget is used up."""
    costs = Counts(SIZES, 'params', 4, 4)
    curves = {name: hull(points) for name, points in curves_of(costs, 'tucker').items()}
    combinations = list(itertools.product(*[[*curves[name], as_is(name, costs)] for name in SIZES]))
    for factor in (0.3, 0.5, 0.7):
        chosen = least_error(curves, costs, factor * sum(costs.dense(name) for name in SIZES))
        used = total(chosen, costs)
        best = min(sum(point.error for point in each) for each in combinations
                   if sum(point.cost for point in each) <= used + 1e-6)
        assert sum(point.error for point in chosen.values() if point is not None) == pytest.approx(best)


def test_a_layer_that_stays() -> None:
    """With the whole budget, nothing is lost; what is too dear comes down again."""
    costs = Counts(SIZES, 'params')
    curves = curves_of(costs)
    whole = sum(costs.dense(name) for name in SIZES)
    assert least_error(curves, costs, whole) == {'a': None, 'b': None, 'c': None}
    assert total(spend(dict.fromkeys(SIZES), curves, costs, 0.5 * whole), costs) <= 0.5 * whole


def test_the_least_possible_is_said() -> None:
    costs = Counts(SIZES, 'params', 4, 4)
    curves = curves_of(costs, 'tucker')
    require_possible(curves, costs, 0.5)
    least = sum(min(point.cost for point in points) for points in curves.values())
    with pytest.raises(OptionError, match='the least possible is 0.%04d' % round(
            1e4 * least / sum(costs.dense(name) for name in SIZES))):
        require_possible(curves, costs, 0.001)
