"""`tf1pruning export`."""

import argparse
import os

from . import options

EXAMPLES = """  tf1pruning export model.ckpt-200 --outputs logits --output model.pb
  tf1pruning export model.ckpt-200 --outputs logits --output model.pb --fold
  tf1pruning export train_dir --outputs logits --inputs 'IteratorGetNext=1,32,32,3' --output model.pb
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser)
    parser.add_argument('--output', required=True, metavar='FILE', help='the frozen graph to write')
    parser.add_argument('--fold', action='store_true', help='fold batch norms into the layers before them, and leave '
                        'out what only passes values on')
    parser.add_argument('--force', action='store_true', help='replace an earlier file')
    options.add_graph_options(parser)


def run(args: argparse.Namespace) -> None:
    """Freezes the inference graph."""
    from ..errors import OutputError
    from ..exports.frozen import export_frozen
    from ..pipeline import forward_part
    if os.path.isdir(args.output) or not os.path.basename(args.output):
        raise OutputError('%s is a folder: name a file' % (args.output or "''"))
    if os.path.exists(args.output) and not args.force:
        raise OutputError('%s exists: choose another file, or replace it with --force' % args.output)
    model = options.read_model(args)
    options.check_feeds(model)
    difference = export_frozen(forward_part(model), args.output, args.fold)
    print('%s: %s bytes%s' % (args.output, f'{os.path.getsize(args.output):,}', '' if difference is None else (
        ', folded; largest difference %.1e relative' % difference.relative)))
