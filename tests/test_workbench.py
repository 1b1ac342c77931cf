"""What `input_tensors_map` may hold, and that checkpoints are read once."""

from typing import Any

import pytest

from tests import builders
from tf1pruning.graph.inference import Input
from tf1pruning.tf1 import tf
from tf1pruning.workbench import Workbench, parse_input


@pytest.mark.parametrize(('value', 'expected'), [
    ('image', Input('image')), ('image:0', Input('image')), (('image', (1, 8, 8, 3)), Input('image', (1, 8, 8, 3))),
    (['image', None], Input('image'))])
def test_inputs_by_name(value: Any, expected: Input) -> None:
    """A name, or a name with a shape."""
    assert parse_input('batch:0', value) == ('batch:0', expected)


def test_inputs_by_tensor() -> None:
    """Placeholders of the old calling style, of known and unknown rank; keys may be tensors too."""
    batch = tf.zeros([4, 3], name='batch')
    assert parse_input(batch, tf.placeholder(tf.float32, [None, 3], 'x')) == ('batch:0', Input('x', (None, 3)))
    assert parse_input('batch:0', tf.placeholder(tf.float32, name='y')) == ('batch:0', Input('y', None))


def test_a_checkpoint_is_read_and_analysed_once(tmp_path: Any) -> None:
    """Another one takes its place."""
    for name in ('a', 'b'):
        (tmp_path / name).mkdir()
    first, second = (builders.save_network('expanded', tmp_path / name).prefix for name in ('a', 'b'))
    bench = Workbench(('output',), {}, {}, None)
    channels = bench.channels(first)
    assert bench.channels(first) is channels
    assert bench.model(first) is bench.model(first)
    assert bench.channels(second) is not channels
