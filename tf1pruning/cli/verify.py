"""`tf1pruning verify`."""

import argparse
import json

from ..errors import OptionError
from . import options

EXAMPLES = """  tf1pruning verify out/Pruned_Dir/model.ckpt-200 out/Stripped_Dir/model.ckpt-200 --outputs logits
  tf1pruning verify out/Stripped_Dir/model.ckpt-200 out/Stripped_Dir/modify.pb --outputs logits --tolerance 1e-6
"""
JSON = """
exit code: 0 where the models are equal, 1 where they differ, 2 for a mistake

--json prints:
  equal                relative <= tolerance
  relative, absolute   largest difference; null where shapes differ or a number is not finite
  output               the output where the relative difference is largest
  tolerance            the one asked for
  first_node           the first node that differs, or null
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


def run(args: argparse.Namespace) -> int:
    """Compares and prints the difference; returns 1 where the models differ."""
    from .. import verify
    from ..pipeline import runnable_part
    if not 0 <= args.tolerance < float('inf'):
        raise OptionError('--tolerance %g must be a number from 0' % args.tolerance)
    if not 0 <= args.seed < 2 ** 32:
        raise OptionError('--seed %d is outside 0 … 4294967295' % args.seed)
    models = [options.read_model(args, path) for path in (args.a, args.b)]
    options.check_feeds(*models)
    first, second = (runnable_part(options.present(model)) for model in models)
    inputs = verify.random_inputs(first, args.seed)
    for name in sorted(set(verify.random_inputs(second)) - set(inputs)):
        raise OptionError('%s also needs placeholder %s: give it a value with --feed, or name another tensor with '
                          '--inputs' % (args.b, name[:-2]))
    difference = verify.difference_of(first, second, inputs)
    equal = difference.relative <= args.tolerance
    node = None if equal else verify.first_difference(first, second, inputs, args.tolerance)
    if args.json:
        finite = {key: value if value != float('inf') else None for key, value in difference._asdict().items()}
        print(json.dumps(dict(finite, equal=equal, tolerance=args.tolerance, first_node=node[0] if node else None),
                         indent=1))
    elif equal:
        print('equal: largest difference %.1e relative, %.1e absolute (%s)' % difference)
    else:
        print('different: output %r by %.2e relative, %.2e absolute%s' % (
            difference.output, difference.relative, difference.absolute,
            '; the first node that differs is %s (%s)' % node if node else ''))
    return 0 if equal else 1
