"""Counts of frozen graphs and SavedModels."""

from typing import Mapping, Sequence, Tuple

from ...cost import count_cost
from ...graph.endpoints import likely_outputs
from ...graph.inference import Input
from ...model.load import load_model

_NO_WORK = ('Const', 'Placeholder', 'Identity', 'NoOp', 'VariableV2', 'VarHandleOp')


def count(path: str, outputs: Sequence[str], sizes: Mapping[str, Sequence[int]]) -> Tuple[int, int, int]:
    """Returns MACs, parameters and operations."""
    model = load_model(path, outputs, {name: Input('', tuple(shape)) for name, shape in sizes.items()})
    if not model.outputs:
        model = model.replace(outputs=tuple(likely_outputs(model.graph)))
    cost = count_cost(model)
    return cost.macs, cost.parameters, sum(model.view.op(name) not in _NO_WORK for name in model.shapes)
