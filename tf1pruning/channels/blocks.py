"""Inverted-residual and squeeze-and-excitation blocks, recognised by how their channels run; scopes by name."""

from typing import Dict, Iterable, List, Sequence, Set

import numpy as np

from ..cost import batch_size
from ..errors import NameNotFoundError
from ..graph.shapes import shape_at
from .analysis import Channels
from .groups import Group
from .layout import EMPTY, Layout

INVERTED_RESIDUAL = 'inverted_residual'
SQUEEZE_EXCITE = 'squeeze_excite'
OTHER = 'other'


def block_kinds(channels: Channels) -> Dict[str, str]:
    """Tells for every group, by name, what block it is the inside of.

    Squeeze-and-excitation: a layer on pooled values makes the channels, and the one that uses them makes gates for the
    very channels that the first one read. Inverted residual: what makes the channels reads fewer, they pass a
    depthwise convolution, and one 1×1 convolution projects them to fewer; the squeeze of a nested gate may read them
    too.
    """
    kinds = {group.name: OTHER for group in channels.groups}
    batch = batch_size(channels.model.view, channels.shapes)
    squeezes: Set[str] = set()
    for group in channels.groups:
        if _is_squeeze(channels, group, batch):
            kinds[group.name] = SQUEEZE_EXCITE
            squeezes.update(group.producers)
    for group in channels.groups:
        projections = [node for node in group.consumers if node not in squeezes]
        if group.depthwise and len(projections) == 1 and _widens(channels, group) and _narrows(
                channels, projections[0], group):
            kinds[group.name] = INVERTED_RESIDUAL
    return kinds


def _is_squeeze(channels: Channels, group: Group, batch: int) -> bool:
    if len(group.producers) != 1 or len(group.consumers) != 1 or group.depthwise:
        return False
    if not all(_is_pooled(channels, node, batch) for node in group.producers + group.consumers):
        return False
    read, gates = channels.used.of(group.producers), channels.made.of(group.consumers)
    return bool(read and gates) and np.array_equal(np.unique(channels.labels[read[0].ids]),
                                                   np.unique(channels.labels[gates[0].ids]))


def _is_pooled(channels: Channels, node: str, batch: int) -> bool:
    """Whether a layer gives one value per channel and example."""
    shape = channels.shapes[node][0]
    sizes = [size or 1 for size in shape] if shape is not None else []
    return len(sizes) > 1 and int(np.prod(sizes[1:])) == max(sizes[1:]) and sizes[0] == batch


def _widens(channels: Channels, group: Group) -> bool:
    """Whether a convolution that makes the channels of a group reads fewer."""
    view = channels.model.view
    shapes = [shape_at(channels.shapes, view.inputs[node][1]) for node in group.producers if view.op(node) == 'Conv2D']
    return any(shape is not None and (shape[2] or 0) < group.size for shape in shapes)


def _narrows(channels: Channels, node: str, group: Group) -> bool:
    """Whether a 1×1 convolution reads just the channels of a group and makes fewer than it reads."""
    if channels.model.view.op(node) != 'Conv2D':
        return False
    shape = shape_at(channels.shapes, channels.model.view.inputs[node][1])
    read = channels.used.of([node])
    return (shape is not None and tuple(shape[:2]) == (1, 1) and (shape[3] or 0) < (shape[2] or 0) and bool(read)
            and np.array_equal(np.unique(channels.labels[read[0].ids]), np.unique(group.classes)))


def select_groups(channels: Channels, scopes: Sequence[str] = ()) -> List[Group]:
    """Returns the groups to prune.

    Args:
        channels: the analysis.
        scopes: `['blocks']` or nothing: the insides of inverted-residual and SE blocks. `['all']`: everything. Else
            scope names, matched by whole segments: `expanded_conv_1` is not `expanded_conv_10`. A group belongs to a
            scope when its channels stay inside: all that use them lie in it, and what makes them too, unless the block
            begins with a depthwise convolution of them.

    Raises:
        NameNotFoundError: a scope matches nothing; the closest are named.
    """
    names = [name for name in scopes if name]
    if not names or names == ['blocks']:
        kinds = block_kinds(channels)
        return [group for group in channels.groups if kinds[group.name] != OTHER]
    if names == ['all']:
        return list(channels.groups)
    known = all_scopes(channels)
    chosen: List[Group] = []
    for scope in names:
        if not any(in_scope(node, scope) for node in channels.model.view.nodes):
            raise NameNotFoundError.closest('scope', scope, known)
        inside = [group for group in channels.groups if _belongs(group, scope)]
        if not inside:
            raise NameNotFoundError('scope %r has no channels that start and end inside it; those that have: %s'
                                    % (scope, ', '.join(sorted(group.name for group in channels.groups)[:5]) or 'none'))
        chosen.extend(group for group in inside if group not in chosen)
    return chosen


def exclude_groups(channels: Channels, groups: Sequence[Group], names: Sequence[str]) -> List[Group]:
    """Leaves out the groups of some names, and those that a layer inside some scopes makes.

    Raises:
        NameNotFoundError: a name matches nothing; the closest are named.
    """
    for name in names:
        if not any(group.name == name for group in channels.groups) and not any(
                in_scope(node, name) for node in channels.model.view.nodes):
            raise NameNotFoundError.closest('scope or group', name, [group.name for group in channels.groups])
    return [group for group in groups if group.name not in names and not any(
        in_scope(node, name) for node in group.producers for name in names)]


def in_scope(node: str, scope: str) -> bool:
    """Whether a node's path has the segments of a scope in a row."""
    return '/%s/' % scope.strip('/') in '/%s/' % node


def all_scopes(channels: Channels) -> List[str]:
    """Returns every path that is above a node."""
    return sorted({node.rsplit('/', 1)[0] for node in channels.model.view.nodes if '/' in node})


def _belongs(group: Group, scope: str) -> bool:
    return _all_in(group.consumers, scope) and (
        _all_in(group.producers, scope) or any(in_scope(node, scope) for node in group.depthwise))


def _all_in(nodes: Iterable[str], scope: str) -> bool:
    return all(in_scope(node, scope) for node in nodes)


def contraction_axes(channels: Channels, group: Group) -> Dict[str, int]:
    """Returns, for every convolution of a group, the axis of its kernel along which the group's channels lie."""
    found: Dict[str, int] = {}
    passed = [seen for seen in channels.depthwise if seen.node in group.depthwise]
    for seen in channels.made.of(group.producers) + passed + channels.used.of(group.consumers):
        found[seen.node] = next(block.axes[0] for block in kernel_of(channels, seen.node).blocks
                                if np.array_equal(block.ids, seen.ids))
    return found


def kernel_of(channels: Channels, node: str) -> Layout:
    """Returns the layout of the kernel of a convolution or matrix product."""
    for tensor in reversed(channels.model.view.inputs[node][:2]):
        layout = channels.layouts.get(tensor, EMPTY)
        if layout.parameters:
            return layout
    return EMPTY
