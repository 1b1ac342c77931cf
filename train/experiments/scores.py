"""How good a classifier is, from its outputs on labelled images."""

from typing import NamedTuple

import numpy as np

TOP = 5


class Scores(NamedTuple):
    """Scores of a classifier; means are over the classes that occur among the labels, each counting the same.

    Attributes:
        accuracy: part of the images whose class is predicted.
        precision: mean over the classes: of the images predicted as a class, the part that is of it; 0 for a class that
            is never predicted.
        sensitivity: mean over the classes: of the images of a class, the part that is predicted as it (recall).
        g_mean: geometric mean of the classes' sensitivities: 0 as soon as one class is never found.
        top_5: part of the images whose class is among the five largest outputs.
    """

    accuracy: float
    precision: float
    sensitivity: float
    g_mean: float
    top_5: float


def confusion_of(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Counts images by their class (rows) and the predicted one (columns); outputs are `[N, classes]`.

    Outputs that are not all finite count as a wrong prediction, of the class after the right one.
    """
    classes = outputs.shape[1]
    predicted = np.where(_finite(outputs), outputs.argmax(axis=1), (labels + 1) % classes)
    places = labels.astype(np.int64) * classes + predicted
    return np.bincount(places, minlength=classes * classes).reshape(classes, classes)


def scores_of(outputs: np.ndarray, labels: np.ndarray) -> Scores:
    """Scores outputs `[N, classes]` against labels `[N]`, of which there is at least one."""
    confusion = confusion_of(outputs, labels)
    right, of_class, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    occurs = of_class > 0
    sensitivities = right[occurs] / of_class[occurs]
    precisions = right[occurs] / np.maximum(predicted[occurs], 1)
    g_mean = float(np.exp(np.log(sensitivities).mean())) if sensitivities.all() else 0.0
    return Scores(float(right.sum() / len(labels)), float(precisions.mean()), float(sensitivities.mean()), g_mean,
                  _top(outputs, labels, TOP))


def _top(outputs: np.ndarray, labels: np.ndarray, count: int) -> float:
    """Returns how often fewer than `count` other classes come before the right one; of equal ones the first comes."""
    own = outputs[np.arange(len(labels)), labels][:, np.newaxis]
    earlier = np.arange(outputs.shape[1]) < labels[:, np.newaxis]
    before = (outputs > own) | ((outputs == own) & earlier)
    return float(((before.sum(axis=1) < count) & _finite(outputs)).mean())


def _finite(outputs: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(outputs).all(axis=1))
