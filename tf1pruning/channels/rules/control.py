"""Conditionals whose predicate is only known when the graph runs."""

from typing import List

from ..layout import Layout
from .elementwise import unify
from .registry import Operation, rule


@rule('Switch', 'RefSwitch')
def switch(op: Operation) -> List[Layout]:
    """Both branches see the same channels."""
    return [op.inputs[0], op.inputs[0]]


@rule('Merge', 'RefMerge')
def merge(op: Operation) -> List[Layout]:
    """Whichever branch ran: the channels are the same."""
    return [unify(op, range(len(op.inputs))), Layout()]
