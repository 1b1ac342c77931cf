"""The functions that a graph calls, of those in its library."""

from typing import Iterable, Iterator, Set

from ..tf1 import tf


def called_functions(nodes: Iterable[tf.NodeDef], library: 'tf.FunctionDefLibrary') -> 'tf.FunctionDefLibrary':
    """Returns the part of a library that some nodes call, themselves or through other functions.

    A graph that was cut calls few: what prepared its batches is gone. TensorFlow refuses to import a graph beside
    another one with a function of the same name.

    Args:
        nodes: of the graph.
        library: of the graph that they come from.
    """
    functions = {function.signature.name: function for function in library.function}
    gradients = {each.function_name: each.gradient_func for each in library.gradient}
    called: Set[str] = set()
    waiting = list(_names(nodes)) if functions else []
    while waiting:
        name = waiting.pop()
        if name in functions and name not in called:
            called.add(name)
            waiting.extend(_names(functions[name].node_def))
            waiting.append(gradients.get(name, ''))
    return type(library)(function=[each for each in library.function if each.signature.name in called],
                         gradient=[each for each in library.gradient if each.function_name in called])


def _names(nodes: Iterable[tf.NodeDef]) -> Iterator[str]:
    """Yields the names of everything that may be a function."""
    for node in nodes:
        yield node.op
        for value in node.attr.values():
            yield value.func.name
            yield from (each.name for each in value.list.func)
