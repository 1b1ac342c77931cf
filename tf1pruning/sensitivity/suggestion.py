"""Numbers for all parameters at once, so that accuracy stays within a budget."""

from typing import Callable, Dict, Iterable, List, Mapping, NamedTuple, Tuple

import numpy as np

from ..errors import OptionError
from ..evaluation import Measured
from .analysis import Analysis, Curve
from .kinds import Kind

_ROUNDING = 1e-12


class Suggestion(NamedTuple):
    """What was found for a budget.

    Attributes:
        budget: accuracy that may be lost, as a fraction: 0.01 is a percentage point.
        numbers: sparsities or bits by parameter; those that are not in it stay as they are.
        measured: the model with all of them at once.
        reached: mean sparsity, or mean bits, over all parameters.
    """

    budget: float
    numbers: Dict[str, float]
    measured: Measured
    reached: float


class Step(NamedTuple):
    """One parameter is compressed further.

    Attributes:
        price: how much the loss grows for each weight (or channel) that is saved.
        parameter: which.
        number: its sparsity or bits from then on.
    """

    price: float
    parameter: str
    number: float


Evaluate = Callable[[Mapping[str, float]], Measured]


def suggest(kind: Kind, analysis: Analysis, budget: float, evaluate: Evaluate) -> Suggestion:
    """Finds strong numbers for all parameters that together cost at most a budget.

    A path of steps leads from the model as it is to one in which everything is compressed as strongly as was tried,
    the cheapest steps first. How far it can be gone is found by bisection: all numbers are evaluated together.

    Args:
        kind: what is done to the parameters.
        analysis: what each costs alone.
        budget: accuracy that may be lost.
        evaluate: measures the model with some parameters compressed at once.

    Raises:
        OptionError: the budget is out of its range.
    """
    check_budget(budget)
    path = path_of(analysis, kind.neutral)
    floor = analysis.baseline.accuracy - budget - _ROUNDING
    best: Tuple[Dict[str, float], Measured] = ({}, analysis.baseline)
    low, high = 0, len(path) + 1
    middle = len(path)
    while high - low > 1:
        numbers = _numbers(path[:middle])
        measured = evaluate(numbers)
        if measured.accuracy >= floor:
            best, low = (numbers, measured), middle
        else:
            high = middle
        middle = (low + high) // 2
    chosen = {name: best[0][name] for name in kind.sizes if name in best[0]}
    return Suggestion(budget, chosen, best[1], kind.reached(chosen))


def check_budget(budget: float) -> None:
    """Checks an accuracy that may be lost.

    Raises:
        OptionError: it is not in [0, 1).
    """
    if not 0 <= budget < 1:
        raise OptionError('a budget of %g is not in [0, 1): 0.01 is one percentage point of accuracy' % budget)


def path_of(analysis: Analysis, neutral: float) -> List[Step]:
    """Returns the steps from no compression to the strongest, the cheapest first.

    The price is a growth of the loss, since accuracy moves in jumps of one example. It never falls along the steps of
    one parameter: a number that is beaten by a mixture of its neighbours is passed over.
    """
    steps = [step for curve in analysis.curves for step in _steps(curve, analysis.baseline.loss, neutral)]
    return sorted(steps, key=lambda step: step.price)


def _steps(curve: Curve, loss: float, neutral: float) -> Iterable[Step]:
    """Yields the steps of one parameter along the lower convex hull of its losses over what it saves."""
    places, costs = [0.0], [0.0]
    numbers = [neutral]
    for number, measured in zip(curve.numbers, curve.measured):
        if not np.isfinite(measured.loss):
            break
        places.append(curve.size * abs(number - neutral))
        costs.append(max(costs[-1], measured.loss - loss))
        numbers.append(number)
    here = 0
    while here + 1 < len(places):
        rest = range(here + 1, len(places))
        prices = [(costs[there] - costs[here]) / (places[there] - places[here]) for there in rest]
        here = max(there for there, price in zip(rest, prices) if price == min(prices))
        yield Step(min(prices), curve.parameter, numbers[here])


def _numbers(path: Iterable[Step]) -> Dict[str, float]:
    return {step.parameter: step.number for step in path}
