"""What no program writes, but a damaged file may say: found when a graph is read, before anything walks through it."""

import functools
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from ..errors import ModelError
from ..tf1 import op_definition, tf
from .sound_values import require_shape, require_type, require_value
from .view import VARIABLE_OPS

_LOOPING = ('NextIteration', 'RefNextIteration')
"""Where loops are cut."""
_LOOPS = {'Enter': 1, 'RefEnter': 1, 'Exit': -1, 'RefExit': -1}
"""How many loops more than its inputs a node is in."""


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
            _check_order(function.node_def)
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
            count += not text.startswith('^')
            if _source(text) not in known:
                raise ValueError('no node %r, which %s reads' % (_source(text), name))
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
    """Puts nodes behind what they need, until none is left that could be next, and counts in how many loops they are.

    TensorFlow ends the process where it is to run what leaves a loop that was not entered.
    """
    operations = {node.name: node.op for node in nodes}
    sources = {node.name: {source for source in map(_source, node.input) if source in operations}  # others: arguments
               for node in nodes}
    readers: Dict[str, List[str]] = {name: [] for name in sources}
    waiting: Dict[str, int] = {}
    for name, needed in sources.items():
        waiting[name] = 0 if operations[name] in _LOOPING else len(needed)
        for source in needed if waiting[name] else ():
            readers[source].append(name)
    loops: Dict[str, int] = {}
    ready = [name for name, count in waiting.items() if not count]
    while ready:
        name = ready.pop()
        loops[name] = max([loops.get(source, 0) for source in sources[name]] or [0]) + _LOOPS.get(operations[name], 0)
        for reader in readers[name]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    left = {name for name in sources if name not in loops}
    if left:
        raise ValueError('node %s depends on itself' % _in_circle(min(left), sources, left))
    for name, count in loops.items():
        if count < 0 or (operations[name] in _LOOPING and not any(loops[source] for source in sources[name])):
            raise ValueError('node %s (%s) is in no loop' % (name, operations[name]))


def _source(text: str) -> str:
    """Returns the node that an input names, in a graph or in a function."""
    return text[1:] if text.startswith('^') else text.partition(':')[0]


def _in_circle(name: str, sources: Mapping[str, Set[str]], left: Set[str]) -> str:
    """Goes backwards from a node behind a circle until one comes again, which is in it."""
    met: Set[str] = set()
    while name not in met:
        met.add(name)
        name = min(sources[name] & left)
    return name
