"""How many channels of every group can be taken for constants before the accuracy falls."""

from typing import Callable, Dict, Mapping, NamedTuple

import numpy as np

from ..evaluation import Evaluator, Labelled
from ..model.model import Model
from ..passes.fold_constants import Decision
from ..passes.nearly_constant import lowest
from ..passes.shift_outputs import Place, Shift, shifted_values, with_places
from ..passes.substitute import NOBODY, transferred
from .order import FoldOrder
from .study import Study

Tell = Callable[[str], None]
_FOLDING = FoldOrder(search=True, merging=False)


class Found(NamedTuple):
    """What a search found.

    Attributes:
        percentiles: by group.
        before: the accuracy with all channels.
        after: that without those found.
    """

    percentiles: Dict[str, float]
    before: float
    after: float


def search(study: Study, labelled: Labelled, most: float, batch: int, tell: Tell = lambda name: None) -> Found:
    """Searches group by group, by bisection, for the largest part that may go.

    One session for all: kernels and biases get other values in it; nothing is stripped before the end.

    Args:
        study: the network.
        labelled: the examples that decide.
        most: how much accuracy may be lost in all.
        batch: how many examples are run at once.
        tell: called with the name of every group.
    """
    axes = {consumer.name: consumer.place.result_axis for consumer in study.consumers if not consumer.obstacle}
    model, places = with_places(study.channels.model, axes)
    tensors = {consumer.parameter for consumer in study.consumers if consumer.parameter}
    tensors |= {place.parameter for place in places.values()}
    percentiles: Dict[str, float] = {}
    with Evaluator(model, labelled, sorted(tensors), batch) as evaluator:
        before = after = evaluator.evaluate().accuracy
        for group in study.channels.groups:
            tell(group.name)
            low, high = 0, group.size
            while high - low > max(1, group.size // 64):
                middle = (low + high) // 2
                tried = dict(percentiles, **{group.name: 100.0 * (middle + 0.5) / group.size})
                decision = study.decide(_FOLDING, lowest(study.channels, study.spread, tried))
                accuracy = evaluator.evaluate(_values(study, model, places, decision)).accuracy
                if accuracy >= before - most:
                    low, after, percentiles = middle, accuracy, tried
                else:
                    high = middle
    return Found(percentiles, before, after)


def _values(study: Study, model: Model, places: Mapping[str, Place], decision: Decision) -> Dict[str, np.ndarray]:
    """Returns the values that kernels, biases and means have after a decision."""
    shifts: Dict[str, Shift] = {}
    values: Dict[str, np.ndarray] = {}
    for consumer in study.consumers:
        given = decision.substitutes[consumer.name]
        if not given.gone.any() or consumer.kernel is None or not consumer.parameter:
            continue
        kernel = transferred(consumer, given._replace(target=np.where(given.gone, given.target, NOBODY)))
        gone = np.flatnonzero(given.gone[:consumer.kernel.shape[1]])
        kernel[tuple(gone if axis == consumer.place.kernel_axis else slice(None) for axis in range(kernel.ndim))] = 0
        values[consumer.parameter] = kernel
        constant = np.where(given.gone, given.constant, 0.0)
        if constant.any():
            shifts[consumer.name] = Shift(np.einsum('i,tio->o', constant, consumer.kernel.astype(np.float64)),
                                          consumer.place.result_axis)
    values.update(shifted_values(model, places, shifts))
    return values
