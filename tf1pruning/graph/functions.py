"""Functions of a graph's library as graphs of their own."""

from typing import List, NamedTuple, Optional, Sequence

from ..tf1 import function_def_to_graph_def, tf
from .shapes import Shape, Shapes, infer_shapes
from .view import GraphView, TensorName, parse_tensor

CALLS = ('PartitionedCall', 'StatefulPartitionedCall')


class Body(NamedTuple):
    """What a call executes.

    Attributes:
        view: the function's nodes; its arguments are placeholders.
        shapes: their shapes, for the shapes that the call gives its arguments.
        arguments: names of the placeholders, in order.
        results: the tensors returned, in order.
    """

    view: GraphView
    shapes: Shapes
    arguments: List[str]
    results: List[TensorName]


def called_body(library: 'tf.FunctionDefLibrary', call: tf.NodeDef, in_shapes: Sequence[Optional[Shape]],
                versions: 'tf.VersionDef') -> Optional[Body]:
    """Returns the function that a call executes, None where the library lacks it.

    Args:
        library: the functions of the graph.
        call: a PartitionedCall.
        in_shapes: shapes of what it is called with.
        versions: of the graph.
    """
    name = call.attr['f'].func.name
    function = next((each for each in library.function if each.signature.name == name), None)
    if function is None:
        return None
    graph, flat = function_def_to_graph_def(function)
    graph.versions.CopyFrom(versions)
    graph.library.CopyFrom(library)
    view = GraphView(graph)
    arguments = [argument.name for argument in function.signature.input_arg]
    shapes = infer_shapes(view, view.nodes, dict(zip(arguments, in_shapes)))
    results = [parse_tensor(flat[function.ret[result.name]]) for result in function.signature.output_arg]
    return Body(view, shapes, arguments, results)
