"""Random weights with which a network of any depth still answers to its input."""

from typing import Dict, List, Mapping, Sequence, Set

import numpy as np

from tf1pruning.graph.batch_norm import FUSED_BATCH_NORMS
from tf1pruning.graph.channels_last import channels_last
from tf1pruning.graph.constants import make_constant
from tf1pruning.graph.view import GraphView
from tf1pruning.model.frozen import frozen_graph
from tf1pruning.model.model import Model
from tf1pruning.tf1 import tf

KEPT = 0.5
"""Half of the filters that a kernel reads will be zero: its weights are larger for it."""

LEAST_VARIANCE = 0.25
"""Of the mean over all channels of a layer."""
BRANCH = 0.2
"""How much a residual branch adds to its stream. With as much as the stream itself, a hundred layers of random weights
are chaotic: one bit of the input changes the fourth digit of the output."""
_READS = ('Identity', 'ReadVariableOp', 'Switch')


def random_weights(random: np.random.RandomState, graph: tf.Graph,
                   variables: List[tf.Variable]) -> Dict[str, np.ndarray]:
    """Draws a value for every variable of a graph, by name.

    Kernels: normal, by what they read (He et al., arXiv 1502.01852). Scales and variances: around 1. Means, offsets
    and biases: around 0.
    """
    readers = _readers(graph)
    values: Dict[str, np.ndarray] = {}
    for variable in variables:
        name, shape = variable.op.name, variable.shape.as_list()
        if 'variance' in name or name.endswith(('gamma', 'scale')):
            value = random.uniform(0.5, 1.5, shape)
        elif len(shape) < 2:
            value = random.uniform(-0.2, 0.2, shape)
        else:
            value = random.standard_normal(shape) * np.sqrt(2.0 / _fan_in(readers.get(name, ''), shape))
        values[name] = np.asarray(value, variable.dtype.base_dtype.as_numpy_dtype)
    for name in _ends_of_branches(graph):
        if name in values:
            values[name] = values[name] * np.float32(BRANCH)
    return values


def _ends_of_branches(graph: tf.Graph) -> Set[str]:
    """Returns the scales and kernels that end the residual branches: of two summands, the one of more layers."""
    view = GraphView(graph.as_graph_def())
    depth: Dict[str, int] = {}
    for name in view.topological(view.nodes):  # Keras does not create operations in this order
        depth[name] = 1 + max([depth.get(each.node, 0) for each in view.inputs[name]], default=0)
    found: Set[str] = set()
    for operation in graph.get_operations():
        if operation.type in ('Add', 'AddV2') and operation.inputs[0].shape.rank == 4:
            branch = max(operation.inputs, key=lambda each: depth[each.op.name])
            end = _behind(branch, ('BiasAdd', 'Identity', 'Merge', 'Switch'))
            if end.type in (*FUSED_BATCH_NORMS, 'Conv2D'):
                found.add(_behind(end.inputs[1], _READS).name)
    return found


def _behind(tensor: tf.Tensor, passing: Sequence[str]) -> tf.Operation:
    """Follows first inputs back through some operations."""
    operation = tensor.op
    while operation.type in passing and operation.inputs:
        operation = operation.inputs[0].op
    return operation


def _readers(graph: tf.Graph) -> Dict[str, str]:
    """Returns, for every variable that a convolution or product reads, the operation."""
    found: Dict[str, str] = {}
    for operation in graph.get_operations():
        if operation.type in ('DepthwiseConv2dNative', 'Conv2DBackpropInput'):
            found[_behind(operation.inputs[1], _READS).name] = operation.type
    return found


def _fan_in(reader: str, shape: List[int]) -> float:
    """Returns how many numbers of those that stay an output number is a sum of."""
    if reader == 'DepthwiseConv2dNative':
        return float(np.prod(shape[:2]))
    if reader == 'Conv2DBackpropInput':
        return float(shape[0] * shape[1] * shape[3]) * KEPT / 4
    fan_in = float(np.prod(shape[:-1]))
    return fan_in if shape[-2] <= 4 else fan_in * KEPT


def calibrated(model: Model, feeds: Mapping[str, np.ndarray], random: np.random.RandomState) -> Dict[str, np.ndarray]:
    """Returns moving statistics near what the batch norms of a model really see, by variable name.

    Statistics that know nothing of the weights let a deep network explode, or forget its input: it would answer the
    same to anything, and any comparison would agree.
    """
    graph = frozen_graph(model)
    empty = make_constant('no_statistics', np.zeros(0, np.float32))
    graph.node.add().CopyFrom(empty)
    targets: Dict[str, str] = {}
    for node in list(graph.node):
        if node.op in FUSED_BATCH_NORMS:
            for position, output in ((3, 1), (4, 2)):
                read = graph.node.add(name='%s/read_%d' % (node.name, output), op='Identity',
                                      input=['%s:%d' % (node.name, output)])
                read.attr['T'].type = tf.float32.as_datatype_enum
                targets[model.view.source(model.view.inputs[node.name][position]).node] = read.name + ':0'
            node.attr['is_training'].b = True
            node.input[3:5] = [empty.name, empty.name]
    with tf.Graph().as_default() as imported, tf.Session(graph=imported) as session:
        tf.import_graph_def(channels_last(graph), name='')
        found = session.run(targets, dict(feeds))
    return {name: _jittered(random, value, is_variance=targets[name].endswith('_2:0')) for name, value in found.items()}


def _jittered(random: np.random.RandomState, value: np.ndarray, is_variance: bool) -> np.ndarray:
    """Leaves statistics not quite what they were.

    No channel's variance is far below the others': the batch norm would blow rounding up. Channels that are always
    zero get one, too.
    """
    factor = random.uniform(0.8, 1.25, value.shape)
    if is_variance:
        alive = value[value > 1e-6]
        least = LEAST_VARIANCE * alive.mean() if alive.size else 1.0
        return (np.maximum(value, least) * factor).astype(np.float32)
    return (value * factor + random.uniform(-0.05, 0.05, value.shape)).astype(np.float32)
