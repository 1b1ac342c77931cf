"""What a model consists of, in channels: groups, what they cost, and what cannot be pruned."""

from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from ..channels import Channels, Group
from ..channels.blocks import block_kinds
from ..cost import count_cost, macs_by_node


def inspect_channels(channels: Channels) -> Dict[str, Any]:
    """Describes an analysed model.

    Returns:
        `parameters` and `macs` of the whole model; `groups`: name, kind, channels, parameters that are slices of the
        group's channels, MACs of the layers that make, filter or use them; `pinned`: operation, node, reason, channels,
        MACs of making these channels; `reasons`: the same by operation and reason, the dearest first.
    """
    cost = count_cost(channels.model)
    macs = macs_by_node(channels.model.view, channels.shapes)
    kinds = block_kinds(channels)
    groups = [{'name': group.name, 'kind': kinds[group.name], 'channels': group.size,
               'parameters': _parameters(channels, group),
               'macs': sum(macs.get(node, 0) for node in set(group.producers + group.depthwise + group.consumers))}
              for group in channels.groups]
    return {'model': channels.model.name, 'nodes': len(channels.model.view.nodes), 'parameters': cost.parameters,
            'macs': cost.macs, 'groups': groups, **_pinned(channels, macs)}


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


def _pinned(channels: Channels, macs: Mapping[str, int]) -> Dict[str, Any]:
    """Lists the pins, and what each costs; channels that several pins hold count for every one of them."""
    cost = _cost_by_class(channels, macs)
    pinned: List[Dict[str, Any]] = []
    together: Dict[Tuple[str, str], List[Tuple[str, np.ndarray]]] = {}
    for pin in channels.pins:
        if pin.reason:
            classes = np.unique(channels.labels[pin.ids])
            pinned.append({'operation': pin.operation, 'node': pin.node, 'reason': pin.reason,
                           'channels': int(classes.size), 'macs': int(round(cost[classes].sum()))})
            together.setdefault((pin.operation, pin.reason), []).append((pin.node, classes))
    reasons = [_reason(operation, reason, pins, cost) for (operation, reason), pins in together.items()]
    return {'pinned': pinned, 'reasons': sorted(reasons, key=lambda each: -each['macs'])}


def _reason(operation: str, reason: str, pins: List[Tuple[str, np.ndarray]], cost: np.ndarray) -> Dict[str, Any]:
    classes = np.unique(np.concatenate([each for _, each in pins]))
    nodes = list(dict.fromkeys(node for node, _ in pins))
    return {'operation': operation, 'reason': reason, 'nodes': nodes, 'channels': int(classes.size),
            'macs': int(round(cost[classes].sum()))}


def _cost_by_class(channels: Channels, macs: Mapping[str, int]) -> np.ndarray:
    """Returns what it takes to make each channel."""
    cost = np.zeros(channels.labels.size + 1)
    for seen in channels.produced + channels.depthwise:
        np.add.at(cost, channels.labels[seen.ids.ravel()], macs.get(seen.node, 0) / seen.ids.size)
    return cost
