"""Which branches and loops nodes are in: where they do not run, nothing that hangs on them does."""

from typing import Dict, List, NamedTuple, Tuple

from .view import GraphView, TensorName

_SWITCHES = ('Switch', 'RefSwitch')
_ENTERS = ('Enter', 'RefEnter')
Context = Dict[Tuple[str, int], TensorName]
"""By predicate and side (or name of a loop), what opens it: the output of a Switch, or an Enter."""


class Contexts(NamedTuple):
    """Works out the contexts of nodes, each once.

    Attributes:
        view: the graph.
        known: context by node.
    """

    view: GraphView
    known: Dict[str, Context]

    def of(self, name: str) -> Context:
        """Returns the branches and loops that a node is in.

        Given `Merge(f(Switch(x, p):0), g(Switch(x, p):1))`. Result: f is in the branch `(p, 0)`, the Merge in none.
        """
        stack = [(name, False)]
        while stack:
            node, done = stack.pop()
            if done:
                self.known[node] = self._context(node)
            elif node not in self.known:
                self.known[node] = {}  # around a loop
                stack.append((node, True))
                stack.extend((tensor.node, False) for tensor in self._inputs(node))
        return self.known[name]

    def _inputs(self, name: str) -> List[TensorName]:
        controls = [TensorName(control) for control in self.view.controls.get(name, ())
                    if self.view.op(control) not in _SWITCHES]
        return self.view.inputs[name] + controls

    def _context(self, name: str) -> Context:
        operation, inputs = self.view.op(name), self._inputs(name)
        opened = [self._behind(tensor) for tensor in inputs]
        if operation in ('Merge', 'RefMerge') and not any(
                self.view.op(tensor.node) in ('NextIteration', 'RefNextIteration') for tensor in inputs):
            return {key: opens for key, opens in opened[0].items() if all(key in each for each in opened)}
        result = {key: opens for each in opened for key, opens in each.items()}
        if operation in _ENTERS:
            result[self.view.nodes[name].attr['frame_name'].s.decode(), 0] = TensorName(name)
        elif operation in ('Exit', 'RefExit'):
            return {key: opens for key, opens in result.items() if not self._ends(opens, name)}
        return result

    def _behind(self, tensor: TensorName) -> Context:
        """Returns the context of what reads a tensor."""
        context = self.known[tensor.node]
        if self.view.op(tensor.node) not in _SWITCHES:
            return context
        return {**context, (str(self.view.inputs[tensor.node][1]), tensor.output): tensor}

    def _ends(self, opens: TensorName, leave: str) -> bool:
        """Whether an Exit ends what something opens: its loop, and the branch that its loop goes on in."""
        switch = self.view.inputs[leave][0].node
        if self.view.op(switch) not in _SWITCHES:
            return False
        merge, going_on = self.view.inputs[switch]
        if self.view.op(opens.node) in _SWITCHES:
            return self.view.inputs[opens.node][1] == going_on
        return any(self.view.op(enter.node) in _ENTERS and self.view.nodes[enter.node].attr['frame_name'].s
                   == self.view.nodes[opens.node].attr['frame_name'].s for enter in self.view.inputs[merge.node])
