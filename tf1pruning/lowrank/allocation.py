"""How a budget for the whole network is shared out among its layers."""

import heapq
from typing import Callable, Dict, List, Mapping, Optional, Tuple

import numpy as np

from ..errors import OptionError
from .costs import Costs
from .curves import Curves, Point, front, hull, rank_choices, slope

ALLOCATIONS = ('spread', 'error')
"""By the spread of the kernels' entries; so that the errors of all layers add up to the least."""
TOLERANCE = 0.01
_ALMOST = 0.99
"""A layer that would cost more of what it does as it is, stays as it is."""
_SOLVED = 6
"""How many ways to write a layer are solved and compared where the budget of the layer is given."""
Choice = Dict[str, Optional[Point]]
"""By layer, how it is written; None leaves it as it is."""
Solve = Callable[[str, Point], Point]
"""Gives a point the error that the solver reaches."""


def spread_shares(deviations: Mapping[str, float], costs: Costs, factor: float) -> Dict[str, float]:
    """Returns which part of its cost every layer keeps: in proportion to its kernel's standard deviation, at most 1.

    What a layer cannot take, the others get: all together keep exactly `factor` of the cost.

    Args:
        deviations: by layer.
        costs: of the layers.
        factor: from 0 to 1.
    """
    names = sorted(deviations, key=lambda name: -deviations[name])
    left = factor * sum(costs.dense(name) for name in names)
    weighted = sum(costs.dense(name) * deviations[name] for name in names)
    shares: Dict[str, float] = {}
    for name in names:  # whoever is to keep most is cut off first
        scale = left / weighted if weighted > 0 else 0.0
        shares[name] = min(1.0, scale * deviations[name])
        if shares[name] == 1.0:
            left -= costs.dense(name)
            weighted -= costs.dense(name) * deviations[name]
    return shares


def within_shares(shares: Mapping[str, float], curves: Curves, costs: Costs, kind: str, error: Callable[..., float],
                  solve: Solve) -> Choice:
    """Chooses for every layer, within its share, the way with the least error.

    For all ranks that fit, the sparse branch takes what they leave; the likeliest ones are solved.

    Args:
        shares: which part of its cost each layer keeps.
        curves: points of every layer.
        costs: of the layers.
        kind: one of `costs.KINDS`.
        error: estimates an error from layer, ranks and density.
        solve: gives a point its true error.
    """
    chosen: Choice = {}
    for name, share in shares.items():
        budget = share * costs.dense(name)
        if share >= 1:
            chosen[name] = None
            continue
        fitting = []
        for ranks in rank_choices(name, costs, kind):
            density = costs.density(name, ranks, budget)
            density = 0.0 if kind == 'tucker' and density is not None else density
            if density is not None and (density > 0 or max(ranks) > 0):
                fitting.append(Point(ranks, density, costs.kept(name, ranks, density), error(name, ranks, density)))
        likely = sorted(fitting, key=_error)[:_SOLVED]
        if likely:
            chosen[name] = min((solve(name, point) for point in likely), key=_error)
        else:  # the least that can be, or the layer as it is
            chosen[name] = min(curves[name], key=lambda point: point.cost) if curves[name] else None
    return chosen


def _error(point: Point) -> float:
    return point.error


def least_error(curves: Curves, costs: Costs, budget: float) -> Choice:
    """Chooses so that the errors of all layers add up to the least: the steps that gain most for their cost come first.

    Args:
        curves: points of every layer.
        costs: of the layers.
        budget: for all of them.
    """
    chosen: Choice = {}
    hulls = {name: hull([*points, as_is(name, costs)]) for name, points in curves.items()}
    steps: List[Tuple[float, int, str, int]] = []
    for number, (name, points) in enumerate(hulls.items()):
        chosen[name] = points[0]
        budget -= points[0].cost
        if len(points) > 1:
            heapq.heappush(steps, (-slope(points[0], points[1]), number, name, 1))
    slack = 1e-9 * sum(costs.dense(name) for name in curves)  # sums are rounded
    while steps:
        _, number, name, place = heapq.heappop(steps)
        points = hulls[name]
        if points[place].cost - points[place - 1].cost > budget + slack:
            continue
        budget -= points[place].cost - points[place - 1].cost
        chosen[name] = points[place]
        if place + 1 < len(points):
            heapq.heappush(steps, (-slope(points[place], points[place + 1]), number, name, place + 1))
    return {name: None if point == as_is(name, costs) else point for name, point in chosen.items()}


def as_is(name: str, costs: Costs) -> Point:
    """Returns the point of a layer that stays: no error at its whole cost."""
    return Point((0, 0), 1.0, costs.dense(name), 0.0)


def spend(chosen: Choice, curves: Curves, costs: Costs, budget: float) -> Choice:
    """Brings a choice to a budget: layers get dearer ways while these fit, cheaper ones while the budget is exceeded.

    Args:
        chosen: by layer.
        curves: points of every layer.
        costs: of the layers.
        budget: for all layers together.
    """
    chosen = dict(chosen)
    fronts = {name: [*front(points), as_is(name, costs)] for name, points in curves.items()}
    while True:
        left = budget - total(chosen, costs) + 1e-9 * budget  # sums are rounded
        moves = [(name, point) for name, points in fronts.items() for point in points
                 if _is_move(chosen[name] or as_is(name, costs), point, left)]
        if not moves or (0 <= left <= TOLERANCE / 10 * budget):
            return chosen
        name, point = max(moves, key=lambda move: _gain(chosen[move[0]] or as_is(move[0], costs), move[1], left))
        chosen[name] = None if point == as_is(name, costs) else point


def topped_up(chosen: Choice, costs: Costs, budget: float) -> Choice:
    """Lets sparse branches take what the steps between the points have left of a budget, one layer after the other.

    Args:
        chosen: by layer, within the budget.
        costs: of the layers.
        budget: for all layers together.
    """
    chosen = dict(chosen)
    for name, point in sorted(chosen.items(), key=lambda item: -item[1].error if item[1] is not None else 0.0):
        left = budget - total(chosen, costs)
        if point is None or left <= 0:
            continue
        density = costs.density(name, point.ranks, min(point.cost + left, _ALMOST * costs.dense(name)))
        if density is not None and density > point.density:
            chosen[name] = point._replace(density=density, cost=costs.kept(name, point.ranks, density))
    return chosen


def _is_move(now: Point, point: Point, left: float) -> bool:
    """Whether a step is one towards the budget."""
    step = point.cost - now.cost
    return 0 < step <= left and point.error < now.error if left >= 0 else step < 0


def _gain(now: Point, point: Point, left: float) -> float:
    if left >= 0:
        return (now.error - point.error) / (point.cost - now.cost)
    return -(point.error - now.error) / (now.cost - point.cost)


def total(chosen: Choice, costs: Costs) -> float:
    """Returns what a choice costs."""
    return sum(costs.dense(name) if point is None else point.cost for name, point in chosen.items())


def require_possible(curves: Curves, costs: Costs, factor: float) -> None:
    """Checks that a part of the cost can be kept.

    Raises:
        OptionError: not even the cheapest ways are that cheap; the message says what is.
    """
    whole = sum(costs.dense(name) for name in curves)
    least = sum(min([costs.dense(name), *(point.cost for point in points)]) for name, points in curves.items())
    if factor * whole < least:
        raise OptionError('a compression factor of %s cannot be met: the least possible is %s; ask for that or more'
                          % (factor, np.format_float_positional(least / whole, 4, fractional=False)))
