"""NCHW graphs on a CPU, which has no kernels for them."""

from typing import Dict, List, Sequence, Set

from ..tf1 import tf
from .attributes import attribute
from .view import TensorName, parse_tensor

_ORDERS = {b'NCHW': ((0, 2, 3, 1), (0, 3, 1, 2), b'NHWC'), b'NCDHW': ((0, 2, 3, 4, 1), (0, 4, 1, 2, 3), b'NDHWC')}
_DATA = {'Conv2DBackpropInput': 2, 'Conv3DBackpropInputV2': 2}
"""Which input is the feature map, where it is not the first."""
_READY = ('BiasAdd',)
"""Operations that CPUs know in NCHW, and for any rank: it says NCHW of volumes as well."""


def channels_last(graph: tf.GraphDef, biases: bool = False) -> tf.GraphDef:
    """Returns a graph that computes the same with its NCHW operations in NHWC, each between two transposes.

    Given `y = Conv2D(x, k, data_format=NCHW)`. Result: `y = Transpose(Conv2D(Transpose(x), k, data_format=NHWC))`.
    A graph without such operations is returned as it is.

    Args:
        graph: a graph.
        biases: turn the additions of biases, too, which CPUs know in NCHW; then there must be none for volumes.
    """
    first = {node.name for node in graph.node if _format(node) in _ORDERS and (biases or node.op not in _READY)}
    if not first:
        return graph
    result = tf.GraphDef(versions=graph.versions, library=graph.library)
    for name, (to_last, to_first, _) in _ORDERS.items():
        for order, label in ((to_last, 'last'), (to_first, 'first')):
            result.node.add(name=_order(name, label), op='Const', attr={
                'dtype': tf.AttrValue(type=tf.int32.as_datatype_enum),
                'value': tf.AttrValue(tensor=tf.make_tensor_proto(order, tf.int32))})
    for node in graph.node:
        copy = result.node.add()
        copy.CopyFrom(node)
        copy.input[:] = [_inner(text, first) for text in node.input]
        if node.name in first:
            result.node.extend(_turned(copy))
    return result


def _format(node: tf.NodeDef) -> bytes:
    return bytes(attribute(node, 'data_format').s)


def _order(data_format: bytes, label: str) -> str:
    return 'channels_%s/%s' % (label, data_format.decode())


def _inner(text: str, first: Set[str]) -> str:
    """Later outputs, a batch norm's statistics for example, are vectors and come from the operation itself."""
    tensor = parse_tensor(text)
    return str(TensorName(tensor.node + '/last', tensor.output)) if tensor.node in first and tensor.output > 0 else text


def _turned(inner: tf.NodeDef) -> List[tf.NodeDef]:
    """Turns a node into its channels-last form, named `…/last`; returns what has to stand around it."""
    name, data_format, position = inner.name, _format(inner), _DATA.get(inner.op, 0)
    axes, _, last = _ORDERS[data_format]
    around = [_node(name, 'Transpose', [name + '/last', _order(data_format, 'first')], inner),
              _node(name + '/turned', 'Transpose', [inner.input[position], _order(data_format, 'last')], inner)]
    if position:  # the first input is the shape of the result
        sizes = _node(name + '/sizes', 'GatherV2', [inner.input[0], _order(data_format, 'last'), name + '/axis'], inner)
        axis = tf.NodeDef(name=name + '/axis', op='Const', attr={
            'dtype': tf.AttrValue(type=tf.int32.as_datatype_enum),
            'value': tf.AttrValue(tensor=tf.make_tensor_proto(0, tf.int32))})
        around += [sizes, axis]
        inner.input[0] = sizes.name
    inner.name, inner.input[position] = name + '/last', name + '/turned'
    inner.attr['data_format'].s = last
    for key in ('strides', 'dilations', 'ksize'):
        if key in inner.attr:
            inner.attr[key].list.i[:] = [inner.attr[key].list.i[axis] for axis in axes]
    paddings = list(inner.attr['explicit_paddings'].list.i) if 'explicit_paddings' in inner.attr else []
    if paddings:
        inner.attr['explicit_paddings'].list.i[:] = [paddings[2 * axis + side] for axis in axes for side in (0, 1)]
    return around


def _node(name: str, operation: str, inputs: Sequence[str], like: tf.NodeDef) -> tf.NodeDef:
    types: Dict[str, int] = {'T': like.attr['T'].type, 'Tperm': tf.int32.as_datatype_enum}
    if operation == 'GatherV2':
        types = dict.fromkeys(('Tparams', 'Tindices', 'Taxis'), tf.int32.as_datatype_enum)
    return tf.NodeDef(name=name, op=operation, input=inputs,
                      attr={key: tf.AttrValue(type=value) for key, value in types.items()})
