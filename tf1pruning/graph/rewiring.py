"""Replacements collected over a graph, applied once when the result is built."""

from typing import Dict, Iterable, List, Optional, Tuple

from ..errors import ModelError
from ..tf1 import tf
from .contexts import Contexts
from .library import called_functions
from .view import CONTROL, GraphView, TensorName, parse_tensor


class Rewiring:
    """What shall be different in the graph that is built from a view; the view's graph stays as it is.

    Given `rewiring.replace(a, b)`, every node that read `a` reads `b` in the result, also through chains of
    replacements. Nodes that the targets do not need disappear.
    """

    def __init__(self, view: GraphView) -> None:
        self.view = view
        self._tensors: Dict[TensorName, TensorName] = {}
        self._nodes: Dict[str, tf.NodeDef] = {}
        self._added: Dict[str, List[tf.NodeDef]] = {}
        self._contexts = Contexts(view, {})
        self._needed: Dict[Tuple[TensorName, ...], Dict[str, List[TensorName]]] = {}  # until something changes

    def replace(self, tensor: TensorName, other: TensorName) -> None:
        """Lets readers of `tensor` read `other`."""
        if tensor != other:
            self._tensors[tensor] = other
            self._needed.clear()

    def replace_node(self, node: tf.NodeDef) -> None:
        """Puts a node in the place of the one with its name."""
        self._nodes[node.name] = node
        self._needed.clear()

    def add_node(self, node: tf.NodeDef, before: str) -> None:
        """Adds a node with a new name, in front of an old one."""
        self._nodes[node.name] = node
        self._added.setdefault(before, []).append(node)
        self._needed.clear()

    def node(self, name: str) -> Optional[tf.NodeDef]:
        """Looks a node up as it will be."""
        found = self._nodes.get(name)
        return found if found is not None else self.view.nodes.get(name)

    def resolve(self, tensor: TensorName) -> TensorName:
        """Returns what readers of a tensor will read."""
        while tensor in self._tensors:
            tensor = self._tensors[tensor]
        return tensor

    def inputs(self, name: str) -> List[TensorName]:
        """Returns the data inputs of a node as they will be."""
        if name in self._nodes:
            tensors = [parse_tensor(text) for text in self._nodes[name].input]
            return [self.resolve(tensor) for tensor in tensors if tensor.output != CONTROL]
        return [self.resolve(tensor) for tensor in self.view.inputs[name]]

    def needed(self, targets: Iterable[TensorName]) -> Dict[str, List[TensorName]]:
        """Returns the nodes behind some targets, with their inputs as they will be."""
        targets = tuple(targets)
        if targets not in self._needed:
            self._needed[targets] = self._find_needed(targets)
        return self._needed[targets]

    def _find_needed(self, targets: Iterable[TensorName]) -> Dict[str, List[TensorName]]:
        found: Dict[str, List[TensorName]] = {}
        stack = [self.resolve(target).node for target in targets]
        while stack:
            name = stack.pop()
            if name not in found:
                if self.node(name) is None:
                    raise ModelError('the graph is damaged: no node %r, which others read' % name)
                found[name] = self.inputs(name)
                stack.extend(tensor.node for tensor in found[name])
                stack.extend(self.anchors(name))
        return found

    def anchors(self, name: str) -> List[str]:
        """Returns the control dependencies that have to stay.

        A constant or a variable read inside a loop or an open branch belongs to it only by its control dependency;
        without it, TensorFlow says that an operation "has inputs from different frames", or computes both branches.
        """
        if name in self._nodes or (self.view.inputs[name] and self.view.op(name) != 'ReadVariableOp'):
            return []
        controls = self.view.controls.get(name, [])
        openings = [self._opening(control) for control in controls]
        if any(openings):
            return [control for control, opening in zip(controls, openings) if opening and opening not in self._tensors]
        return [control for control in controls
                if any(opening not in self._tensors for opening in self._contexts.of(control).values())]

    def _opening(self, control: str) -> Optional[TensorName]:
        """Returns what makes a control dependency one on a loop or branch itself, None for any other node in it."""
        tensor = TensorName(control)
        while self.view.op(tensor.node) == 'Identity':
            tensor = self.view.inputs[tensor.node][0]
        opening = ('Switch', 'RefSwitch', 'Merge', 'RefMerge', 'Enter', 'RefEnter')
        return tensor if self.view.op(tensor.node) in opening else None

    def build(self, targets: Iterable[TensorName]) -> tf.GraphDef:
        """Makes the graph; a target that was itself replaced lives on as an Identity of its name."""
        targets = list(targets)
        needed = self.needed(targets)
        graph = tf.GraphDef()
        graph.versions.CopyFrom(self.view.graph.versions)
        aliases = {target.node: self.resolve(target) for target in targets
                   if self.resolve(target) != target and target.node not in needed}
        for name in self.view.nodes:
            for node in self._added.get(name, []):
                if node.name in needed:
                    self._emit(graph, node, needed[node.name])
            if name in needed:
                node = self.node(name)
                assert node is not None
                self._emit(graph, node, needed[name])
            elif name in aliases:
                alias = graph.node.add(name=name, op='Identity', input=[str(aliases[name])])
                alias.attr['T'].type = self.view.nodes[name].attr['T'].type
        graph.library.CopyFrom(called_functions(graph.node, self.view.graph.library))
        return graph

    def _emit(self, graph: tf.GraphDef, node: tf.NodeDef, inputs: List[TensorName]) -> None:
        copy = graph.node.add()
        copy.CopyFrom(node)
        copy.device = ''
        del copy.input[:]
        copy.input.extend(str(tensor) for tensor in inputs)
        if node.name in self.view:
            copy.input.extend('^' + control for control in self.anchors(node.name))
        for attribute in ('_output_shapes', '_class'):
            if attribute in copy.attr and (attribute != '_class' or copy.op not in ('VariableV2', 'VarHandleOp')):
                del copy.attr[attribute]
