"""Every test begins with TensorFlow quiet, TF1's behaviour, and an empty default graph."""

import os
import sys
from typing import Iterator

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tf1pruning.tf1 import quiet, tf, use_tf1_behavior


@pytest.fixture(scope='session', autouse=True)
def _tf1() -> None:
    quiet()
    use_tf1_behavior()


@pytest.fixture(autouse=True)
def _default_graph() -> Iterator[tf.Graph]:
    """Keeps what one test puts into the default graph from the next."""
    with tf.Graph().as_default() as graph:
        yield graph
