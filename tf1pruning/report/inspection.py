"""What a model consists of, in channels: groups, what they cost, and what cannot be pruned."""

from typing import Any, Dict, List

import numpy as np

from ..channels import Channels, Group
from ..channels.blocks import block_kinds
from ..cost import count_cost, macs_by_node


def inspect_channels(channels: Channels) -> Dict[str, Any]:
    """Describes an analysed model.

    Returns:
        `parameters` and `macs` of the whole model; `groups`: name, kind, channels, parameters that are slices of the
        group's channels, MACs of the layers that make, filter or use them; `pinned`: operation, node, reason, channels.
    """
    cost = count_cost(channels.model)
    macs = macs_by_node(channels.model.view, channels.shapes)
    kinds = block_kinds(channels)
    groups = [{'name': group.name, 'kind': kinds[group.name], 'channels': group.size,
               'parameters': _parameters(channels, group),
               'macs': sum(macs.get(node, 0) for node in set(group.producers + group.depthwise + group.consumers))}
              for group in channels.groups]
    return {'model': channels.model.name, 'nodes': len(channels.model.view.nodes), 'parameters': cost.parameters,
            'macs': cost.macs, 'groups': groups, 'pinned': _pinned(channels)}


def _parameters(channels: Channels, group: Group) -> int:
    """Counts the numbers that lie in a slice of the group's channels; one in two such slices counts once."""
    axes: Dict[str, List[int]] = {}
    for name, axis in group.slices:
        axes.setdefault(name, []).append(axis)
    total = 0
    for name, own in axes.items():
        if channels.roles.get(name) in ('mean', 'variance'):
            continue
        size = [ids.size for ids in channels.axes[name]]
        outside = [1 - np.isin(channels.classes(name, axis), group.classes).mean() for axis in own]
        total += int(round(np.prod(size, dtype=np.int64) * (1 - np.prod(outside))))
    return total


def _pinned(channels: Channels) -> List[Dict[str, Any]]:
    return [{'operation': pin.operation, 'node': pin.node, 'reason': pin.reason,
             'channels': int(np.unique(channels.labels[pin.ids]).size)} for pin in channels.pins if pin.reason]


