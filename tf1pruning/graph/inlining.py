"""Calls of functions and functional conditionals → plain nodes, so that nothing behind them need know of functions."""

from typing import Dict, Iterable, List, Sequence, Set

from ..errors import UnsupportedError
from ..tf1 import function_def_to_graph_def, tf
from .shapes import refusing
from .view import CONTROL, GraphView, TensorName, parse_tensor

_CALLS = ('PartitionedCall', 'StatefulPartitionedCall')
_CONDITIONALS = ('If', 'StatelessIf')
_BODIES = ('f', 'then_branch', 'else_branch')
"""Attributes that name a function."""
_DEEPEST = 50
_MOST_NODES = 300000


def inline_functions(graph: tf.GraphDef, targets: Iterable[TensorName]) -> tf.GraphDef:
    """Puts the bodies of functions in the place of their calls, as far as some targets need them.

    Given `c = PartitionedCall(x, f)`. Result: the nodes of f as `c/body/…`, and `c = Identity(its result)`.
    Given `c = If(p, x, f, g)`. Result: `Switch(x, p)`, the nodes of f as `c/then/…`, those of g as `c/else/…`, and
    `c = Merge(…)`, as TensorFlow itself does before it runs a graph.

    Args:
        graph: any GraphDef; it is not changed.
        targets: the tensors wanted.

    Raises:
        UnsupportedError: a target is a later result of a call, which no node will have the name of; or a function calls
            itself.
    """
    targets = list(targets)
    functions = {function.signature.name: function for function in graph.library.function}
    _require_few(graph.node, functions)
    for _ in range(_DEEPEST if functions else 0):
        view = GraphView(graph)
        calls = [name for name in view.ancestors(target.node for target in targets) if _can(view, name, functions)]
        if not calls:
            return graph
        for target in targets:
            if target.node in calls and target.output > 0:
                raise UnsupportedError('output %s is a result of a function call: name the node that reads it'
                                       % (target,))
        graph = _Inliner(view, functions, set(calls)).build()
    if graph.library.function:
        raise UnsupportedError('function calls are more than %d deep, as of one that calls itself: freeze the graph, '
                               'or name outputs before them' % _DEEPEST)
    return graph


def _require_few(nodes: Iterable[tf.NodeDef], functions: Dict[str, 'tf.FunctionDef']) -> None:
    """Counts what a graph has with the bodies of all calls in their place, each function once.

    Raises:
        UnsupportedError: more than anybody has memory for, as of a function that calls itself.
    """
    sizes: Dict[str, int] = {}
    for _ in range(_DEEPEST):
        before = dict(sizes)
        for name, function in functions.items():
            sizes[name] = min(_MOST_NODES, _size(function.node_def, before))
        if sizes == before:
            break
    if functions and _size(nodes, sizes) >= _MOST_NODES:
        raise UnsupportedError('with its functions in the place of their calls the graph has more than %d nodes, as of '
                               'a function that calls itself: freeze the graph, or name outputs before them'
                               % _MOST_NODES)


def _size(nodes: Iterable[tf.NodeDef], sizes: Dict[str, int]) -> int:
    """Returns how many nodes some are with the bodies of what they call."""
    return sum(1 + sizes.get(node.op, 0) + sum(sizes.get(node.attr[key].func.name, 0) for key in _BODIES
                                               if key in node.attr) for node in nodes)


def _can(view: GraphView, name: str, functions: Dict[str, 'tf.FunctionDef']) -> bool:
    """Whether a node calls functions of the library, by a flag where it is a conditional."""
    node = view.nodes[name]
    if node.op in _CONDITIONALS:
        return node.attr['Tcond'].type == tf.bool.as_datatype_enum and all(
            node.attr[branch].func.name in functions for branch in ('then_branch', 'else_branch'))
    return node.op in functions or (node.op in _CALLS and node.attr['f'].func.name in functions)


class _Inliner:
    """Writes a graph anew with the bodies of some calls in their place."""

    def __init__(self, view: GraphView, functions: Dict[str, 'tf.FunctionDef'], calls: Set[str]) -> None:
        self.view = view
        self.functions = functions
        self.calls = calls
        self.results: Dict[TensorName, str] = {}  # what readers of a later result of a call read
        self.graph = tf.GraphDef()
        self.graph.versions.CopyFrom(view.graph.versions)
        self.graph.library.CopyFrom(view.graph.library)
        self.known = tf.Graph()
        with refusing(), self.known.as_default():
            tf.import_graph_def(tf.GraphDef(library=view.graph.library, versions=view.graph.versions), name='')

    def build(self) -> tf.GraphDef:
        for name, node in self.view.nodes.items():
            if name in self.calls:
                self._inline(node)
            else:
                self.graph.node.add().CopyFrom(node)
        for node in self.graph.node:
            for index, text in enumerate(node.input):
                node.input[index] = self._resolved(text)
        return self.graph

    def _resolved(self, text: str) -> str:
        """Follows later results of calls, which may be those of other calls."""
        while parse_tensor(text) in self.results:
            text = self.results[parse_tensor(text)]
        return text

    def _inline(self, node: tf.NodeDef) -> None:
        data = [str(tensor) for tensor in self.view.inputs[node.name]]
        if node.op in _CONDITIONALS:
            results = self._branches(node, data[0], data[1:])
        else:
            results = self._call(node, data)
        for index, result in enumerate(results):
            if index:
                self.results[TensorName(node.name, index)] = result
        if results:
            kept = self._add(node.name, 'Identity', results[:1] + [text for text in node.input if text[0] == '^'])
            kept.attr['T'].type = self._type(node)

    def _type(self, node: tf.NodeDef) -> int:
        """Returns the type of the first result."""
        if 'Tout' in node.attr:
            return node.attr['Tout'].list.type[0]
        first = self.functions[node.op].signature.output_arg[0]
        return first.type or node.attr[first.type_attr].type

    def _call(self, node: tf.NodeDef, data: Sequence[str]) -> List[str]:
        """Adds the body of a call, of which nothing runs where the call does not, in a branch not taken for example."""
        function = node.attr['f'].func.name if node.op in _CALLS else node.op
        scope = self._scope(node.name, 'body')
        anchors = [text for text in node.input if text[0] == '^']
        if data:
            given = self._add(scope + '/given', 'IdentityN', data)
            given.attr['T'].list.type.extend(argument.type or node.attr[argument.type_attr].type
                                             for argument in self.functions[function].signature.input_arg)
            anchors.append('^' + given.name)
        return self._body(function, scope, data, anchors)

    def _branches(self, node: tf.NodeDef, predicate: str, data: Sequence[str]) -> List[str]:
        scope = self._scope(node.name, 'branches')
        pivot = self._add(scope + '/pivot', 'Switch', [predicate, predicate])
        pivot.attr['T'].type = tf.bool.as_datatype_enum
        resource = tf.resource.as_datatype_enum
        for index, text in enumerate(data):
            if node.attr['Tin'].list.type[index] == resource:
                continue
            switch = self._add('%s/switch_%d' % (scope, index), 'Switch', [text, predicate])
            switch.attr['T'].type = node.attr['Tin'].list.type[index]
        taken = []
        for side, (branch, label) in enumerate((('else_branch', 'else'), ('then_branch', 'then'))):
            anchor = self._add('%s/pivot_%s' % (scope, label), 'Identity', ['%s/pivot:%d' % (scope, side)])
            anchor.attr['T'].type = tf.bool.as_datatype_enum
            arguments = [text if node.attr['Tin'].list.type[index] == resource else
                         '%s/switch_%d:%d' % (scope, index, side) for index, text in enumerate(data)]
            taken.append(self._body(node.attr[branch].func.name, '%s/%s' % (scope, label), arguments,
                                    ['^' + anchor.name]))
        merged = []
        for index, (otherwise, then) in enumerate(zip(*taken)):
            merge = self._add('%s/merge_%d' % (scope, index), 'Merge', [otherwise, then])
            merge.attr['T'].type = node.attr['Tout'].list.type[index]
            merge.attr['N'].i = 2
            merged.append(merge.name)
        return merged

    def _body(self, function: str, scope: str, data: Sequence[str], anchors: Sequence[str]) -> List[str]:
        """Adds the nodes of a function below a scope; returns its results.

        Args:
            function: its name.
            scope: what its nodes' names begin with.
            data: what its arguments are.
            anchors: the control dependencies on which nodes without inputs, reads of variables and calls hang, so
                that they belong to a branch.
        """
        definition = self.functions[function]
        with refusing(), self.known.as_default():
            body, flat = function_def_to_graph_def(definition)
        given = dict(zip((argument.name for argument in definition.signature.input_arg), data))

        def renamed(text: str) -> str:
            tensor = parse_tensor(text)
            if tensor.node in given:
                return given[tensor.node]
            return str(TensorName('%s/%s' % (scope, tensor.node), tensor.output))
        for node in body.node:
            if node.name not in given:
                inputs = [renamed(text) for text in node.input
                          if parse_tensor(text).output != CONTROL or parse_tensor(text).node not in given]
                if all(text[0] == '^' for text in inputs) or node.op in ('ReadVariableOp', *_CALLS, *self.functions):
                    inputs += [text for text in anchors if text not in inputs]
                copy = self._add('%s/%s' % (scope, node.name), node.op, inputs)
                for name, value in node.attr.items():
                    copy.attr[name].CopyFrom(value)
        with refusing():
            return [renamed(flat[definition.ret[result.name]]) for result in definition.signature.output_arg]

    def _add(self, name: str, operation: str, inputs: Sequence[str]) -> tf.NodeDef:
        return self.graph.node.add(name=name, op=operation, input=inputs)

    def _scope(self, call: str, label: str) -> str:
        """Returns a scope below a call that no node of the graph is in."""
        scope = '%s/%s' % (call, label)
        while any(name.startswith(scope + '/') for name in self.view.nodes):
            scope += '_'
        return scope
