"""Accuracy and cross-entropy from what a classifier puts out."""

from typing import NamedTuple, Tuple

import numpy as np

from ..errors import DataError

LOGITS, PROBABILITIES = 'logits', 'probabilities'
_ROUNDING = 1e-3
"""How far the probabilities of one example may be from 1 in sum: half precision has no more digits."""
_SMALLEST = float(np.finfo(np.float32).tiny)
"""Probabilities below this count as this: their logarithm would have no end."""


class Measured(NamedTuple):
    """How good a classifier is.

    Attributes:
        accuracy: part of the examples whose largest output is that of their class.
        loss: mean cross-entropy in nats; infinite where an output is not finite.
    """

    accuracy: float
    loss: float


def look_like_probabilities(outputs: np.ndarray) -> bool:
    """Whether outputs `[N, classes]` are non-negative and add up to 1 for every example."""
    return bool(np.isfinite(outputs).all() and (outputs >= 0).all()
                and (np.abs(outputs.sum(axis=1, dtype=np.float64) - 1) <= _ROUNDING).all())


def judged(outputs: np.ndarray, labels: np.ndarray, form: str) -> Tuple[np.ndarray, np.ndarray]:
    """Judges every example; an output that is not finite is wrong.

    Args:
        outputs: `[N, classes]`.
        labels: `[N]`.
        form: `logits` or `probabilities`.

    Returns:
        bool `[N]`, whether the largest output is that of the class (the first of several), and float64 `[N]`, the
        cross-entropy.
    """
    numbers = np.asarray(outputs, np.float64)
    finite = np.isfinite(numbers).all(axis=1)
    numbers = np.where(finite[:, np.newaxis], numbers, 0)
    own = numbers[np.arange(len(labels)), labels]
    if form == PROBABILITIES:
        losses = -np.log(np.maximum(own, _SMALLEST))
    else:
        largest = numbers.max(axis=1)
        losses = largest + np.log(np.exp(numbers - largest[:, np.newaxis]).sum(axis=1)) - own
    return finite & (numbers.argmax(axis=1) == labels), np.where(finite, losses, np.inf)


def require_in_range(labels: np.ndarray, classes: int, output: str) -> None:
    """Checks that labels are classes of an output.

    Raises:
        DataError: one is not.
    """
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if wrong.size:
        raise DataError('label %d of example %d is out of range: output %s has %d classes, 0 to %d' % (
            labels[wrong[0]], wrong[0], output, classes, classes - 1))
