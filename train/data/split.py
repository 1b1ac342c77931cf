"""Labelled images in memory, divided into what is trained on and what is not."""

from typing import NamedTuple

import numpy as np


class Split(NamedTuple):
    """Labelled images.

    Attributes:
        images: float32 `[N, H, W, C]`, normalised.
        labels: int32 `[N]`.
    """

    images: np.ndarray
    labels: np.ndarray


class Images(NamedTuple):
    """A dataset: the split to train on and the split to report on."""

    train: Split
    test: Split


def stratified_split(images: np.ndarray, labels: np.ndarray, test_fraction: float, seed: int) -> Images:
    """Divides images so that every class has the same share in both splits.

    The draw is NumPy's legacy generator, whose sequence is the same on all versions and machines.
    """
    random = np.random.RandomState(seed)
    test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        test[members[:int(round(test_fraction * len(members)))]] = True
    return Images(Split(images[~test], labels[~test]), Split(images[test], labels[test]))
