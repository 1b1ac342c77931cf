"""Channels that hardly change on a calibration set: how much they do, and what they are then taken for."""

from typing import Dict, Mapping, Sequence

import numpy as np

from ..activations.moments import Moments
from ..channels import Channels
from ..errors import OptionError
from ..graph.view import TensorName
from .fold_constants import Known
from .substitute import Consumer


def spreads(channels: Channels, consumers: Sequence[Consumer], moments: Mapping[TensorName, Moments]) -> np.ndarray:
    """Returns for every class how much it changes: its largest standard deviation at a consumer that reads it.

    Relative to the largest deviation of a channel that this consumer reads; 0 where nobody reads it.

    Args:
        channels: the analysis.
        consumers: all of its consumers.
        moments: of what they read.
    """
    found = np.zeros(channels.pinned.size)
    for consumer in consumers:
        labels, deviation = consumer.place.labels, moments[consumer.place.tensor].deviation
        reads = np.resize(consumer.reads, labels.size)
        largest = deviation[reads].max() if reads.any() else 0.0
        if largest > 0:
            np.maximum.at(found, labels[reads], deviation[reads] / largest)
    return found


def below(channels: Channels, spread: np.ndarray, tolerance: float) -> np.ndarray:
    """Returns for every class whether it counts as constant: one tolerance for all layers.

    Raises:
        OptionError: the tolerance is outside [0, 1].
    """
    if not 0 <= tolerance <= 1:
        raise OptionError('tolerance %g is outside [0, 1]: it is a part of the largest deviation in a layer'
                          % tolerance)
    chosen = np.zeros(spread.size, bool)
    for group in channels.groups:
        chosen[group.classes] = spread[group.classes] <= tolerance
    return chosen


def lowest(channels: Channels, spread: np.ndarray, percentiles: Mapping[str, float]) -> np.ndarray:
    """Returns for every class whether it is among the part of its group that changes least.

    Args:
        channels: the analysis.
        spread: see `spreads`.
        percentiles: by group, 0 to 100.

    Raises:
        OptionError: a percentile is outside [0, 100].
    """
    chosen = np.zeros(spread.size, bool)
    for group in channels.groups:
        percentile = percentiles.get(group.name, 0.0)
        if not 0 <= percentile <= 100:
            raise OptionError('percentile %g is outside [0, 100]' % percentile)
        count = int(group.size * percentile / 100)
        chosen[group.classes[np.argsort(spread[group.classes], kind='stable')[:count]]] = True
    return chosen


def taken_as_constant(consumers: Sequence[Consumer], known: Mapping[str, Known],
                      moments: Mapping[TensorName, Moments], chosen: np.ndarray) -> Dict[str, Known]:
    """Returns what is known when some classes are taken for their means, which is what changes a consumer least.

    Args:
        consumers: all consumers.
        known: what is known for certain.
        moments: of what they read.
        chosen: for every class, whether it is taken for a constant.
    """
    found = {}
    for consumer in consumers:
        certain, seen = known[consumer.name], moments[consumer.place.tensor]
        mean = np.where(chosen[consumer.place.labels], seen.mean, np.nan)
        found[consumer.name] = certain._replace(value=np.where(certain.exact, certain.value, mean),
                                                deviation=np.where(certain.exact, 0.0, seen.deviation))
    return found
