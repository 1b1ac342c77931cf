"""One small rule per operation: from the layouts of its inputs to those of its outputs."""

import logging
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np

from ...graph.attributes import attribute
from ...graph.constants import constant_value, trace_element
from ...graph.shapes import Shape, Shapes, shape_at
from ...graph.view import VARIABLE_OPS, GraphView, TensorName
from ...tf1 import tf
from ..layout import EMPTY, Block, Layout
from .facts import Facts, Literal, Pin

logger = logging.getLogger(__name__)
Rule = Callable[['Operation'], Sequence[Layout]]


class Registered(NamedTuple):
    """A rule with the attributes that it understands."""

    function: Rule
    attributes: Set[str]


RULES: Dict[str, Registered] = {}


def rule(*operations: str, attributes: str = '') -> Callable[[Rule], Rule]:
    """Registers a rule.

    Args:
        *operations: names of operations.
        attributes: names of the attributes that the rule understands, separated by blanks, beside `T` and the like;
            any other attribute makes the operation an unknown one.
    """
    def register(function: Rule) -> Rule:
        for operation in operations:
            RULES[operation] = Registered(function, set(attributes.split()) | _TYPES)
        return function
    return register


_SOURCES = (*VARIABLE_OPS, 'Const', 'Fill')
"""Operations that have layouts though their inputs have none."""
_TYPES = {'T', 'dtype', 'Tidx', 'Tshape', 'Tpaddings', 'Tperm', 'Tdim', 'Tmultiples', 'N', 'U', 'SrcT', 'DstT',
          'Truncate', 'TI', 'out_type', 'Tindices', 'Tparams', 'Taxis', 'Index', 'Tlen'}


_PRIMES = (1000003, 1000033, 1000037, 1000039, 1000081, 1000099, 1000117, 1000121, 1000133)


class RefusedError(Exception):
    """A rule cannot say what happens: the ids that its operation sees are pinned with this reason."""


class Operation:
    """One node, as its rule sees it.

    Attributes:
        node: the NodeDef.
        inputs: layouts of its data inputs.
        in_shapes: their shapes; None where unknown.
        out_shapes: shapes of its outputs.
        facts: where findings go.
    """

    def __init__(self, node: tf.NodeDef, inputs: List[Layout], view: GraphView, shapes: Shapes, facts: Facts) -> None:
        self.node = node
        self.inputs = inputs
        self.view = view
        self.shapes = shapes
        self.facts = facts
        self.in_shapes: List[Optional[Shape]] = [shape_at(shapes, tensor) for tensor in view.inputs[node.name]]
        self.out_shapes = shapes.get(node.name, [])
        self._unknown_size: Optional[int] = None

    def shape(self, position: int = 0) -> Tuple[int, ...]:
        """Returns the shape of an input; a size that is only known when the graph runs is `unknown_size`.

        Raises:
            RefusedError: not even its rank is known.
        """
        sizes = list(self._known(self.in_shapes[position], 'input %d' % position))
        for block in self.inputs[position].blocks:
            for axis, size in zip(block.axes, block.ids.shape):
                sizes[axis] = size
        return tuple(sizes)

    def out_shape(self) -> Tuple[int, ...]:
        """Returns the shape of the first output, unknown sizes likewise.

        Raises:
            RefusedError: not even its rank is known.
        """
        return self._known(self.out_shapes[0] if self.out_shapes else None, 'its output')

    def _known(self, shape: Optional[Shape], what: str) -> Tuple[int, ...]:
        if shape is None:
            raise RefusedError('the shape of %s is not known' % what)
        return tuple(self.unknown_size if size is None else size for size in shape)

    @property
    def unknown_size(self) -> int:
        """A prime that no size here is: it stands for a size that nobody knows, and divides no other."""
        if self._unknown_size is None:
            sizes = {size for shape in (*self.in_shapes, *self.out_shapes) for size in shape or () if size}
            self._unknown_size = next(prime for prime in _PRIMES if all(size % prime for size in sizes))
        return self._unknown_size

    def constant(self, position: int) -> np.ndarray:
        """Returns the value of a constant input.

        Raises:
            RefusedError: it is computed.
        """
        value = constant_value(self.view, self.view.inputs[self.node.name][position])
        if value is None:
            raise RefusedError('input %d is not a constant' % position)
        return value

    def channel_axis(self, rank: int) -> int:
        """Returns the channel axis that `data_format` tells."""
        layout = attribute(self.node, 'data_format').s.decode() or 'NHWC'
        if not layout.startswith('N') or 'C' not in layout or len(layout) not in (4, 5):
            raise RefusedError('data format %s' % layout)
        return 1 if layout[1] == 'C' else rank - 1

    def ids(self, position: int, axis: int) -> Optional[np.ndarray]:
        """Returns the ids along one axis of an input; a block over several axes is narrowed to this one."""
        return self.along(self.inputs[position], axis)

    def narrowed(self, block: Block, axes: Sequence[int]) -> Block:
        """Ties what a block has along its other axes, so that its ids stand over some of its axes only."""
        places = [block.axes.index(axis) for axis in axes]
        moved = np.moveaxis(block.ids, places, range(-len(places), 0))
        rows = moved.reshape((-1,) + moved.shape[moved.ndim - len(places):])
        for row in rows[1:]:
            self.tie(rows[0], row)
        return Block(tuple(axes), rows[0])

    def along(self, layout: Layout, axis: int) -> Optional[np.ndarray]:
        """Returns the ids along one axis of a layout, None where it has none."""
        block = layout.block(axis)
        return None if block is None else self.narrowed(block, (axis,)).ids

    def others(self, position: int, *axes: int) -> Layout:
        """Returns an input's layout without the blocks over some axes."""
        layout = self.inputs[position]
        return Layout(tuple(block for block in layout.blocks if not set(block.axes) & set(axes)))

    def fresh(self, size: int) -> np.ndarray:
        """Returns ids that nothing else has."""
        return self.facts.fresh(size)

    def tie(self, first: np.ndarray, second: np.ndarray) -> None:
        """Says that ids of equal position are the same channel."""
        if first.shape != second.shape:
            raise RefusedError('%d channels meet %d' % (first.size, second.size))
        if first is not second:
            self.facts.ties.append((first.ravel(), second.ravel()))

    def meet(self, first: Optional[np.ndarray], second: Optional[np.ndarray], reason: str) -> None:
        """Ties two axes; where only one of them can be pruned, pins it."""
        if first is not None and second is not None:
            self.tie(first, second)
        elif first is not None or second is not None:
            self.pin(first if first is not None else second, reason)

    def pin(self, ids: Optional[np.ndarray], reason: str) -> None:
        """Says that ids must stay; an empty reason is for axes that nobody would expect to be pruned."""
        if ids is not None and ids.size:
            self.facts.pins.append(Pin(ids.ravel(), self.node.op, self.node.name, reason))

    def pin_layout(self, layout: Layout, reason: str, axes: Optional[Iterable[int]] = None) -> None:
        """Pins all ids of a layout, or those along some axes."""
        wanted = None if axes is None else set(axes)
        for block in layout.blocks:
            if wanted is None or wanted & set(block.axes):
                self.pin(block.ids, reason)

    def role(self, position: int, role: str) -> None:
        """Says what the parameters behind an input are for; what is known already stays."""
        for name in self.inputs[position].parameters:
            self.facts.roles.setdefault(name, role)

    def literal(self, position: int, element: int, block: Block, axis: int, sign: int = 1) -> None:
        """Says that a number in a constant input counts the channels along an axis of a block.

        A number that cannot be followed to where it is spelled pins the block.
        """
        found = trace_element(self.view, self.shapes, self.view.inputs[self.node.name][position], element)
        if found is None:
            self.pin(block.ids, 'the size in input %d is computed in a way that cannot be rewritten' % position)
        elif found.node is not None and (found.value != -1 or sign == -1):
            self.facts.literals.append(Literal(self.node.name, position, element, block, axis, sign))

    def is_computed(self, position: int, element: int) -> bool:
        """Whether a number of an input is computed from the shape of a tensor, so that it follows by itself."""
        found = trace_element(self.view, self.shapes, self.view.inputs[self.node.name][position], element)
        return found is not None and found.node is None

    def same(self, position: int = 0) -> List[Layout]:
        """Returns the layout of an input as that of the output, no longer a parameter."""
        return [Layout(self.inputs[position].blocks)]


def apply_rule(view: GraphView, name: str, shapes: Shapes, facts: Facts, layouts: Dict[TensorName, Layout]) -> None:
    """Applies the rule of one node; without one, or when it refuses, pins what the node sees."""
    node = view.nodes[name]
    inputs = [layouts.get(tensor, EMPTY) for tensor in view.inputs[name]]
    if not any(layout.blocks for layout in inputs) and node.op not in _SOURCES:
        return
    registered = RULES.get(node.op)
    reason = ''
    outputs: List[Layout] = []
    if registered is None:
        reason = 'no rule for this operation'
    else:
        unknown = [key for key in node.attr if key not in registered.attributes and not key.startswith('_')]
        if unknown:
            reason = 'attribute %s is not understood' % unknown[0]
        else:
            try:
                outputs = list(registered.function(Operation(node, inputs, view, shapes, facts)))
            except RefusedError as refused:
                reason = str(refused)
            except (ValueError, IndexError, KeyError) as error:
                logger.debug('rule of %s failed at %s', node.op, name, exc_info=True)
                reason = 'its rule failed: %s' % error
    if reason:
        for layout in inputs:
            for block in layout.blocks:
                facts.pins.append(Pin(block.ids.ravel(), node.op, name, reason))
    for index, layout in enumerate(outputs):
        if layout.blocks or layout.parameters:
            layouts[TensorName(name, index)] = layout
            facts.multi_axis.extend(block for block in layout.blocks if len(block.axes) > 1)
