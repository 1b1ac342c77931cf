"""What no program writes, but a damaged file may say: found when a graph is read, before anything walks through it."""

import functools
from typing import Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

from ..errors import ModelError
from ..tf1 import op_definition, tf
from .sound_values import require_shape, require_type, require_value
from .view import VARIABLE_OPS, parse_tensor

_LOOPING = ('NextIteration', 'RefNextIteration')
"""Where loops are cut."""


class _Signature(NamedTuple):
    """What an operation is given.

    Attributes:
        fixed: so many inputs, and as many as some attributes say.
        numbers: attributes that are a number of inputs.
        lists: attributes that have a type for each of some inputs.
        words: attributes that are one of some words.
    """

    fixed: int
    numbers: Tuple[str, ...]
    lists: Tuple[str, ...]
    words: Tuple[str, ...]

    def inputs_of(self, node: tf.NodeDef) -> Optional[int]:
        """Returns how many inputs a node has to have; None where it does not say."""
        if not all(name in node.attr for name in self.numbers + self.lists):
            return None
        return (self.fixed + sum(node.attr[name].i for name in self.numbers)
                + sum(len(node.attr[name].list.type) for name in self.lists))


def require_sound(graph: tf.GraphDef, path: str) -> None:
    """Checks names, inputs, shapes and constants of all nodes, and that nothing depends on itself.

    What is left is what TensorFlow's own import says something of: types and attributes.

    Args:
        graph: as it was read.
        path: the file, for the message.

    Raises:
        ModelError: two nodes have the same name; an input is missing, one too many, or made by no node; nodes outside
            loops depend on each other; sizes are negative or too large; a constant has other numbers than its shape
            says. The message names the node.
    """
    try:
        _check_nodes(graph.node, set())
        _check_order(graph.node)
        for function in graph.library.function:
            _check_nodes(function.node_def, {argument.name for argument in function.signature.input_arg})
    except ValueError as error:
        raise ModelError('%s is damaged: %s; copy or save it again' % (path, error)) from error


def _check_nodes(nodes: Sequence[tf.NodeDef], arguments: Iterable[str]) -> None:
    """Looks at every node for itself; `arguments` are what a function's nodes may read beside each other."""
    known = set(arguments)
    for node in nodes:
        if node.name in known:
            raise ValueError('there are two nodes %r' % node.name)
        known.add(node.name)
    for node in nodes:
        name, count = node.name, 0
        for text in node.input:
            if text.startswith('^'):
                source = text[1:]
            else:
                source, count = text.partition(':')[0], count + 1
            if source not in known:
                raise ValueError('no node %r, which %s reads' % (source, name))
        signature = _signature(node.op)
        if signature is not None:
            _check_signature(node, signature, count)
        if node.op == 'Const':
            require_value(node)
        elif node.op in VARIABLE_OPS:
            require_type(node)
        if 'shape' in node.attr:
            require_shape(node.attr['shape'].shape, name)


def _check_signature(node: tf.NodeDef, signature: _Signature, count: int) -> None:
    """Counts inputs, and reads words: at one that is no text, TensorFlow 1.15 ends the process."""
    wanted = signature.inputs_of(node)
    if wanted is not None and wanted != count:
        raise ValueError('node %s (%s) has %d inputs, not %d' % (node.name, node.op, count, wanted))
    for name in signature.words:
        if name in node.attr and '\ufffd' in node.attr[name].s.decode(errors='replace'):
            raise ValueError('%s of node %s is no text' % (name, node.name))


@functools.lru_cache(maxsize=None)
def _signature(operation: str) -> Optional[_Signature]:
    """Returns what this TensorFlow knows of an operation; None where it does not know it."""
    definition = op_definition(operation)
    if definition is None:
        return None
    arguments = definition.input_arg
    return _Signature(sum(not each.number_attr and not each.type_list_attr for each in arguments),
                      tuple(each.number_attr for each in arguments if each.number_attr),
                      tuple(each.type_list_attr for each in arguments if each.type_list_attr),
                      tuple(each.name for each in definition.attr
                            if each.type == 'string' and each.HasField('allowed_values')))


def _check_order(nodes: Sequence[tf.NodeDef]) -> None:
    """Puts nodes behind what they need, until none is left that could be next."""
    waiting: Dict[str, int] = {}
    readers: Dict[str, List[str]] = {node.name: [] for node in nodes}
    for node in nodes:
        sources = {parse_tensor(text).node for text in node.input} if node.op not in _LOOPING else set()
        waiting[node.name] = len(sources)
        for source in sources:
            readers[source].append(node.name)
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        for reader in readers[ready.pop()]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    left = [name for name, count in waiting.items() if count]
    if left:
        needed = {node.name: [parse_tensor(text).node for text in node.input] for node in nodes}
        raise ValueError('node %s depends on itself' % _in_circle(left[0], needed, set(left)))


def _in_circle(name: str, sources: Dict[str, List[str]], left: Set[str]) -> str:
    """Goes backwards from a node behind a circle until one comes again, which is in it."""
    met: Set[str] = set()
    while name not in met:
        met.add(name)
        name = next(source for source in sources[name] if source in left)
    return name
