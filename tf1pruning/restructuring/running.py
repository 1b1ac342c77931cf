"""Restructuring a model, and what is reported of it."""

import logging
from typing import Any, Callable, Dict, NamedTuple, Optional

import numpy as np

from ..activations import Calibration
from ..channels import Channels
from ..errors import OptionError, VerificationError
from ..evaluation import Evaluator, Labelled
from ..model.model import Model
from ..passes.fold_constants import Decision, apply
from ..passes.nearly_constant import below, lowest
from ..verify import allowed_difference, difference_of
from .order import FoldOrder
from .searching import Found, search
from .study import Study, study

Tell = Callable[[str], None]
logger = logging.getLogger(__name__)
STAGES = ('measure', 'decide', 'fold', 'verify')


class Restructured(NamedTuple):
    """A model without its constant and duplicate channels.

    Attributes:
        soft: these are zero, and what they did is done by others.
        model: they are gone.
        decision: what was done.
        record: what is reported: refused, difference, provable, allowed; accuracy after a search.
        allowed: the largest relative difference that is rounding.
    """

    soft: Model
    model: Model
    decision: Decision
    record: Dict[str, Any]
    allowed: float


def restructure(channels: Channels, order: FoldOrder, calibration: Optional[Calibration] = None,
                labelled: Optional[Labelled] = None, batch: int = 250, tell: Tell = lambda stage: None
                ) -> Restructured:
    """Folds and merges channels, and verifies what was done.

    Args:
        channels: the analysis of a model in inference form.
        order: how far from constant channels may be.
        calibration: examples, for all that is not provable.
        labelled: examples with labels, for a search.
        batch: how many labelled examples are run at once.
        tell: called with the name of every stage, and of every group that is searched.

    Raises:
        OptionError: examples are lacking, or a number is out of its range.
        VerificationError: the result differs where it must not.
    """
    order.check()
    if order.looks_at_examples and calibration is None:
        raise OptionError('what is about constant, or about the same, is seen on examples: give --data PATH')
    if order.search and labelled is None:
        raise OptionError('a search needs examples with labels: give --data PATH that has them')
    tell('measure')
    seen = study(channels, calibration if order.looks_at_examples else None, order.duplicates is not None)
    tell('decide')
    found = None
    if order.search and labelled is not None:
        found = search(seen, labelled, order.max_accuracy_loss, batch, tell)
    chosen = _chosen(order, seen, found)
    decision = seen.decide(order, chosen)
    tell('fold')
    folded = apply(channels, seen.consumers, decision)
    if found is not None and labelled is not None:
        found = found._replace(after=_accuracy(folded.model, labelled, batch))
        if order.duplicates is not None and found.after < found.before - order.max_accuracy_loss:
            logger.warning('near duplicates are not merged: that would leave an accuracy of %.4f', found.after)
            decision = seen.decide(order._replace(duplicates=None), chosen)
            folded = apply(channels, seen.consumers, decision)
            found = found._replace(after=_accuracy(folded.model, labelled, batch))
    tell('verify')
    return _verified(channels.model, folded.soft, folded.model, decision, found)


def _accuracy(model: Model, labelled: Labelled, batch: int) -> float:
    with Evaluator(model, labelled, (), batch) as evaluator:
        return evaluator.evaluate().accuracy


def _chosen(order: FoldOrder, seen: Study, found: Optional[Found]) -> Optional[np.ndarray]:
    """Returns for every class whether it is taken for a constant; None where only what is provable is."""
    if order.tolerance is not None:
        return below(seen.channels, seen.spread, order.tolerance)
    if order.percentile is not None:
        return lowest(seen.channels, seen.spread, {group.name: order.percentile for group in seen.channels.groups})
    return lowest(seen.channels, seen.spread, found.percentiles) if found is not None else None


def _verified(before: Model, soft: Model, after: Model, decision: Decision, found: Optional[Found]) -> Restructured:
    """Compares: what is provable with the model as it was, all else with what was only set to zero."""
    difference = difference_of(before, after)
    judged = difference if decision.provable else difference_of(soft, after)
    allowed = allowed_difference(judged, before)
    if not judged.relative <= allowed:
        raise VerificationError('folding changed output %s by %.2e relative, more than rounding (%.0e); nothing was '
                                'written' % (judged.output, judged.relative, allowed))
    record: Dict[str, Any] = {'provable': decision.provable, 'difference': dict(difference._asdict()),
                              'allowed': allowed, 'refused': [dict(each._asdict()) for each in decision.refused]}
    if found is not None:
        record['accuracy'] = {'before': found.before, 'after': found.after}
        record['percentiles'] = found.percentiles
    return Restructured(soft, after, decision, record, allowed)
