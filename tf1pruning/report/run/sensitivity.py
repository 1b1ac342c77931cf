"""What compressing each parameter alone costs, as `tf1pruning sensitivity` has measured it."""

from typing import Any, NamedTuple, Optional, Tuple

from .reading import items, mapping, number, text


class Curve(NamedTuple):
    """One parameter, or group of channels.

    Attributes:
        name: of the parameter.
        points: sparsity or bits, and accuracy, 0 to 1; the mildest first.
    """

    name: str
    points: Tuple[Tuple[float, float], ...]


class Sensitivity(NamedTuple):
    """`sensitivity.json`.

    Attributes:
        column: sparsity or bits.
        baseline: accuracy of the model as it is.
        curves: at least one.
    """

    column: str
    baseline: Optional[float]
    curves: Tuple[Curve, ...]


def read_sensitivity(record: Any) -> Optional[Sensitivity]:
    """Reads `sensitivity.json`; None where it has no curves."""
    content = mapping(record)
    column = text(content.get('column'))
    curves = []
    for each in map(mapping, items(content.get('parameters'))):
        pairs = [(number(place), number(accuracy)) for place, accuracy in zip(items(each.get(column)),
                                                                              items(each.get('accuracy')))]
        points = tuple((place, accuracy) for place, accuracy in pairs if place is not None and accuracy is not None)
        if points:
            curves.append(Curve(text(each.get('parameter')), points))
    return Sensitivity(column, number(mapping(content.get('baseline')).get('accuracy')), tuple(curves)
                       ) if curves else None
