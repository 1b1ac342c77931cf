"""A target for MACs, parameters or bytes → how many channels of each group go."""

from typing import Callable, List, Sequence

import numpy as np

from .channels.cost_model import CostModel
from .errors import OptionError
from .ranking import Ranking

_ROUNDS = 200


def meet_target(ranking: Ranking, what: str, fraction: float) -> List[int]:
    """Finds how many channels of each group go so that about a fraction of the original remains.

    A bisection over the ratio comes as near as the alignment lets it; then single groups give up or take back one
    aligned step each, as long as that comes nearer.

    Args:
        ranking: scores and limits.
        what: `macs`, `parameters` or `bytes`.
        fraction: what shall remain of the original.

    Raises:
        OptionError: even with everything pruned that may be, more remains; or the steps are too coarse.
    """
    model = CostModel(ranking.channels)
    count: Callable[[np.ndarray], int] = getattr(model, what)
    original = count(model.everything())
    wanted, tolerance = fraction * original, ranking.amount.tolerance * original

    def cost(counts: Sequence[int]) -> int:
        return count(~ranking.labels(counts)[ranking.channels.labels])

    least = cost(ranking.part(1.0))
    if least > wanted + tolerance:
        raise OptionError('cannot reach %.1f %% of the %s: %.1f %% remain when everything goes that may (more may with '
                          'a smaller --align, more scopes, a larger --max-ratio)'
                          % (100 * fraction, what, 100.0 * least / original))
    counts = _bisect(ranking, cost, wanted)
    counts = _refine(ranking, cost, wanted, counts, tolerance)
    if abs(cost(counts) - wanted) > tolerance:
        raise OptionError('the nearest to %.1f %% of the %s is %.1f %%: a smaller --align comes nearer' % (
            100 * fraction, what, 100.0 * cost(counts) / original))
    return counts


def _bisect(ranking: Ranking, cost: Callable[[Sequence[int]], int], wanted: float) -> List[int]:
    low, high = 0.0, 1.0
    for _ in range(30):
        middle = (low + high) / 2
        if cost(ranking.part(middle)) > wanted:
            low = middle
        else:
            high = middle
    return min((ranking.part(low), ranking.part(high)), key=lambda counts: abs(cost(counts) - wanted))


def _refine(ranking: Ranking, cost: Callable[[Sequence[int]], int], wanted: float, counts: List[int],
            tolerance: float) -> List[int]:
    """Moves one group by one aligned step at a time, always the one that comes nearest.

    Where none does and the target is still missed, one group gives up a step and another takes one back.
    """
    most = ranking.part(1.0)

    def distance(changed: Sequence[int]) -> float:
        return abs(cost(changed) - wanted)
    for _ in range(_ROUNDS):
        near, fewer = distance(counts), cost(counts) > wanted
        singles = _neighbours(ranking, counts, most, fewer)
        best = min(singles, key=distance, default=counts)
        if distance(best) >= near > tolerance:
            pairs = (pair for each in singles for pair in _neighbours(ranking, each, most, not fewer))
            best = min(pairs, key=distance, default=counts)
        if distance(best) >= near:
            break
        counts = best
    return counts


def _neighbours(ranking: Ranking, counts: List[int], most: List[int], fewer: bool) -> List[List[int]]:
    """Returns the choices in which one group has one aligned step fewer (or more) channels."""
    found: List[List[int]] = []
    align = ranking.amount.align
    for index, group in enumerate(ranking.groups):
        kept = group.size - counts[index]
        step = (kept - 1) // align * align if fewer else min(group.size, (kept // align + 1) * align)
        gone = group.size - step
        if step > 0 and gone != counts[index] and ranking.fewest[index] <= gone <= most[index]:
            found.append(counts[:index] + [gone] + counts[index + 1:])
    return found


