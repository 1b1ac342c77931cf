"""The channel analysis: rules over the graph, one solve, groups."""

import copy
from typing import Dict, List, Tuple

import numpy as np

from ..graph.view import TensorName
from ..model.model import Model, Weights
from .groups import find_groups
from .kernels import KernelUses
from .layout import EMPTY, Layout
from .rules import Divided, Facts, Literal, Part, Picked, Pin, apply_rule
from .unionfind import components


class Channels:
    """What the analysis found in a forward graph.

    Attributes:
        model: the model analysed, in inference form.
        shapes: static shapes of all tensors, with unknown sizes made concrete.
        labels: class of every id.
        pinned: for every id used as a label, whether its class must stay.
        groups: what can be pruned.
        pins: what cannot, and why.
        axes: the ids of every parameter, axis by axis.
        roles: what parameters are for: kernel, depthwise, bias, scale, offset, mean, variance.
        parts: of parameters that are joined into one, as partitioned variables are, how.
        literals: numbers in the graph that spell channel counts.
        divided: tensors split along their channels.
        picked: channels picked by constant indices.
        layouts: the layout of every tensor that has one.
        made: the ids that operations make with kernels.
        used: the ids that operations contract over with kernels.
    """

    def __init__(self, model: Model, facts: Facts, layouts: Dict[TensorName, Layout]) -> None:
        self.model = model
        self.shapes = model.shapes
        self.axes: Dict[str, Tuple[np.ndarray, ...]] = facts.axes
        self.roles = facts.roles
        self.parts: Dict[str, Part] = facts.parts
        self.literals: List[Literal] = facts.literals
        self.divided: List[Divided] = facts.divided
        self.picked: List[Picked] = facts.picked
        self.layouts = layouts
        self.labels = _solve(facts)
        self.pinned = np.zeros(facts.count + 1, bool)
        self.pins: List[Pin] = facts.pins
        for pin in facts.pins:
            self.pinned[self.labels[pin.ids]] = True
        self.produced = facts.produced
        self.contracted = facts.contracted
        self.depthwise = facts.depthwise
        self.groups = find_groups(self.axes, self.labels, self.pinned, facts.produced, facts.contracted,
                                  facts.depthwise, facts.parts)
        self.made = KernelUses(facts.produced, facts.axes)
        self.used = KernelUses(facts.contracted, facts.axes)

    def classes(self, parameter: str, axis: int) -> np.ndarray:
        """Returns the class of every index along an axis of a parameter."""
        return self.labels[self.axes[parameter][axis]]

    def with_weights(self, weights: Weights) -> 'Channels':
        """Returns the same analysis over other weights of the same graph."""
        return self.of(self.model.replace(weights=weights.restricted(self.model.weights)))

    def of(self, model: Model) -> 'Channels':
        """Returns the same analysis for a model that differs in its values only."""
        other = copy.copy(self)
        other.model = model
        return other

    def reasons(self, parameter: str, axis: int) -> List[Pin]:
        """Returns why the channels along an axis of a parameter are pinned; empty if they are not."""
        wanted = set(self.classes(parameter, axis).tolist())
        return [pin for pin in self.pins if pin.reason and wanted & set(self.labels[pin.ids].tolist())]


def analyse(model: Model) -> Channels:
    """Finds which channels of a model live and die together.

    Args:
        model: a model in inference form (`passes.to_inference`), with at least one output.

    Raises:
        ModelError: TensorFlow refuses the graph.
    """
    view = model.view
    targets = [view.require(name, 'output node') for name in model.outputs]
    nodes = view.ancestors(target.node for target in targets)
    facts = Facts()
    layouts: Dict[TensorName, Layout] = {}
    for name in view.topological(nodes):
        apply_rule(view, name, model.shapes, facts, layouts)
    for target in targets:
        for block in layouts.get(target, EMPTY).blocks:
            facts.pins.append(Pin(block.ids.ravel(), view.op(target.node), target.node, 'an output of the model'))
    return Channels(model, facts, layouts)


def _solve(facts: Facts) -> np.ndarray:
    """Labels the ids; where survivors of a block over several axes might not be a rectangle, ties more and again."""
    while True:
        first = np.concatenate([tie[0] for tie in facts.ties] or [np.zeros(0, int)])
        second = np.concatenate([tie[1] for tie in facts.ties] or [np.zeros(0, int)])
        labels = components(facts.count, first.astype(int), second.astype(int))
        ragged = [block for block in facts.multi_axis if not _is_rectangle(labels[block.ids])]
        if not ragged:
            return labels
        for block in ragged:
            free = int(np.argmax(block.ids.shape))
            moved = np.moveaxis(block.ids, free, -1).reshape(-1, block.ids.shape[free])
            facts.ties.extend((moved[0], row) for row in moved[1:])


def _is_rectangle(labels: np.ndarray) -> bool:
    """Whether whatever is removed leaves a rectangle: the classes vary along one axis at most."""
    for axis in range(labels.ndim):
        index = tuple(slice(None) if k == axis else slice(0, 1) for k in range(labels.ndim))
        if np.array_equal(labels, np.broadcast_to(labels[index], labels.shape)):
            return True
    return False
