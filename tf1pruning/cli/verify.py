"""`tf1pruning verify`."""

import argparse
import json

from . import options

EXAMPLES = """  tf1pruning verify out/Pruned_Dir/model.ckpt-200 out/Stripped_Dir/model.ckpt-200 --outputs logits
  tf1pruning verify out/Stripped_Dir/model.ckpt-200 out/Stripped_Dir/modify.pb --outputs logits --tolerance 1e-6
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    options.add_model(parser, 'a')
    options.add_model(parser, 'b')
    options.add_graph_options(parser)
    parser.add_argument('--tolerance', type=float, default=1e-5, help='largest relative difference allowed '
                                                                      '(default: %(default)s)')
    parser.add_argument('--seed', type=int, default=7, help='for the random inputs (default: %(default)s)')
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Compares and prints the difference."""
    from ..passes.to_inference import to_inference
    from ..verify import verify
    first, second = (to_inference(options.present(options.read_model(args, path))) for path in (args.a, args.b))
    difference = verify(first, second, tolerance=args.tolerance, seed=args.seed)
    if args.json:
        print(json.dumps(difference._asdict(), indent=1))
    else:
        print('equal: largest difference %.1e relative, %.1e absolute (%s)' % (
            difference.relative, difference.absolute, difference.output))
