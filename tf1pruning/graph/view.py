"""A GraphDef as something to look things up in: names, producers, consumers, order."""

import functools
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from ..errors import NameNotFoundError
from ..tf1 import tf

CONTROL = -1
"""Output index of a control dependency."""

VARIABLE_OPS = ('VariableV2', 'Variable', 'VarHandleOp')
ASSIGN_OPS = ('Assign', 'AssignVariableOp')
PASSING_OPS = ('Identity', 'ReadVariableOp', 'StopGradient', 'CheckNumerics', 'PlaceholderWithDefault',
               'PreventGradient', 'Snapshot', 'EnsureShape')
"""Operations whose first output has the value of their first input."""


class TensorName(NamedTuple):
    """Output number `output` of node `node`; `CONTROL` is a control dependency."""

    node: str
    output: int = 0

    def __str__(self) -> str:
        if self.output == CONTROL:
            return '^' + self.node
        return self.node if self.output == 0 else '%s:%d' % self


class Use(NamedTuple):
    """Input number `position` of node `node` reads output number `output` of the node asked about."""

    node: str
    position: int
    output: int


@functools.lru_cache(maxsize=1 << 16)
def parse_tensor(name: str) -> TensorName:
    """Parses `'node'`, `'node:1'` or `'^node'`."""
    if name.startswith('^'):
        return TensorName(name[1:], CONTROL)
    node, colon, index = name.rpartition(':')
    return TensorName(node, int(index)) if colon and index.isdigit() else TensorName(name, 0)


class GraphView:
    """An index over a GraphDef; it sees the graph as it was when the view was made.

    Attributes:
        graph: the GraphDef itself.
        nodes: NodeDef by name, in the graph's order.
        inputs: data inputs of every node, in order, control dependencies left out.
        operations: names of the operations in it.
    """

    def __init__(self, graph: tf.GraphDef) -> None:
        self.graph = graph
        self.nodes: Dict[str, tf.NodeDef] = {}
        self.inputs: Dict[str, List[TensorName]] = {}
        self.controls: Dict[str, List[str]] = {}
        self.operations: Set[str] = set()
        for node in graph.node:
            name = node.name
            tensors = [parse_tensor(text) for text in node.input]
            if tensors and tensors[-1].output == CONTROL:  # they stand behind the data inputs
                self.controls[name] = [tensor.node for tensor in tensors if tensor.output == CONTROL]
                tensors = [tensor for tensor in tensors if tensor.output != CONTROL]
            self.nodes[name] = node
            self.inputs[name] = tensors
            self.operations.add(node.op)
        self._uses: Optional[Dict[str, List[Use]]] = None

    def __contains__(self, name: str) -> bool:
        return name in self.nodes

    def op(self, name: str) -> str:
        """Returns the operation of a node, or an empty text for a node the graph lacks."""
        node = self.nodes.get(name)
        return node.op if node is not None else ''

    def require(self, name: str, what: str = 'node') -> TensorName:
        """Parses a tensor name and checks that its node exists.

        Raises:
            NameNotFoundError: with the closest names.
        """
        tensor = parse_tensor(name)
        if tensor.node not in self.nodes:
            raise NameNotFoundError.closest(what, tensor.node, self.nodes)
        return tensor

    @property
    def uses(self) -> Dict[str, List[Use]]:
        """Who reads a node's data outputs; nodes that nobody reads are absent."""
        if self._uses is None:
            self._uses = {}
            for name, tensors in self.inputs.items():
                for position, tensor in enumerate(tensors):
                    self._uses.setdefault(tensor.node, []).append(Use(name, position, tensor.output))
        return self._uses

    def readers(self, tensor: TensorName) -> List[Use]:
        """Returns the uses of one output."""
        return [use for use in self.uses.get(tensor.node, ()) if use.output == tensor.output]

    def ancestors(self, targets: Iterable[str], stop: Iterable[str] = (), controls: bool = False) -> Set[str]:
        """Returns `targets` and every node they need; the search does not go beyond nodes in `stop`.

        Raises:
            ModelError: an input that no node of the graph produces.
        """
        stopped = set(stop)
        found: Set[str] = set()
        stack = list(targets)
        while stack:
            name = stack.pop()
            if name in found or name not in self.nodes:
                continue
            found.add(name)
            if name in stopped:
                continue
            stack.extend(tensor.node for tensor in self.inputs[name])
            if controls:
                stack.extend(self.controls.get(name, ()))
        return found

    def topological(self, names: Iterable[str]) -> List[str]:
        """Sorts nodes so that producers stand before consumers; loops are cut at NextIteration."""
        wanted = set(names)
        state: Dict[str, bool] = {}
        ordered: List[str] = []
        for root in self.nodes:
            if root not in wanted or root in state:
                continue
            stack: List[Tuple[str, bool]] = [(root, False)]
            while stack:
                name, done = stack.pop()
                if done:
                    ordered.append(name)
                    state[name] = True
                elif name not in state:
                    state[name] = False
                    stack.append((name, True))
                    if self.nodes[name].op != 'NextIteration':
                        stack.extend((tensor.node, False) for tensor in reversed(self.inputs[name])
                                     if tensor.node in wanted and tensor.node not in state)
        return ordered

    def source(self, tensor: TensorName, passing: Iterable[str] = PASSING_OPS) -> TensorName:
        """Follows Identity-like nodes back to the node that makes the value."""
        while self.op(tensor.node) in passing and self.inputs[tensor.node]:
            tensor = self.inputs[tensor.node][0]
        return tensor

    def descendants(self, starts: Iterable[TensorName], follow: Callable[[Use], bool]) -> Set[str]:
        """Returns the nodes reached from some outputs along uses for which `follow` holds."""
        found: Set[str] = set()
        stack = [use for start in starts for use in self.readers(start)]
        while stack:
            use = stack.pop()
            if use.node in found or not follow(use):
                continue
            found.add(use.node)
            stack.extend(self.uses.get(use.node, ()))
        return found
