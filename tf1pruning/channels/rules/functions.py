"""Calls of functions: their bodies are looked through."""

from typing import Dict, List

from ...graph.functions import CALLS, called_body
from ...graph.view import TensorName
from ..layout import EMPTY, Layout
from .registry import Operation, RefusedError, apply_rule, rule


@rule(*CALLS, attributes='Tin Tout f config config_proto executor_type')
def call(op: Operation) -> List[Layout]:
    """Applies the rules inside the body; what would have to be rewritten in there is pinned instead."""
    body = called_body(op.view.graph.library, op.node, op.in_shapes, op.view.graph.versions)
    if body is None:
        raise RefusedError('the function it calls is not in the library')
    facts = op.facts
    before = (len(facts.literals), len(facts.divided), len(facts.picked), len(facts.pins))
    seen = [(kind, len(kind)) for kind in (facts.produced, facts.contracted, facts.depthwise)]
    layouts: Dict[TensorName, Layout] = {TensorName(name): layout
                                         for name, layout in zip(body.arguments, op.inputs)}
    for name in body.view.topological(body.view.nodes):
        if name not in body.arguments:
            apply_rule(body.view, name, body.shapes, facts, layouts)
    fixed = ([literal.block.ids for literal in facts.literals[before[0]:]]
             + [piece for divided in facts.divided[before[1]:] if divided.node for piece in divided.pieces]
             + [picked.source for picked in facts.picked[before[2]:]])
    del facts.literals[before[0]:], facts.divided[before[1]:], facts.picked[before[2]:]
    for ids in fixed:
        op.pin(ids, 'a function body would have to be rewritten')
    facts.pins[before[3]:] = [pin._replace(node='%s (%s)' % (op.node.name, pin.node)) if pin.node != op.node.name
                              else pin for pin in facts.pins[before[3]:]]
    for kind, start in seen:
        kind[start:] = [each._replace(node=op.node.name) for each in kind[start:]]
    return [layouts.get(result, EMPTY) for result in body.results]
