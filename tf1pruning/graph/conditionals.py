"""Switch/Merge pairs with a known predicate: only the branch taken stays."""

from typing import Dict, Iterable, List, Optional

import numpy as np

from ..tf1 import tf
from .constants import array_of
from .rewiring import Rewiring
from .view import CONTROL, TensorName

_DEEPEST = 100
"""Conditions with more steps than this count as not known."""
_PASSING = ('Identity', 'PlaceholderWithDefault', 'StopGradient')


def fold_conditionals(rewiring: Rewiring, targets: Iterable[TensorName]) -> None:
    """Resolves every Switch and Merge behind the targets whose predicate is constant.

    Given `Merge(f(Switch(x, p):0), g(Switch(x, p):1))` with p = False. Result: `f(x)`.
    A placeholder with a default (Keras' learning phase) counts as its default.
    """
    if not rewiring.view.operations & {'Switch', 'RefSwitch', 'Merge'}:
        return
    needed = rewiring.needed(targets)
    taken: Dict[str, Optional[bool]] = {}
    for name, inputs in needed.items():
        node = rewiring.node(name)
        if node is not None and node.op in ('Switch', 'RefSwitch'):
            taken[name] = predicate_value(rewiring, inputs[1])
    alive = _Aliveness(rewiring, taken)
    for name, inputs in needed.items():
        node = rewiring.node(name)
        if node is not None and node.op == 'Merge':
            living = [tensor for tensor in inputs if alive(tensor)]
            if len(living) == 1:
                rewiring.replace(TensorName(name), living[0])
        elif taken.get(name) is not None:
            rewiring.replace(TensorName(name, int(bool(taken[name]))), inputs[0])


def predicate_value(rewiring: Rewiring, tensor: TensorName) -> Optional[bool]:
    """Evaluates a boolean scalar made of constants and logic, None where it is not known."""
    return _predicate(rewiring, tensor.node, {}, 0)


def _predicate(rewiring: Rewiring, name: str, found: Dict[str, Optional[bool]], depth: int) -> Optional[bool]:
    """Evaluates every node once: a tree of what is used twice would double with every step."""
    if name not in found:
        found[name] = None  # of a loop's condition it is not known
        node = rewiring.node(name)
        if node is not None and depth < _DEEPEST:
            found[name] = bool(np.all(array_of(node))) if node.op == 'Const' else _logic(
                node, [_predicate(rewiring, each.node, found, depth + 1) for each in _operands(rewiring, node)])
    return found[name]


def _operands(rewiring: Rewiring, node: tf.NodeDef) -> List[TensorName]:
    """Returns what the value of a node is made of."""
    inputs = rewiring.inputs(node.name)
    if node.op in _PASSING or node.op in ('Switch', 'RefSwitch'):
        return inputs[:1]
    return inputs if node.op.startswith('Logical') else []


def _logic(node: tf.NodeDef, values: List[Optional[bool]]) -> Optional[bool]:
    """Does one step of logic."""
    if not values:
        return None
    if not node.op.startswith('Logical'):
        return values[0]
    if node.op == 'LogicalNot' and values[0] is not None:
        return not values[0]
    if node.op == 'LogicalAnd':
        return False if False in values else (None if None in values else True)
    if node.op == 'LogicalOr':
        return True if True in values else (None if None in values else False)
    return None


class _Aliveness:
    """Tells whether a tensor is computed at all, given the branches taken."""

    def __init__(self, rewiring: Rewiring, taken: Dict[str, Optional[bool]]) -> None:
        self.rewiring = rewiring
        self.taken = taken
        self._nodes: Dict[str, bool] = {}

    def __call__(self, tensor: TensorName) -> bool:
        branch = self.taken.get(tensor.node)
        if branch is not None and tensor.output != int(branch):
            return False
        stack = [(tensor.node, False)]
        while stack:
            name, done = stack.pop()
            if not done and name in self._nodes:
                continue
            inputs = self.rewiring.inputs(name)
            inputs = inputs + [TensorName(control, CONTROL) for control in self.rewiring.anchors(name)]
            if not done:
                self._nodes[name] = True  # loops count as alive
                stack.append((name, True))
                stack.extend((each.node, False) for each in inputs if each.node not in self._nodes)
                continue
            states = [self._nodes[each.node] and self._open(each) for each in inputs]
            node = self.rewiring.node(name)
            merge = node is not None and node.op == 'Merge'
            self._nodes[name] = any(states) if merge else all(states)
        return self._nodes[tensor.node]

    def _open(self, tensor: TensorName) -> bool:
        branch = self.taken.get(tensor.node)
        return branch is None or tensor.output in (int(branch), CONTROL)
