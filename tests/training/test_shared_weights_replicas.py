"""Weights share their values in every replica's copy of a variable."""

from typing import Any

import numpy as np

from tests.training.test_hold_zeros import input_fn
from tests.training.test_hold_zeros_replicas import AVERAGES, model_fn, train
from tests.training.test_shared_weights_optimizers import require_shared
from tf1pruning.clustering import shared_values
from tf1pruning.tf1 import tf
from tf1pruning.training import SharedWeights, warm_start_from


def test_two_replicas(tmp_path: Any) -> None:
    """Both copies end with the same values, as few as there were clusters; averages too."""
    first = tf.estimator.Estimator(model_fn, str(tmp_path / 'first'), params={'optimizer': 'adam', 'average': False})
    first.train(input_fn, steps=1)
    clustered = shared_values(first.get_variable_value('dense/kernel'), 3)
    hook = SharedWeights({'dense/kernel': clustered})
    last = train(tmp_path / 'shared', warm_start_from(first.latest_checkpoint()), 'adam', AVERAGES, hook).last
    found = require_shared(last['dense/kernel'], clustered)
    assert np.all(found != clustered.codebook)
    assert np.array_equal(found, require_shared(last['dense/kernel/replica_1'], clustered))
    if AVERAGES:
        require_shared(last['dense/kernel/ExponentialMovingAverage'], clustered)
