"""The layers of a network before and after: channels, MACs, and what lies above each."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Set, Tuple

from ...channels import Channels
from ...channels.blocks import block_kinds
from ...cost import macs_by_node
from ...graph.attributes import turned
from ...graph.shapes import Shapes, shape_at
from ...graph.view import GraphView
from .networks import Networks


class Layer(NamedTuple):
    """A convolution or a matrix product.

    Attributes:
        name: of the node.
        operation: its kind, such as `Conv2D`.
        window: height and width of its kernel, `3×3`; empty for a matrix product.
        group: the group whose channels it makes or filters; empty where they cannot be pruned.
        kind: what block that group is the inside of.
        reads: channels that come in, before and after.
        makes: channels that go out, before and after.
        macs: multiply-accumulates for one example, before and after.
        reason: why its channels cannot be pruned, where they cannot.
        above: numbers of the layers whose values it reads, or its own are joined with by an addition, a product or a
            concatenation.
    """

    name: str
    operation: str
    window: str
    group: str
    kind: str
    reads: Tuple[Optional[int], Optional[int]]
    makes: Tuple[Optional[int], Optional[int]]
    macs: Tuple[int, Optional[int]]
    reason: str
    above: Tuple[int, ...]


def list_layers(networks: Networks) -> List[Layer]:
    """Lists the layers in the order of computation."""
    channels, after = networks.before, networks.after
    view = channels.model.view
    macs = macs_by_node(view, channels.shapes)
    left = macs_by_node(after.view, after.shapes) if after is not None else {}
    order = [name for name in view.topological(channels.shapes) if name in macs]
    above = _above(view, view.topological(channels.shapes), order)
    groups = {node: group.name for group in channels.groups for node in group.producers + group.depthwise}
    kinds, reasons = block_kinds(channels), _reasons(channels, order)
    layers = []
    for name in order:
        window, reads, makes = _widths(view, channels.shapes, name)
        _, reads_after, makes_after = _widths(after.view, after.shapes, name) if after is not None and (
            name in after.shapes) else ('', None, None)
        group = groups.get(name, '')
        layers.append(Layer(name, view.op(name), window, group, kinds.get(group, ''), (reads, reads_after),
                            (makes, makes_after), (macs[name], left.get(name)),
                            '' if group else reasons.get(name, ''), above[name]))
    return layers


def _widths(view: GraphView, shapes: Shapes, name: str) -> Tuple[str, Optional[int], Optional[int]]:
    """Returns the window of a layer, and how many channels it reads and makes."""
    shape, op = shape_at(shapes, view.inputs[name][1]), view.op(name)
    made = shapes[name][0] if shapes.get(name) else None
    if 'MatMul' in op:
        left = shape_at(shapes, view.inputs[name][0])
        inner = -2 if turned(view.nodes[name])[0] else -1
        return '', left[inner] if left else None, made[-1] if made else None
    if shape is None or len(shape) < 4:
        return '', None, None
    window = '×'.join('?' if size is None else str(size) for size in shape[:-2])
    if op == 'DepthwiseConv2dNative':
        return window, shape[2], None if None in shape[2:] else (shape[2] or 0) * (shape[3] or 0)
    reads, makes = shape[-2:]
    return (window, makes, reads) if op == 'Conv2DBackpropInput' else (window, reads, makes)


def _above(view: GraphView, everything: List[str], layers: List[str]) -> Dict[str, Tuple[int, ...]]:
    """Returns for every layer the numbers of the layers that its values come from.

    Where values are joined, all but those of the last layer count as read by that one, so that a chain of additions
    does not lead from every layer to all that follow.
    """
    numbers = {name: place for place, name in enumerate(layers)}
    read: List[Set[int]] = [set() for _ in layers]
    last: Dict[str, int] = {}
    for name in everything:
        sources = {last[tensor.node] for tensor in view.inputs[name] if tensor.node in last}
        if name in numbers:
            last[name] = numbers[name]
            read[last[name]] |= sources
        elif sources:
            last[name] = max(sources)
            read[last[name]] |= sources - {last[name]}
    return {name: tuple(sorted(read[number])) for name, number in numbers.items()}


def _reasons(channels: Channels, layers: List[str]) -> Mapping[str, str]:
    """Returns why channels that layers make are pinned, the first reason found."""
    by_label: Dict[int, str] = {}
    for pin in channels.pins:
        for label in channels.labels[pin.ids].ravel().tolist():
            if pin.reason:
                by_label.setdefault(label, pin.reason)
    found: Dict[str, str] = {}
    for name in layers:
        labels = (label for seen in channels.made.of([name]) for label in channels.labels[seen.ids].ravel().tolist())
        found[name] = next((by_label[label] for label in labels if label in by_label), '')
    return found
