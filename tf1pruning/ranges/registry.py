"""The rules: what an operation makes of intervals, looked up by operation."""

from typing import Callable, Dict, List, NamedTuple, Optional

import numpy as np

from ..graph.shapes import Shape
from ..tf1 import tf
from .interval import Interval


class Step(NamedTuple):
    """One node, as its rule sees it.

    Attributes:
        node: the NodeDef.
        inputs: intervals of its data inputs.
        values: of those inputs that do not depend on the model's inputs, else None.
        shapes: static shapes of its inputs.
        out: that of its first output.
    """

    node: tf.NodeDef
    inputs: List[Interval]
    values: List[Optional[np.ndarray]]
    shapes: List[Optional[Shape]]
    out: Optional[Shape]


Rule = Callable[[Step], Optional[Interval]]
RULES: Dict[str, Rule] = {}
"""By operation; None says that nothing is known."""


def rule(*operations: str) -> Callable[[Rule], Rule]:
    """Registers a rule."""
    def register(function: Rule) -> Rule:
        RULES.update((operation, function) for operation in operations)
        return function
    return register
