"""Accuracy and cross-entropy against TensorFlow and scikit-learn."""

import numpy as np
import pytest

from tests.plain import new_session
from tf1pruning.errors import DataError
from tf1pruning.evaluation.measured import LOGITS, PROBABILITIES, judged, look_like_probabilities, require_in_range
from tf1pruning.tf1 import tf

LOGITS_OF_TEN = np.random.RandomState(0).normal(scale=30, size=(50, 10)).astype(np.float32)
LABELS = np.random.RandomState(1).randint(0, 10, 50)


def test_logits_as_tensorflow_has_them() -> None:
    with tf.Graph().as_default(), new_session() as session:
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=LABELS, logits=LOGITS_OF_TEN)
        right = tf.nn.in_top_k(LOGITS_OF_TEN, LABELS, 1)
        expected, correct = session.run([losses, right])
    found, losses_found = judged(LOGITS_OF_TEN, LABELS, LOGITS)
    np.testing.assert_array_equal(found, correct)
    np.testing.assert_allclose(losses_found, expected, rtol=1e-6, atol=1e-5)


def test_probabilities_as_scikit_learn_has_them() -> None:
    from sklearn.metrics import log_loss
    outputs = np.random.RandomState(2).dirichlet(np.ones(10), 50)
    assert look_like_probabilities(outputs)
    assert judged(outputs, LABELS, PROBABILITIES)[1].mean() == pytest.approx(
        log_loss(LABELS, outputs, labels=np.arange(10)), rel=1e-9)


def test_logits_do_not_look_like_probabilities() -> None:
    assert not look_like_probabilities(LOGITS_OF_TEN)
    assert not look_like_probabilities(np.full((2, 4), 0.5))
    assert not look_like_probabilities(np.array([[0.5, np.nan]]))


def test_a_probability_of_zero_has_a_finite_loss() -> None:
    assert 80 < judged(np.array([[0.0, 1.0]]), np.array([0]), PROBABILITIES)[1][0] < 90


@pytest.mark.parametrize('form', [LOGITS, PROBABILITIES])
def test_an_output_that_is_not_finite_is_wrong(form: str) -> None:
    correct, losses = judged(np.array([[np.nan, 0.0], [1.0, 0.0]]), np.array([0, 0]), form)
    assert correct.tolist() == [False, True]
    assert np.isinf(losses[0])
    assert np.isfinite(losses[1])


def test_labels_out_of_range() -> None:
    require_in_range(np.array([0, 9]), 10, 'logits')
    with pytest.raises(DataError, match='label 10 of example 1 is out of range: output logits has 10 .*, 0 to 9'):
        require_in_range(np.array([0, 10]), 10, 'logits')
