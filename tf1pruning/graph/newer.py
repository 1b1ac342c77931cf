"""What a graph says that the TensorFlow here does not understand: newer attributes, operations of other libraries."""

import logging
from typing import Dict, Optional, Set, Tuple

from ..errors import UnsupportedError
from ..tf1 import OpDef, OpList, is_registered, op_definition, tf

logger = logging.getLogger(__name__)
_NO = tf.AttrValue(b=False)
_NONE = tf.AttrValue(list=tf.AttrValue.ListValue())
_EMPTY = tf.AttrValue(s=b'')
_ONE = tf.AttrValue(f=1.0)
_DEFAULTS: Dict[Tuple[str, str], tf.AttrValue] = {
    ('MaxPool', 'explicit_paddings'): _NONE, ('DepthwiseConv2dNative', 'explicit_paddings'): _NONE,
    ('ResizeNearestNeighbor', 'half_pixel_centers'): _NO, ('ResizeBilinear', 'half_pixel_centers'): _NO,
    ('VarHandleOp', 'allowed_devices'): _NONE, ('VarHandleOp', 'debug_name'): _EMPTY,
    ('GatherNd', 'bad_indices_policy'): _EMPTY, ('ScatterNd', 'bad_indices_policy'): _EMPTY,
    **{('FusedBatchNorm' + version, 'exponential_avg_factor'): _ONE for version in ('', 'V2', 'V3')},
    **{('MatMul', name): _NO for name in ('grad_a', 'grad_b')},
    **{('BatchMatMul' + version, name): _NO for version in ('', 'V2') for name in ('grad_x', 'grad_y')},
}
"""Defaults of attributes that came after TensorFlow 1.15; its api_def and ops.pbtxt name them."""


def require_operations(graph: tf.GraphDef) -> None:
    """Checks that all operations of a graph are there.

    Raises:
        UnsupportedError: one is not; the message names it and a node.
    """
    functions = {function.signature.name for function in graph.library.function}
    nodes = {node.op: node.name for node in reversed(graph.node)}
    missing = sorted(name for name in set(nodes) - functions if not is_registered(name))
    if missing:
        raise UnsupportedError('the outputs need the operation %s (node %s), which TensorFlow %s does not have: load '
                               'its library (--op-library FILE.so, or tf.load_op_library), or name outputs before it%s'
                               % (missing[0], nodes[missing[0]], tf.__version__,
                                  '' if len(missing) == 1 else '; the same holds for ' + ', '.join(missing[1:4])))


def drop_newer_attributes(graph: tf.GraphDef, producer: OpList) -> None:
    """Takes attributes out of a graph that the TensorFlow here does not know, where they hold their default.

    Args:
        graph: a graph of one's own; it is changed.
        producer: operations as the TensorFlow defined them that wrote the graph; may be empty, as it is for a `.pb`.

    Raises:
        UnsupportedError: such an attribute says something else than its default, or what its default is is not known.
    """
    if graph.versions.producer <= tf.version.GRAPH_DEF_VERSION:
        return
    written = {operation.name: operation for operation in producer.op}
    told: Set[Tuple[str, str]] = set()
    for node in graph.node:
        known = op_definition(node.op)
        for name in _unknown(node, known):
            default = _DEFAULTS.get((node.op, name))
            if node.op in written:
                default = next((each.default_value for each in written[node.op].attr
                                if each.name == name and each.HasField('default_value')), default)
            if default is None or node.attr[name] != default:
                raise UnsupportedError('node %s (%s) has the attribute %s, which TensorFlow %s does not know: use a '
                                       'newer TensorFlow, or export the graph with this one'
                                       % (node.name, node.op, name, tf.__version__))
            del node.attr[name]
            if (node.op, name) not in told:
                told.add((node.op, name))
                logger.warning('attribute %s of %s is newer than TensorFlow %s; it has its default and is left out',
                               name, node.op, tf.__version__)


def _unknown(node: tf.NodeDef, known: Optional[OpDef]) -> Tuple[str, ...]:
    if known is None:
        return ()
    names = {attribute.name for attribute in known.attr}
    return tuple(name for name in node.attr if name not in names and not name.startswith('_'))
