"""What a packed file begins with: the graph without its weights, and a list of the tensors that follow."""

from typing import List, NamedTuple, Sequence, Tuple

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import UnsupportedError
from ..model.table import varint
from ..model.values import type_number
from ..tf1 import tf
from .cursor import Cursor, DamagedError
from .node_count import require_few_nodes
from .squeeze import LARGEST, restore, squeeze

CHECKPOINT, FROZEN, TRAINING = range(3)
"""Kinds of models: the forward part of a checkpoint, a frozen graph, and a checkpoint with all it has."""
_MOST_AXES = 254
_MOST_COLLECTIONS = 62
"""Each is a bit of a number."""
_LARGEST_SIZE = 1 << 48


class Tensor(NamedTuple):
    """A tensor that follows.

    Attributes:
        name: the node of a variable or a Const, or a key of the checkpoint that is neither.
        dtype: its type.
        shape: its shape.
        key: its name in the checkpoint; empty: the node's.
        part: the part of a partitioned variable, as savers spell it; empty: the whole.
        collections: the names of those that a variable is in.
    """

    name: str
    dtype: np.dtype
    shape: Tuple[int, ...]
    key: str = ''
    part: str = ''
    collections: Tuple[str, ...] = ()


class Contents(NamedTuple):
    """What is in a packed file.

    Attributes:
        kind: see above.
        name: of the model.
        meta: the graph; variables' definitions, initial values and savers only of a training checkpoint.
        outputs: names of the outputs.
        tensors: those that follow, in their order.
    """

    kind: int
    name: str
    meta: tf.MetaGraphDef
    outputs: Tuple[str, ...]
    tensors: Tuple[Tensor, ...]


def to_bytes(contents: Contents) -> bytes:
    """Returns contents in few bytes.

    Raises:
        UnsupportedError: the graph is too large, or variables are in too many collections.
    """
    collections = list(dict.fromkeys(name for tensor in contents.tensors for name in tensor.collections))
    if len(collections) > _MOST_COLLECTIONS:
        raise UnsupportedError('the variables are in %d collections, a packed file holds at most %d: clear some'
                               % (len(collections), _MOST_COLLECTIONS))
    graph = _graph_bytes(contents.meta)
    parts = [bytes([contents.kind]), _text(contents.name), _texts(contents.outputs), varint(len(graph)), graph,
             _texts(collections), varint(len(contents.tensors))]
    for tensor in contents.tensors:
        membership = sum(1 << number for number, name in enumerate(collections) if name in tensor.collections)
        parts += [_text(tensor.name), _text(tensor.key), _text(tensor.part), varint(membership),
                  varint(type_number(tensor.dtype)), varint(len(tensor.shape)), *map(varint, tensor.shape)]
    whole = b''.join(parts)
    if len(whole) > LARGEST:
        raise UnsupportedError('the graph without its weights has %d bytes, the most that a packed file holds are %d'
                               % (len(whole), LARGEST))
    return squeeze(whole)


def _graph_bytes(meta: tf.MetaGraphDef) -> bytes:
    graph: bytes = meta.SerializeToString(deterministic=True)
    try:
        require_few_nodes(graph)
    except DamagedError as error:
        raise UnsupportedError('the graph cannot be packed: %s' % error) from error
    return graph


def from_bytes(squeezed: bytes) -> Contents:
    """Reads what `to_bytes` wrote.

    Raises:
        DamagedError: it is something else.
    """
    cursor = Cursor(restore(squeezed))
    kind = cursor.byte()
    if kind not in (CHECKPOINT, FROZEN, TRAINING):
        raise DamagedError('there is no such kind of model')
    name, outputs = _read_text(cursor), _read_texts(cursor, cursor.left)
    if not name or '/' in name or '\0' in name or name.startswith('.'):
        raise DamagedError('%r is no name of a model' % name)
    meta = _read_graph(cursor)
    collections = _read_texts(cursor, _MOST_COLLECTIONS)
    tensors = tuple(_read_tensor(cursor, collections) for _ in range(cursor.number(cursor.left)))
    if cursor.left:
        raise DamagedError('%d bytes follow the list of tensors' % cursor.left)
    if len({tensor.name for tensor in tensors}) < len(tensors):
        raise DamagedError('two tensors have the same name')
    return Contents(kind, name, meta, outputs, tensors)


def _read_graph(cursor: Cursor) -> tf.MetaGraphDef:
    graph = cursor.take(cursor.number(LARGEST))
    require_few_nodes(graph)
    try:
        return tf.MetaGraphDef.FromString(graph)
    except DecodeError as error:
        raise DamagedError('the graph: %s' % error) from error


def _read_tensor(cursor: Cursor, collections: Tuple[str, ...]) -> Tensor:
    name, key, part = _read_text(cursor), _read_text(cursor), _read_text(cursor)
    membership = cursor.number((1 << len(collections)) - 1)
    number = cursor.number(1 << 16)
    try:
        dtype = np.dtype(tf.as_dtype(number).as_numpy_dtype)
    except (TypeError, KeyError, ValueError) as error:
        raise DamagedError('there is no type %d' % number) from error
    if dtype.itemsize not in (1, 2, 4, 8, 16) or dtype.hasobject:
        raise DamagedError('tensor %s has type %s' % (name, dtype))
    shape: List[int] = []
    size = 1
    for _ in range(cursor.number(_MOST_AXES)):
        shape.append(cursor.number(_LARGEST_SIZE))
        size *= max(1, shape[-1])
    if size > _LARGEST_SIZE:
        raise DamagedError('tensor %s has %d numbers' % (name, size))
    return Tensor(name, dtype, tuple(shape), key, part,
                  tuple(each for place, each in enumerate(collections) if membership >> place & 1))


def _text(text: str) -> bytes:
    content = text.encode()
    return varint(len(content)) + content


def _texts(texts: Sequence[str]) -> bytes:
    return varint(len(texts)) + b''.join(map(_text, texts))


def _read_text(cursor: Cursor) -> str:
    try:
        return cursor.take(cursor.number(cursor.left)).decode()
    except UnicodeDecodeError as error:
        raise DamagedError(str(error)) from error


def _read_texts(cursor: Cursor, most: int) -> Tuple[str, ...]:
    return tuple(_read_text(cursor) for _ in range(cursor.number(most)))
