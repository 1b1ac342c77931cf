"""`tf1pruning inspect`."""

import argparse
import json
from typing import Any, Mapping, Optional, Sequence

from . import options

EXAMPLES = """  tf1pruning inspect model.ckpt-200 --outputs logits
  tf1pruning inspect model.ckpt-200.meta
  tf1pruning inspect train_dir --outputs logits --inputs 'IteratorGetNext=1,32,32,3' --json
"""
JSON = """
--json prints:
  model, nodes, parameters, macs   the inference graph (macs for one example)
  groups                           for each: name, kind, channels, parameters, macs
  pinned                           what cannot be pruned, for each: operation, node, reason, channels, macs (of making
                                   these channels)
  reasons                          the same by operation and reason, the dearest first: nodes, channels, macs
"""
_SHOWN = 12
_WIDTH = 60
"""Of a node's name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    options.add_graph_options(parser)
    parser.add_argument('--all', action='store_true', help='show every group, not only the largest')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Analyses and prints."""
    from ..channels import analyse
    from ..pipeline import forward_part
    from ..report.inspection import inspect_channels
    model = options.read_model(args, look_only=True)
    options.check_feeds(model)
    found = inspect_channels(analyse(forward_part(model)))
    print(json.dumps(found, indent=1) if args.json else _text(found, None if args.all else _SHOWN))


def _text(found: Mapping[str, Any], limit: Optional[int]) -> str:
    from ..report.table import format_table
    lines = ['{model}: {nodes:,} nodes, {parameters:,} parameters, {macs:,} MACs'.format(**found)]
    groups = sorted(found['groups'], key=lambda group: -group['macs'])[:limit]
    channels = sum(group['channels'] for group in found['groups'])
    if not groups:
        lines.append('no channels can be pruned')
    else:
        lines.append('%d groups with %s channels can be pruned%s' % (
            len(found['groups']), f'{channels:,}',
            '; the %d largest (all: --all):' % len(groups) if len(groups) < len(found['groups']) else ':'))
        lines.append(format_table(['group', 'kind', 'channels', 'parameters', 'MACs around'], [
            [group['name'], group['kind'], group['channels'], group['parameters'], group['macs']] for group in groups]))
    dear = [reason for reason in found['reasons'] if reason['macs'] or limit is None][:limit]
    if dear:
        lines.append('not prunable, with the MACs of the layers that make these channels:')
        lines.append(format_table(['operation', 'channels', 'MACs', 'reason', 'nodes'], [
            [reason['operation'], reason['channels'], reason['macs'], reason['reason'], _first(reason['nodes'])]
            for reason in dear]))
    if len(dear) < len(found['reasons']):
        lines.append('and %d reasons that cost less or nothing (all: --all)' % (len(found['reasons']) - len(dear)))
    return '\n'.join(lines)


def _first(nodes: Sequence[str]) -> str:
    name = nodes[0] if len(nodes[0]) <= _WIDTH else '…' + nodes[0][1 - _WIDTH:]
    return name if len(nodes) == 1 else '%s and %d more' % (name, len(nodes) - 1)
