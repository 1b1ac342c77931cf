"""`tf1pruning inspect`."""

import argparse
import json
from typing import Any, Mapping, Optional

from . import options

EXAMPLES = """  tf1pruning inspect model.ckpt-200 --outputs logits
  tf1pruning inspect train_dir --outputs logits --inputs 'IteratorGetNext=1,32,32,3' --json
"""
JSON = """
--json prints:
  model, nodes, parameters, macs   the inference graph (macs for one example)
  groups                           for each: name, kind, channels, parameters, macs
  pinned                           what cannot be pruned, for each: operation, node, reason, channels
"""
_SHOWN = 12


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
    model = options.read_model(args)
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
    if found['pinned']:
        lines.append('not prunable:')
        lines.append(format_table(['operation', 'node', 'channels', 'reason'], [
            [pin['operation'], pin['node'], pin['channels'], pin['reason']] for pin in found['pinned'][:limit]]))
    return '\n'.join(lines)
