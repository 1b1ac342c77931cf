"""Scores against scikit-learn."""

import numpy as np
import pytest

from train.experiments.scores import confusion_of, scores_of


def _classified(classes: int, count: int, seed: int) -> tuple:
    """Outputs that are right more often than not, and labels of which some classes are rare."""
    random = np.random.RandomState(seed)
    labels = random.choice(classes, count, p=random.dirichlet(np.ones(classes)))
    outputs = random.normal(size=(count, classes))
    outputs[np.arange(count), labels] += 1.5
    return outputs.astype(np.float32), labels


@pytest.mark.parametrize(('classes', 'count', 'seed'), [(10, 500, 0), (7, 40, 1), (30, 300, 2), (2, 50, 3)])
def test_as_scikit_learn_defines_them(classes: int, count: int, seed: int) -> None:
    from sklearn import metrics
    outputs, labels = _classified(classes, count, seed)
    predicted, present = outputs.argmax(1), np.unique(labels)
    scores = scores_of(outputs, labels)
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(labels, predicted))
    assert scores.precision == pytest.approx(
        metrics.precision_score(labels, predicted, labels=present, average='macro', zero_division=0))
    recalls = metrics.recall_score(labels, predicted, labels=present, average=None, zero_division=0)
    assert scores.sensitivity == pytest.approx(recalls.mean())
    assert scores.g_mean == pytest.approx(np.prod(recalls) ** (1 / len(recalls)))
    np.testing.assert_array_equal(confusion_of(outputs, labels),
                                  metrics.confusion_matrix(labels, predicted, labels=np.arange(classes)))
    if classes > 5:
        assert scores.top_5 == pytest.approx(
            metrics.top_k_accuracy_score(labels, outputs, k=5, labels=np.arange(classes)))
    else:
        assert scores.top_5 == 1


def test_precision_is_not_sensitivity() -> None:
    """Everything is taken for class 0, of which one image in four is."""
    outputs, labels = np.array([[1.0, 0.0]] * 4), np.array([0, 1, 1, 1])
    scores = scores_of(outputs, labels)
    assert (scores.accuracy, scores.precision, scores.sensitivity, scores.g_mean) == (0.25, 0.125, 0.5, 0.0)


def test_top_5_counts_images() -> None:
    """The sixth largest output is not among five; of equal ones the first classes are."""
    outputs = np.array([[6.0, 5, 4, 3, 2, 1]] * 2 + [[0.0] * 6] * 2)
    assert scores_of(outputs, np.array([4, 5, 4, 5])).top_5 == 0.5


def test_a_class_without_images_does_not_count() -> None:
    scores = scores_of(np.eye(3)[[0, 1, 1]], np.array([0, 1, 1]))
    assert scores == (1, 1, 1, 1, 1)


def test_outputs_that_are_no_numbers_are_wrong() -> None:
    labels = np.arange(10) % 4
    outputs = np.full((10, 8), np.nan, np.float32)
    scores = scores_of(outputs, labels)
    assert (scores.accuracy, scores.top_5, scores.sensitivity) == (0, 0, 0)
    assert confusion_of(outputs, labels).sum() == 10
