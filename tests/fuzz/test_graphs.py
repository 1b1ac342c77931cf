"""Any graph of a few nodes, sensible or not, is analysed, or refused by one of our own errors, within seconds."""

import contextlib
import os
import tempfile
from typing import Any, Dict, NamedTuple

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tf1pruning.channels import analyse
from tf1pruning.errors import PruningError
from tf1pruning.graph.constants import make_constant
from tf1pruning.model.frozen import load_frozen
from tf1pruning.pipeline import forward_part
from tf1pruning.tf1 import tf

FLOAT, INT = tf.float32.as_datatype_enum, tf.int32.as_datatype_enum


class Kind(NamedTuple):
    """An operation with attributes that suit it, mostly."""

    operation: str
    inputs: int
    attributes: Dict[str, Any]


def _ints(*numbers: int) -> tf.AttrValue:
    return tf.AttrValue(list=tf.AttrValue.ListValue(i=numbers))


T, N2, SAME = {'T': tf.AttrValue(type=FLOAT)}, {'N': tf.AttrValue(i=2)}, {'padding': tf.AttrValue(s=b'SAME')}
TIDX = {'Tidx': tf.AttrValue(type=INT)}
KINDS = [
    Kind('Relu', 1, T), Kind('Identity', 1, T), Kind('AddV2', 2, T), Kind('Mul', 2, T), Kind('Softmax', 1, T),
    Kind('Conv2D', 2, dict(T, **SAME, strides=_ints(1, 1, 1, 1))), Kind('BiasAdd', 2, T), Kind('MatMul', 2, T),
    Kind('DepthwiseConv2dNative', 2, dict(T, **SAME, strides=_ints(1, 1, 1, 1))), Kind('Reshape', 2, T),
    Kind('ConcatV2', 3, dict(T, **N2, **TIDX)), Kind('Mean', 2, dict(T, **TIDX)), Kind('Transpose', 2, T),
    Kind('Pack', 2, dict(T, **N2)), Kind('Shape', 1, T), Kind('Merge', 2, dict(T, **N2)), Kind('NextIteration', 1, T),
    Kind('Switch', 2, T), Kind('Squeeze', 1, T), Kind('ExpandDims', 2, T), Kind('Pad', 2, T), Kind('Tile', 2, T),
    Kind('StridedSlice', 4, dict(T, Index=tf.AttrValue(type=INT))), Kind('Fill', 2, T), Kind('AddN', 2, dict(T, **N2)),
    Kind('SplitV', 3, dict(T, num_split=tf.AttrValue(i=2), Tlen=tf.AttrValue(type=INT))), Kind('NoSuch', 1, T)]
CONSTANTS = [
    np.ones((1, 1, 3, 4), np.float32), np.ones((3, 3, 4, 1), np.float32), np.ones((4, 4), np.float32),
    np.ones(4, np.float32), np.float32(2), np.int32(0), np.int32(3), np.array([0, 2, 1, 3], np.int32),
    np.array([-1, 48], np.int32), np.array([1, 2], np.int32), np.zeros((0, 4), np.float32)]
SIZES = st.sampled_from([-9, -1, 0, 1, 3, 4, 2 ** 31, 10 ** 12, 2 ** 62])


@st.composite
def graphs(draw: Any) -> tf.GraphDef:
    """`image`, constants `c0` …, and nodes that read those before them, or now and then none."""
    graph = tf.GraphDef()
    image = graph.node.add(name='image', op='Placeholder')
    image.attr['dtype'].type = FLOAT
    for size in draw(st.one_of(st.just([2, 8, 8, 3]), st.lists(SIZES, max_size=5))):
        image.attr['shape'].shape.dim.add(size=size)
    names = ['image']
    for number, value in enumerate(draw(st.lists(st.sampled_from(CONSTANTS), min_size=2, max_size=5))):
        graph.node.add().CopyFrom(make_constant('c%d' % number, value))
        names.append('c%d' % number)
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=8))
    for number, kind in enumerate(kinds):
        known = st.sampled_from(names)
        wild = st.sampled_from(['n%d' % each for each in range(len(kinds))] + ['nowhere', '^image', 'image:3', ''])
        inputs = [draw(wild if draw(st.integers(0, 19)) == 0 else known) for _ in range(kind.inputs)]
        graph.node.add(name='n%d' % number, op=kind.operation, input=inputs, attr=kind.attributes)
        names.append('n%d' % number)
    if draw(st.integers(0, 9)) == 0:
        draw(st.sampled_from(list(graph.node))).name = draw(st.sampled_from(names))
    if draw(st.integers(0, 4)) == 0:
        draw(st.sampled_from([node for node in graph.node if node.op == 'Const'] or [image])).attr[
            'value'].tensor.tensor_shape.dim.add(size=draw(SIZES))
    return graph


@settings(max_examples=200, derandomize=True, deadline=10000, suppress_health_check=list(HealthCheck), database=None)
@given(graphs(), st.sampled_from(['n0', 'n1', 'n7', 'image', 'c0']))
def test_any_graph(graph: tf.GraphDef, output: str) -> None:
    """Whatever is not one of our own errors would be seen here, and so would be a hang."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'any.pb')
        with open(path, 'wb') as stream:
            stream.write(graph.SerializeToString())
        with contextlib.suppress(PruningError):
            channels = analyse(forward_part(load_frozen(path, (output,))))
            assert all(group.size for group in channels.groups)
