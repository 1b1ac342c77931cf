"""Frozen graphs in and out."""

import os
from typing import Any

import numpy as np
import pytest

from tests import builders, plain
from tests.surgery import load
from tf1pruning.errors import ModelError
from tf1pruning.graph.inference import Input
from tf1pruning.model.frozen import load_frozen, save_frozen
from tf1pruning.model.load import load_model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


@pytest.mark.parametrize('name', ['expanded', 'resource', 'partitioned', 'wide'])
def test_frozen_equals_the_checkpoint(tmp_path: Any, name: str) -> None:
    """Written, run by plain TensorFlow, read again."""
    saved = builders.save_network(name, tmp_path)
    path = save_frozen(to_inference(load(saved)), str(tmp_path / 'model.pb'))
    feeds = plain.feeds_for(saved.inputs)
    reference = plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0]
    assert plain.relative(reference, plain.run_frozen(path, saved.outputs, feeds)[0]) <= 1e-6
    again = load_model(path, saved.outputs, {'image': Input('', builders.IMAGE)})
    assert again.frozen
    assert not again.variables
    kernel = 'stem/kernel/part_0' if name == 'partitioned' else 'stem/kernel'
    assert np.array_equal(again.value(kernel), load(saved).value(kernel))


@pytest.mark.parametrize('pick', [tf.gather, tf.gather_nd])
def test_tables_in_resource_variables(tmp_path: Any, pick: Any) -> None:
    """The operation that picks from them reads them itself."""
    def build() -> None:
        table = tf.get_variable('table', [50, 6], use_resource=True)
        indices = tf.placeholder(tf.int32, [2, 3, 1], 'image')
        tf.reduce_sum(pick(table, indices), 1, name='output')
    saved = builders.save_graph(build, tmp_path)._replace(inputs={'image': (2, 3, 1)})
    path = save_frozen(to_inference(load(saved)), str(tmp_path / 'model.pb'))
    feeds = {'image:0': np.arange(3, 9, dtype=np.int32).reshape(2, 3, 1)}
    reference = plain.run_checkpoint(saved.prefix, saved.outputs, feeds)[0]
    assert np.ptp(reference) > 0
    assert np.array_equal(reference, plain.run_frozen(path, saved.outputs, feeds)[0])


def test_what_is_no_frozen_graph(tmp_path: Any) -> None:
    """Missing, empty, truncated, and one with variables."""
    saved = builders.save_network('expanded', tmp_path)
    path = save_frozen(to_inference(load(saved)), str(tmp_path / 'model.pb'))
    with pytest.raises(ModelError, match=r'nothing\.pb'):
        load_model(str(tmp_path / 'nothing.pb'))
    with open(path, 'r+b') as stream:
        stream.truncate(os.path.getsize(path) - 100)
    with pytest.raises(ModelError, match='truncated'):
        load_frozen(path)
    with open(path, 'wb'):
        pass
    with pytest.raises(ModelError, match='holds no graph'):
        load_frozen(path)
    with open(path, 'wb') as stream:
        stream.write(load(saved).graph.SerializeToString())
    with pytest.raises(ModelError, match='give its checkpoint instead'):
        load_frozen(path)
