"""Static shapes of every tensor, by one import of the GraphDef."""

import contextlib
import re
from typing import Dict, Iterable, Iterator, List, Mapping, Optional, Set, Tuple

from ..errors import ModelError
from ..tf1 import tf
from .view import VARIABLE_OPS, GraphView, TensorName

Shape = Tuple[Optional[int], ...]
Shapes = Dict[str, List[Optional[Shape]]]
"""For every node, the shape of each output; None where even the rank is unknown."""
_Spec = Tuple[int, Optional[Shape]]
"""Type and shape of a tensor."""
_UNCHANGED = ('Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Rsqrt', 'Square')
"""Operations on one tensor of which TensorFlow knows only that its shape stays."""


def declared_shape(node: tf.NodeDef) -> Optional[Shape]:
    """Returns the `shape` attribute of a placeholder or variable, None where it has none."""
    if 'shape' not in node.attr or node.attr['shape'].shape.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else int(dim.size) for dim in node.attr['shape'].shape.dim)


def set_declared_shape(node: tf.NodeDef, shape: Optional[Iterable[Optional[int]]]) -> None:
    """Sets the `shape` attribute; None means unknown rank."""
    proto = node.attr['shape'].shape
    proto.Clear()
    if shape is None:
        proto.unknown_rank = True
    else:
        for size in shape:
            proto.dim.add(size=-1 if size is None else int(size))


def format_shape(shape: Optional[Shape]) -> str:
    """Writes a shape, unknown sizes as `?`."""
    return 'unknown' if shape is None else '[%s]' % ', '.join('?' if size is None else str(size) for size in shape)


def infer_shapes(view: GraphView, nodes: Iterable[str], placeholders: Mapping[str, Optional[Shape]]) -> Shapes:
    """Infers the shapes of `nodes`, which must hold all of their own inputs.

    Reads of variables and the nodes named in `placeholders` take part as placeholders, which is cheaper than what
    they are: no session is opened, and nothing but shape functions runs. Reads of one type and shape share one, and
    activations have the shape of what they read. The variables themselves get no shapes.

    Args:
        view: the graph.
        nodes: the nodes wanted.
        placeholders: shapes for the analysis, replacing what the graph declares.

    Raises:
        ModelError: TensorFlow refuses the graph; its reason is in the message.
    """
    wanted = set(nodes)
    reads = _variable_reads(view, wanted)
    first: Dict[_Spec, str] = {}
    shared = {name: TensorName(first.setdefault(spec, name)) for name, spec in reads.items()}
    shared.update((name, view.inputs[name][0]) for name in wanted
                  if view.nodes[name].op in _UNCHANGED and name not in placeholders)
    shapes = _import(_shape_graph(view, wanted, placeholders, reads, shared))
    shapes.update({name: [shape_at(shapes, _resolved(TensorName(name), shared))] for name in shared})
    shapes.update({name: [] for name in wanted if name not in shapes})
    return shapes


def _shape_graph(view: GraphView, wanted: Set[str], placeholders: Mapping[str, Optional[Shape]],
                 reads: Mapping[str, _Spec], shared: Mapping[str, TensorName]) -> tf.GraphDef:
    """Makes the graph that is imported: without nodes that share the shape of another, and their variables."""
    graph = tf.GraphDef()
    graph.versions.CopyFrom(view.graph.versions)
    graph.library.CopyFrom(view.graph.library)
    used = {tensor.node for name in wanted if name not in reads for tensor in view.inputs[name]}
    for name, node in view.nodes.items():
        if name not in wanted:
            continue
        if name in reads:
            if shared[name].node == name:
                _add_placeholder(graph, name, *reads[name])
        elif name in placeholders:
            _add_placeholder(graph, name, node.attr['dtype'].type, placeholders[name])
        elif name not in shared and (node.op not in VARIABLE_OPS or name in used):
            _add_stripped(graph, node, [_resolved(tensor, shared) for tensor in view.inputs[name]])
    return graph


def _resolved(tensor: TensorName, shared: Mapping[str, TensorName]) -> TensorName:
    """Follows a tensor to the one whose shape it shares."""
    while tensor.node in shared and shared[tensor.node] != tensor:
        tensor = shared[tensor.node]
    return tensor


def _variable_reads(view: GraphView, wanted: Iterable[str]) -> Dict[str, _Spec]:
    """Finds the Identity and ReadVariableOp nodes directly behind a variable; returns their types and shapes."""
    reads: Dict[str, _Spec] = {}
    for name in wanted:
        node = view.nodes[name]
        if node.op in ('Identity', 'ReadVariableOp'):
            variable = view.nodes.get(view.inputs[name][0].node)
            if variable is not None and variable.op in VARIABLE_OPS:
                reads[name] = node.attr['dtype' if node.op == 'ReadVariableOp' else 'T'].type, declared_shape(variable)
    return reads


def _add_placeholder(graph: tf.GraphDef, name: str, dtype: int, shape: Optional[Shape]) -> None:
    node = graph.node.add(name=name, op='Placeholder')
    node.attr['dtype'].type = dtype
    set_declared_shape(node, shape)


def _add_stripped(graph: tf.GraphDef, node: tf.NodeDef, inputs: Iterable[TensorName]) -> None:
    copy = graph.node.add()
    copy.CopyFrom(node)
    copy.device = ''
    for attribute in [key for key in copy.attr if key.startswith('_')]:
        del copy.attr[attribute]
    del copy.input[:]
    copy.input.extend(str(tensor) for tensor in inputs)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Turns whatever TensorFlow's import says against a graph into one error.

    Raises:
        ModelError: TensorFlow refuses the graph; its reason is in the message.
    """
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RuntimeError,
            tf.errors.OpError) as error:
        raise ModelError('TensorFlow %s refuses the graph: %s' % (tf.__version__, first_line(error))) from error


def _import(graph_def: tf.GraphDef) -> Shapes:
    graph = tf.Graph()
    with refusing(), graph.as_default():
        tf.import_graph_def(graph_def, name='')
    return {operation.name: [_shape_of(output) for output in operation.outputs]
            for operation in graph.get_operations()}


def _shape_of(tensor: tf.Tensor) -> Optional[Shape]:
    shape = tensor.shape
    return None if shape.dims is None else tuple(shape.as_list())


_WHERE = re.compile(r"^Graph execution error:.*?\nNode: [^\n]*\n(\d+ root error\(s\) found\.\n\s*\(0\) )?", re.DOTALL)


def first_line(error: BaseException) -> str:
    """Returns the first line of an exception's text that says what is wrong; TensorFlow 2 says first where it was."""
    lines = _WHERE.sub('', str(error).strip()).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def shape_at(shapes: Shapes, tensor: TensorName) -> Optional[Shape]:
    """Looks a tensor up; None where it is unknown."""
    outputs = shapes.get(tensor.node, [])
    return outputs[tensor.output] if 0 <= tensor.output < len(outputs) else None
