"""Shapes and constants of damaged files: sizes that cannot be, and values that are not what their shape says."""

import functools
from typing import Any

import numpy as np

from ..tf1 import tf

_MOST_NUMBERS = 1 << 62
_MOST_REPEATED = 1 << 28
"""Bytes that one number may stand for; a graph that needs more of one number uses Fill."""
_SMALL = 1 << 16
"""Contents below this size are looked at, the bytes of larger ones only counted: reading them copies them."""


def require_shape(shape: 'tf.TensorShapeProto', name: str) -> int:
    """Checks a shape; −1 is an unknown size.

    Args:
        shape: the shape.
        name: of the node, for the message.

    Returns:
        The product of the sizes that are known.

    Raises:
        ValueError: a size is negative, or there are more numbers than can be counted.
    """
    count = 1
    for dim in shape.dim:
        if dim.size < -1:
            raise ValueError('a size of node %s is %d' % (name, dim.size))
        count *= max(1, dim.size)
        if count > _MOST_NUMBERS:
            raise ValueError('node %s has more numbers than can be counted' % name)
    return count


def require_type(node: tf.NodeDef) -> None:
    """Checks that a constant or a variable says what type it has.

    Raises:
        ValueError: it does not, or there is no such type.
    """
    if 'dtype' not in node.attr or not _item_bytes(node.attr['dtype'].type):
        raise ValueError('node %s (%s) has no type' % (node.name, node.op))


def require_value(node: tf.NodeDef) -> None:
    """Checks that a Const has the numbers that its shape says, all of them or one for the rest.

    Raises:
        ValueError: it has not.
    """
    tensor = node.attr['value'].tensor
    count = require_shape(tensor.tensor_shape, node.name)
    if tensor.tensor_shape.unknown_rank or any(dim.size < 0 for dim in tensor.tensor_shape.dim):
        raise ValueError('the shape of constant %s is not known' % node.name)
    if any(dim.size == 0 for dim in tensor.tensor_shape.dim):
        count = 0
    require_type(node)
    if tensor.dtype != node.attr['dtype'].type:
        raise ValueError('constant %s has a value of another type' % node.name)
    item = _item_bytes(tensor.dtype)
    size = tensor.ByteSize()
    if count * item > max(size, _MOST_REPEATED):
        raise ValueError('constant %s says %d bytes with %d' % (node.name, count * item, size))
    if size < _SMALL:
        _require_length(node.name, tensor, count, item)


def _require_length(name: str, tensor: Any, count: int, item: int) -> None:
    """Checks how many numbers there are."""
    if tensor.tensor_content:
        if len(tensor.tensor_content) != count * item or tensor.dtype == tf.string.as_datatype_enum:
            raise ValueError('constant %s has %d bytes, not %d' % (name, len(tensor.tensor_content), count * item))
        return
    found = max([len(value) for field, value in tensor.ListFields() if field.name.endswith('_val')] or [0])
    if found > count * (2 if tf.as_dtype(tensor.dtype).is_complex else 1):
        raise ValueError('constant %s has %d values, not %d' % (name, found, count))


@functools.lru_cache(maxsize=None)
def _item_bytes(number: int) -> int:
    """Returns how many bytes a value of a type takes; nothing where there is no such type."""
    try:
        return int(np.dtype(tf.as_dtype(number).base_dtype.as_numpy_dtype).itemsize)
    except (TypeError, KeyError):
        return 0
