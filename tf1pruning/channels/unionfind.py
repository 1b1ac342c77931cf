"""Equivalence classes over integer ids, by propagating the smallest label."""

import numpy as np


def components(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Labels `count` ids so that tied ids have equal labels: the smallest id of their class.

    Args:
        count: number of ids.
        first: ids, shape `[K]`.
        second: ids tied to those in `first`, shape `[K]`.

    Returns:
        Labels, shape `[count]`.
    """
    labels = np.arange(count)
    while True:
        before = labels[first]
        other = labels[second]
        low = np.minimum(before, other)
        if np.array_equal(before, other):
            return labels
        np.minimum.at(labels, before, low)
        np.minimum.at(labels, other, low)
        while True:  # pointer jumping
            jumped = labels[labels]
            if np.array_equal(jumped, labels):
                break
            labels = jumped
