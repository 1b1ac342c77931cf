"""How many nodes a serialised graph has: counted before memory is taken for them, each needs hundreds of bytes."""

from typing import Dict

from .cursor import Cursor, DamagedError

MOST_NODES = 1 << 20
_SMALLEST_NODE = 9
"""Bytes of a node with a name and an operation, less than any that TensorFlow writes."""
_OTHERS = 16
"""Fields that a graph may have beside nodes, whatever their size."""
_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
"""How fields are laid out."""
_LARGEST_TAG, _LONGEST_VARINT = (1 << 32) - 1, 10
_META, _GRAPH, _LIBRARY, _FUNCTION = range(4)
_INSIDE: Dict[int, Dict[int, int]] = {_META: {2: _GRAPH}, _GRAPH: {2: _LIBRARY}, _LIBRARY: {1: _FUNCTION},
                                      _FUNCTION: {}}
"""The fields of a message that hold others in which there are nodes."""


def require_few_nodes(meta: bytes) -> None:
    """Counts the nodes of a serialised MetaGraphDef, those of its functions too, and the fields beside them.

    Raises:
        DamagedError: they are more than there can be in so many bytes.
    """
    _count(meta, _META, min(_OTHERS + len(meta) // _SMALLEST_NODE, MOST_NODES))


def _count(content: bytes, message: int, most: int) -> int:
    """Returns how many of the fields are left that there may be."""
    cursor = Cursor(content)
    while cursor.left:
        if not most:
            raise DamagedError('the graph has more nodes than fit into its bytes, or than %d' % MOST_NODES)
        most -= 1
        tag = cursor.number(_LARGEST_TAG)
        inside = _INSIDE[message].get(tag >> 3) if tag & 7 == _LENGTH else None
        if inside is None:
            _skip(cursor, tag & 7)
        else:
            most = _count(cursor.take(cursor.number(cursor.left)), inside, most)
    return most


def _skip(cursor: Cursor, layout: int) -> None:
    if layout == _LENGTH:
        cursor.take(cursor.number(cursor.left))
    elif layout in (_EIGHT_BYTES, _FOUR_BYTES):
        cursor.take(8 if layout == _EIGHT_BYTES else 4)
    elif layout != _VARINT or all(cursor.byte() > 0x7f for _ in range(_LONGEST_VARINT)):
        raise DamagedError('the graph has a field that no program writes')
