"""NCHW graphs on a CPU, which has no kernels for them."""

from typing import List

from tf1pruning.tf1 import tf

_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)


def channels_last(graph: tf.GraphDef) -> tf.GraphDef:
    """Returns a graph that computes the same with its NCHW operations in NHWC, each between two transposes.

    Given `y = Conv2D(x, k, data_format=NCHW)`. Result: `y = Transpose(Conv2D(Transpose(x), k, data_format=NHWC))`.
    """
    result = tf.GraphDef(versions=graph.versions)
    for order, name in ((_TO_LAST, 'to_last'), (_TO_FIRST, 'to_first')):
        result.node.add(name=name, op='Const', attr={
            'dtype': tf.AttrValue(type=tf.int32.as_datatype_enum),
            'value': tf.AttrValue(tensor=tf.make_tensor_proto(order, tf.int32))})
    for node in graph.node:
        result.node.add().CopyFrom(node)
        if _is_first(node):
            inner, source = result.node[-1], node.input[0]
            inner.name, inner.input[0] = node.name + '/last', node.name + '/transposed'
            inner.attr['data_format'].s = b'NHWC'
            for name in ('strides', 'dilations', 'ksize'):
                if name in inner.attr:
                    inner.attr[name].list.i[:] = [node.attr[name].list.i[axis] for axis in _TO_LAST]
            result.node.extend([_transposed(node.name + '/transposed', source, 'to_last'),
                                _transposed(node.name, inner.name, 'to_first')])
    return result


def _transposed(name: str, source: str, order: str) -> tf.NodeDef:
    types = {'T': tf.float32, 'Tperm': tf.int32}
    return tf.NodeDef(name=name, op='Transpose', input=[source, order], attr={
        key: tf.AttrValue(type=value.as_datatype_enum) for key, value in types.items()})


def first_formats(graph: tf.GraphDef) -> List[str]:
    """Names of the operations that are in NCHW."""
    return [node.name for node in graph.node if _is_first(node)]


def _is_first(node: tf.NodeDef) -> bool:
    return 'data_format' in node.attr and node.attr['data_format'].s == b'NCHW'
