"""Every test begins with TensorFlow quiet, TF1's behaviour, and an empty default graph."""

import os
import sys
import zlib
from typing import Any, Iterator, List

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tf1pruning.tf1 import quiet, tf, use_tf1_behavior


def pytest_addoption(parser: Any) -> None:
    """`--slow-part 1/2` runs the first half of the slow tests, and all that are not slow."""
    parser.addoption('--slow-part', default='1/1', metavar='K/N', help='which part of the slow tests to run')


def pytest_collection_modifyitems(config: Any, items: List[Any]) -> None:
    """Leaves out the slow tests of other parts; which part a test belongs to depends on its name alone."""
    part, parts = (int(number) for number in config.getoption('--slow-part').split('/'))
    others = [item for item in items if item.get_closest_marker('slow')
              and zlib.crc32(item.nodeid.encode()) % parts != part - 1]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


@pytest.fixture(scope='session', autouse=True)
def _tf1() -> None:
    quiet()
    use_tf1_behavior()


@pytest.fixture(autouse=True)
def _default_graph() -> Iterator[tf.Graph]:
    """Keeps what one test puts into the default graph from the next."""
    with tf.Graph().as_default() as graph:
        yield graph
