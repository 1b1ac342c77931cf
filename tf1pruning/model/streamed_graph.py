"""Frozen graphs to run whose large weights are not in them: they are read when an operation is about to use them.

With all weights in a GraphDef there are five copies of each in memory while a session makes ready, and TensorFlow 2
takes a minute to look for something to fold in 500 MB.
"""

from typing import Iterator, Set, Tuple

from ..graph.constants import set_constant
from ..graph.view import PASSING_OPS, GraphView
from ..tf1 import tf
from .frozen import frozen_nodes, without_nodes
from .model import Model
from .values import Value

_SMALL_BYTES = 1 << 20
"""Values up to this size are constants of the graph, as usual. So are vectors: TensorFlow puts the addition of a bias
into the operation that the bias would wait for."""
_READER = 'PyFunc'
_BRANCHING = ('Switch', 'RefSwitch', 'Enter', 'RefEnter')
"""What waits for an operation of a branch that is not taken does not run either."""


def streamed_graph(model: Model) -> tf.GraphDef:
    """Returns a model's frozen graph, to be imported into the default graph and run in this process.

    Given `MatMul(Relu(MatMul(x, v)), w)` with large weights. Result: two `PyFunc` that read v and w, and w waits for
    the product with v: what is not needed yet is not in memory, and what was used is not either.
    """
    graph = without_nodes(model.graph)
    for node, value in frozen_nodes(model):
        if value is not None and value.nbytes > _SMALL_BYTES and len(value.shape) > 1:
            node = _reader_of(node, value)
        elif value is not None:
            set_constant(node, value.array())
        graph.node.add().CopyFrom(node)
    view = GraphView(graph)
    if not view.operations.intersection(_BRANCHING):
        for name, user in _turns(view):
            view.nodes[name].input.append('^' + user)
    return graph


def _reader_of(constant: tf.NodeDef, value: Value) -> tf.NodeDef:
    """Returns a node that reads a value."""
    made = tf.py_func(value.array, [], tf.as_dtype(value.dtype)).op.node_def
    return tf.NodeDef(name=constant.name, op=made.op, input=constant.input,
                      attr={name: made.attr[name] for name in ('token', 'Tin', 'Tout')})


def _turns(view: GraphView) -> Iterator[Tuple[str, str]]:
    """Yields, for every large weight but the first, the operation that uses the one before.

    That operation comes earlier in the order than any that uses the weight, so that it cannot depend on it.
    """
    met: Set[str] = set()
    before = ''
    for name in view.topological(view.nodes):
        if view.op(name) in PASSING_OPS:
            continue
        weights = {view.source(tensor).node for tensor in view.inputs[name]}
        for weight in sorted(weight for weight in weights - met if view.op(weight) == _READER):
            met.add(weight)
            if before:
                yield weight, before
        if weights & met:
            before = name
