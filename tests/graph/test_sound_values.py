"""Constants whose numbers are not those of their shape, or are more than there is memory for."""

from typing import Any

import numpy as np
import pytest

from tf1pruning.errors import ModelError
from tf1pruning.graph.constants import array_of, make_constant
from tf1pruning.graph.sound_values import require_value
from tf1pruning.tf1 import tf


def constant(**fields: Any) -> tf.NodeDef:
    """A Const; `shape` is a list of sizes."""
    node = tf.NodeDef(name='c', op='Const')
    tensor = node.attr['value'].tensor
    node.attr['dtype'].type = fields.pop('declared', fields.get('dtype', 1))
    for size in fields.pop('shape', []):
        tensor.tensor_shape.dim.add(size=size)
    tensor.MergeFrom(type(tensor)(**dict({'dtype': 1}, **fields)))
    return node


@pytest.mark.parametrize('value', [
    np.float32(3), np.arange(6).reshape(2, 3), np.zeros((0, 3)), np.array([b'a', b'bc'], object),
    np.array([True, False]), np.array([1j, 2]), np.ones((200, 300), np.float16),
    np.array([tf.bfloat16.as_numpy_dtype(1)])])
def test_sound_values(value: Any) -> None:
    require_value(make_constant('c', value))


@pytest.mark.parametrize('fields', [
    {'shape': [1000, 1000], 'float_val': [0.0]}, {'shape': [], 'float_val': [1.0]},
    {'shape': [3], 'float_val': [1.0, 2.0]}, {'shape': [1], 'dtype': 8, 'scomplex_val': [1.0, 2.0]},
    {'shape': [5], 'dtype': 7, 'string_val': [b'x']}])
def test_one_number_for_many(fields: Any) -> None:
    """As TensorFlow writes what is all the same."""
    require_value(constant(**fields))


@pytest.mark.parametrize(('fields', 'message'), [
    ({'shape': [10 ** 12], 'float_val': [0.0]}, 'says 4000000000000 bytes'),
    ({'shape': [2 ** 20, 2 ** 20, 2 ** 30], 'float_val': [0.0]}, 'more numbers than can be counted'),
    ({'shape': [10 ** 9], 'dtype': 7, 'string_val': [b'']}, 'bytes'),
    ({'shape': [-1], 'float_val': [0.0]}, 'not known'), ({'declared': 3, 'float_val': [0.0]}, 'another type'),
    ({'shape': [-4, -2], 'tensor_content': b'\0' * 32}, 'a size of node c is -4'),
    ({'shape': [3], 'tensor_content': b'\0' * 11}, 'has 11 bytes, not 12'),
    ({'shape': [3], 'tensor_content': b'\0' * 16}, 'has 16 bytes, not 12'),
    ({'shape': [2], 'float_val': [1.0, 2.0, 3.0]}, 'has 3 values, not 2'),
    ({'shape': [1], 'dtype': 7, 'tensor_content': b'12345678'}, 'bytes'),
    ({'shape': [1], 'dtype': 0, 'float_val': [1.0]}, 'has no type'), ({'dtype': 999}, 'has no type')])
def test_refused(fields: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        require_value(constant(**fields))


def test_a_large_one_that_is_too_short_is_met_when_it_is_read() -> None:
    node = constant(shape=[50, 1000], tensor_content=b'\0' * 199999)
    require_value(node)
    with pytest.raises(ModelError, match='constant c is damaged'):
        array_of(node)
