"""Writing a GraphDef node by node, the values of its constants block by block.

Protobuf's own serialisation needs memory for several copies of all weights. A message is a sequence of fields
`tag | length | content`, so that nodes can be written one after the other, and numbers as what ends their node.
"""

from typing import Iterable, NamedTuple, Optional

import numpy as np

from ..errors import ModelError
from ..files import replacing
from ..tf1 import tf
from .table import varint
from .values import Value, type_number

LARGEST = (1 << 31) - 1
"""Bytes of the largest message that protobuf reads."""
_CONTENT, _TENSOR, _VALUE, _ATTRIBUTE, _NODE = 4, 8, 2, 5, 1
"""Numbers of the fields around the numbers of a Const: TensorProto's content, AttrValue's tensor, and so on."""
_KEY = b'\x0a\x05value'
"""The key of the attribute, as protobuf writes it."""


class TooLargeError(ModelError):
    """A frozen graph would be larger than protobuf reads."""


class GraphNode(NamedTuple):
    """A node to write.

    Attributes:
        node: the node; a Const without its value, if that is given apart.
        value: numbers that a Const holds.
    """

    node: tf.NodeDef
    value: Optional[Value] = None

    def head(self) -> bytes:
        """Returns what is to be written of the node, the bytes of the value excepted, which come last."""
        if self.value is None:
            return _field(_NODE, self.node.SerializeToString(deterministic=True))
        size = self.value.nbytes
        attribute = tf.AttrValue()
        attribute.tensor.dtype = type_number(self.value.dtype)
        attribute.tensor.tensor_shape.CopyFrom(tf.TensorShape(self.value.shape).as_proto())
        tensor = attribute.tensor.SerializeToString() + _field(_CONTENT, b'', size)
        entry = _KEY + _field(_VALUE, _field(_TENSOR, tensor, size), size)
        return _field(_NODE, self.node.SerializeToString(deterministic=True) + _field(_ATTRIBUTE, entry, size), size)


def _field(number: int, head: bytes, rest: int = 0) -> bytes:
    """Returns a field up to where the last `rest` bytes of its content begin."""
    return varint(number << 3 | 2) + varint(len(head) + rest) + head


def write_graph(path: str, nodes: Iterable[GraphNode], rest: tf.GraphDef) -> str:
    """Writes a GraphDef through a temporary file.

    Args:
        path: where to.
        nodes: the nodes in their order.
        rest: a GraphDef without nodes: versions and library.

    Returns:
        The path.

    Raises:
        TooLargeError: it is larger than protobuf reads.
        OutputError: the place cannot be written.
    """
    with replacing(path) as (stream,):
        for each in nodes:
            head = each.head()
            if stream.tell() + len(head) + (each.value.nbytes if each.value is not None else 0) > LARGEST:
                raise TooLargeError('a frozen graph with all weights of this model has more than %d bytes, the most '
                                    'that protobuf reads: use the checkpoint' % LARGEST)
            stream.write(head)
            for block in each.value.blocks() if each.value is not None else ():
                stream.write(np.ascontiguousarray(block).view(np.uint8).reshape(-1).data)
        stream.write(rest.SerializeToString(deterministic=True))
    return path
