"""The arguments that say what to prune and how much."""

import argparse

from ..choice import Selection
from ..criteria import COMBINE, CRITERIA, MEASURED
from ..errors import OptionError
from ..ranking import Amount
from . import calibration_options, options

_AMOUNTS = ('threshold', 'ratio', 'macs', 'params', 'bytes')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what chooses channels."""
    what = parser.add_argument_group('what to prune')
    what.add_argument('--scopes', default='all', metavar='blocks|all|NAME[,NAME]',
                      help='the insides of inverted-residual and SE blocks, everything, or blocks by name (default: '
                           '%(default)s)')
    what.add_argument('--exclude', default='', metavar='NAME[,NAME]', help='scopes or groups to leave alone')
    what.add_argument('--criterion', default='redundancy', choices=sorted({**CRITERIA, **MEASURED}),
                      help='what scores channels; %s look at activations on --data (default: %%(default)s)'
                           % ', '.join(MEASURED))
    what.add_argument('--combine', default='mean', choices=sorted(COMBINE),
                      help="what is made of a channel's scores in several kernels (default: %(default)s)")
    examples = parser.add_argument_group('examples')
    calibration_options.add_arguments(examples, 'for criteria that look at activations, and for --reconstruct')
    examples.add_argument('--reconstruct', action='store_true', help='fit the weights that read pruned channels, layer '
                                                                     'by layer, to what each layer put out before')
    amount = parser.add_argument_group('how much').add_mutually_exclusive_group()
    amount.add_argument('--threshold', type=float, help='channels with a score above this, in (0, 1]')
    amount.add_argument('--ratio', type=float, help='this part of every group, in [0, 1]')
    for name, text in (('macs', 'MACs'), ('params', 'parameters'), ('bytes', "weights' bytes")):
        amount.add_argument('--' + name, type=float, help='so much that this part of the %s remains, in (0, 1]' % text)
    limits = parser.add_argument_group('limits')
    limits.add_argument('--together', action='store_true', help='channels of all groups compete; without it every '
                                                                'group gives the same part')
    limits.add_argument('--align', type=int, default=4, help='what remains of a group is a multiple of this (default: '
                                                             '%(default)s)')
    limits.add_argument('--min-channels', type=int, default=1, help='at least so many stay in every group')
    limits.add_argument('--max-ratio', type=float, default=1.0, help='at most this part of a group goes')


def parse(args: argparse.Namespace, or_plan: bool = False) -> Selection:
    """Understands the arguments.

    Args:
        args: the parsed command line.
        or_plan: whether `--plan` may say it all instead.

    Raises:
        OptionError: nothing says how much, or something is out of its range.
    """
    given = {name: getattr(args, name) for name in _AMOUNTS if getattr(args, name) is not None}
    planned = or_plan and args.plan is not None
    if planned and given:
        raise OptionError('--plan says what to prune: leave out --%s' % next(iter(given)))
    if not planned and not given:
        raise OptionError('say how much to prune: --threshold 0.6, --ratio 0.5, or --macs 0.5%s' % (
            ', or --plan FILE' if or_plan else ''))
    target = {{'params': 'parameters'}.get(name, name): value for name, value in given.items()
              if name not in ('threshold', 'ratio')}
    amount = Amount(args.threshold, args.ratio, target or None, args.align, args.min_channels, args.max_ratio,
                    args.together)
    if args.reconstruct and args.data is None:
        raise OptionError('--reconstruct fits weights on examples: give some with --data PATH')
    if not planned:
        amount.check()
        if args.criterion in MEASURED and args.data is None:
            raise OptionError('--criterion %s looks at activations: give examples with --data PATH' % args.criterion)
    return Selection(amount, options.parse_scopes(args.scopes), options.parse_names(args.exclude), args.criterion,
                     args.combine, calibration_options.parse(args), args.reconstruct)
