"""The Model value: weights that are read when asked for, and replaced without touching the first."""

from typing import Dict, List

import numpy as np
import pytest

from tf1pruning.graph.inference import Input
from tf1pruning.model.concrete import BATCH, SPATIAL, concrete_placeholders, example_shapes
from tf1pruning.model.model import Model, Weights
from tf1pruning.tf1 import tf


def nothing(name: str) -> np.ndarray:
    """For graphs whose values nobody reads."""
    raise KeyError(name)


def test_values_are_read_once_and_only_when_asked_for() -> None:
    """Lazy and cached."""
    read: List[str] = []

    def reader(name: str) -> np.ndarray:
        read.append(name)
        return np.zeros(2)

    weights = Weights(reader, ['a', 'b'])
    assert sorted(weights) == ['a', 'b']
    assert 'a' in weights
    assert not read
    assert weights['a'] is weights['a']
    assert read == ['a']


def test_replaced_values_lie_over_the_others() -> None:
    """The first weights stay as they are."""
    first = Weights(lambda name: np.zeros(2), ['a', 'b'])
    second = first.replaced({'a': np.ones(2), 'c': np.ones(1)})
    assert second['a'].tolist() == [1, 1]
    assert second['b'].tolist() == [0, 0]
    assert first['a'].tolist() == [0, 0]
    assert sorted(second) == ['a', 'b', 'c']
    assert len(second) == 3
    assert sorted(second.restricted(['a', 'z'])) == ['a']


def test_an_unknown_value() -> None:
    """A KeyError, like any mapping's."""
    with pytest.raises(KeyError):
        Weights(lambda name: np.zeros(2), ['a'])['b']


def placeholders(**shapes: object) -> Model:
    """A model of placeholders only."""
    for name, shape in shapes.items():
        tf.placeholder(tf.float32, shape, name)
    meta = tf.MetaGraphDef()
    meta.graph_def.CopyFrom(tf.get_default_graph().as_graph_def())
    return Model('model', meta, Weights(nothing, ()))


@pytest.mark.parametrize(('declared', 'given', 'analysed', 'run'), [
    ([None, 8, 8, 3], None, (BATCH, 8, 8, 3), (1, 8, 8, 3)),
    ([None, 8, 8, 3], (5, 8, 8, 3), (5, 8, 8, 3), (5, 8, 8, 3)),
    ([None, None, None, 3], None, (BATCH, SPATIAL, SPATIAL, 3), (1, SPATIAL, SPATIAL, 3)),
    ([None, None, None, 3], (1, 6, 9, 3), (BATCH, 6, 9, 3), (1, 6, 9, 3)),
    ([1, 8, 8, 3], None, (1, 8, 8, 3), (1, 8, 8, 3)),
    ([], None, (), ()),
    (None, None, (), ()),
    (None, (3, 4), (3, 4), (3, 4)),
])
def test_sizes_that_are_left_open(declared: object, given: object, analysed: object, run: object) -> None:
    """The graph first, then the user, then defaults; a batch of 1 reads as broadcasting."""
    model = placeholders(x=declared)
    if given is not None:
        model = model.replace(inputs={'x:0': Input('', given)})
    found: Dict[str, object] = dict(concrete_placeholders(model.view, model.inputs, ['x']))
    assert found == {'x': analysed}
    assert example_shapes(model.view, model.inputs, model.batch) == {'x': run}
