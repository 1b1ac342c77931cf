"""Training graph → inference graph, for given inputs and outputs."""

from typing import Iterable, Mapping, NamedTuple, Optional, Tuple, Union

import numpy as np

from ..errors import ModelError, OptionError, UnsupportedError
from ..tf1 import tf
from .batch_norm import inference_batch_norms
from .conditionals import fold_conditionals
from .constants import set_constant
from .dropout import RANDOM_OPS, bypass_dropout
from .inlining import inline_functions
from .rewiring import Rewiring
from .shapes import Shape, declared_shape, format_shape, infer_shapes, set_declared_shape, shape_at
from .view import GraphView, TensorName, parse_tensor

Scalar = Union[bool, int, float]


class Input(NamedTuple):
    """A tensor that becomes (or is) a placeholder.

    Attributes:
        name: node name of the placeholder; empty keeps the tensor's own.
        shape: its shape; None keeps what the graph says.
    """

    name: str = ''
    shape: Optional[Shape] = None


def inference_graph(graph: tf.GraphDef, outputs: Iterable[str], inputs: Mapping[str, Input],
                    feeds: Mapping[str, Scalar]) -> tf.GraphDef:
    """Cuts the forward part out of a graph and puts it into inference mode.

    Given a training graph: functions are put in the place of their calls, conditionals on fed or constant predicates
    are resolved, batch norm uses its moving statistics, dropout is gone, control dependencies are dropped, and so is
    everything the outputs do not need.
    Names of nodes are kept.

    Args:
        graph: any GraphDef; it is not changed.
        outputs: names of the tensors wanted.
        inputs: tensors to cut at. Empty: the graph's own placeholders.
        feeds: placeholders to replace by constants.

    Raises:
        NameNotFoundError: an input, output or fed node does not exist.
        ModelError: the outputs need a placeholder that is neither an input nor fed.
        UnsupportedError: random numbers remain in the forward part.
    """
    outputs = list(outputs)
    targets = [parse_tensor(name) for name in outputs]
    view = GraphView(inline_functions(graph, targets))
    for name in outputs:
        view.require(name, 'output node')
    cuts = {view.require(name, 'input node'): spec for name, spec in inputs.items()}
    rewiring = Rewiring(view)
    _feed(rewiring, feeds)
    for tensor, spec in cuts.items():
        _cut(rewiring, tensor, spec)
    fold_conditionals(rewiring, targets)
    inference_batch_norms(rewiring, targets)
    bypass_dropout(rewiring, targets)
    forward = rewiring.build(targets + [placeholder_of(tensor, spec) for tensor, spec in cuts.items()])
    _check(forward, cuts, outputs)
    return forward


def placeholder_of(tensor: TensorName, spec: Input) -> TensorName:
    """Returns the placeholder that stands for a tensor that was cut."""
    return TensorName(spec.name or (tensor.node if tensor.output == 0 else '%s_%d' % tensor))


def _feed(rewiring: Rewiring, feeds: Mapping[str, Scalar]) -> None:
    for name, value in feeds.items():
        node = rewiring.view.nodes[rewiring.view.require(name, 'placeholder').node]
        if node.op not in ('Placeholder', 'PlaceholderWithDefault'):
            raise OptionError('%r is a %s, not a placeholder: it cannot be fed' % (name, node.op))
        constant = tf.NodeDef(name=node.name, op='Const')
        dtype = tf.as_dtype(node.attr['dtype'].type).as_numpy_dtype
        shape = [size or 1 for size in declared_shape(node) or ()]
        set_constant(constant, np.full(shape, value, dtype))
        rewiring.replace_node(constant)


def _cut(rewiring: Rewiring, tensor: TensorName, spec: Input) -> None:
    view = rewiring.view
    node = view.nodes[tensor.node]
    name = placeholder_of(tensor, spec).node
    dtype, shape = tensor_spec(view, tensor)
    shape = _merge_shapes(name, shape, spec.shape)
    if node.op == 'Placeholder' and name == node.name:
        placeholder = tf.NodeDef()
        placeholder.CopyFrom(node)
        if declared_shape(node) is None:
            set_declared_shape(placeholder, shape)
    else:
        placeholder = tf.NodeDef(name=name, op='Placeholder')
        placeholder.attr['dtype'].type = dtype
        set_declared_shape(placeholder, shape)
    for attribute in [key for key in placeholder.attr if key.startswith('_')]:
        del placeholder.attr[attribute]
    if name == tensor.node:
        rewiring.replace_node(placeholder)
        return
    if name in view.nodes and view.op(name) != 'Placeholder':
        raise OptionError('input %s cannot be named %r: the graph has a node of this name' % (tensor, name))
    if name in view.nodes:
        rewiring.replace_node(placeholder)
    else:
        rewiring.add_node(placeholder, before=tensor.node)
    rewiring.replace(tensor, TensorName(name))


def _merge_shapes(name: str, known: Optional[Shape], wanted: Optional[Shape]) -> Optional[Shape]:
    """Returns the graph's own shape where it has one: an example's batch size is not the placeholder's.

    Raises:
        OptionError: the two contradict each other in more than the batch size.
    """
    if wanted is None or not wanted:
        return known if known is not None else wanted
    if known is None:
        return (None, *wanted[1:])
    if len(known) != len(wanted) or any(None not in pair and pair[0] != pair[1]
                                        for pair in zip(known[1:], wanted[1:])):
        raise OptionError('input %s has shape %s in the graph: that does not fit %s'
                          % (name, format_shape(known), format_shape(wanted)))
    return tuple(wanted[axis] if size is None and axis else size for axis, size in enumerate(known))


def tensor_spec(view: GraphView, tensor: TensorName) -> Tuple[int, Optional[Shape]]:
    """Returns the type enum and the static shape of any tensor of a graph."""
    node = view.nodes[tensor.node]
    if node.op in ('Placeholder', 'PlaceholderWithDefault'):
        return node.attr['dtype'].type, declared_shape(node)
    shape: Optional[Shape] = None
    if '_output_shapes' in node.attr:
        listed = node.attr['_output_shapes'].list.shape
        if tensor.output < len(listed) and not listed[tensor.output].unknown_rank:
            shape = tuple(None if dim.size < 0 else int(dim.size) for dim in listed[tensor.output].dim)
    types = [node.attr['output_types'].list.type[tensor.output]] if 'output_types' in node.attr else [
        node.attr[key].type for key in ('DstT', 'dtype', 'T') if key in node.attr and node.attr[key].type]
    if not types:
        raise UnsupportedError('cannot tell the type of %s (%s): cut at another tensor' % (tensor, node.op))
    if shape is None and node.op != 'IteratorGetNext':
        shape = shape_at(infer_shapes(view, view.ancestors([tensor.node]), {}), tensor)
    return types[0], shape


def _check(forward: tf.GraphDef, cuts: Mapping[TensorName, Input], outputs: Iterable[str]) -> None:
    names = {placeholder_of(tensor, spec).node for tensor, spec in cuts.items()}
    for node in forward.node:
        if node.op in RANDOM_OPS:
            raise UnsupportedError('the outputs depend on random numbers (%s, %s): fix them with --feed, or choose '
                                   'outputs that do not' % (node.name, node.op))
        if cuts and node.op == 'Placeholder' and node.name not in names:
            raise ModelError('the outputs also need placeholder %r: name it among the inputs, or give it a value '
                             '(--feed %s=…)' % (node.name, node.name))
        if node.op in ('IteratorGetNext', 'QueueDequeueManyV2', 'QueueDequeueV2', 'QueueDequeueUpToV2', 'ReaderReadV2'):
            raise ModelError('the outputs read their data from %s (%s): name the tensor to cut at, with its shape, '
                             'as an input' % (node.name, node.op))
    reached = GraphView(forward).ancestors(parse_tensor(name).node for name in outputs)
    if cuts and not names & reached:
        raise ModelError('the outputs do not depend on the inputs %s' % ', '.join(sorted(names)))
