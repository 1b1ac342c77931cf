"""What nodes say of themselves; a graph need not spell out what has its default."""

from typing import Tuple

from ..tf1 import tf


def attribute(node: tf.NodeDef, name: str) -> tf.AttrValue:
    """Returns an attribute of a node, an empty one where it has none of that name.

    `node.attr[name]` would add an empty one to the node, and TensorFlow refuses graphs that have such.
    """
    return node.attr[name] if name in node.attr else tf.AttrValue()


def channels_first(node: tf.NodeDef) -> bool:
    """Whether a node's data format has the channels in front of the positions."""
    return bool(attribute(node, 'data_format').s.startswith(b'NC'))


def turned(node: tf.NodeDef) -> Tuple[bool, bool]:
    """Returns whether a matrix product reads its operands transposed; some kinds call that adjoint."""
    flags = [any(attribute(node, name).b for name in names)
             for names in (('transpose_a', 'adj_x'), ('transpose_b', 'adj_y'))]
    return flags[0], flags[1]
