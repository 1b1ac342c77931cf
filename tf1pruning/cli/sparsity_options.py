"""The arguments that say which weights become zero."""

import argparse

from ..sparsity import SparsitySelection, parse_structure
from ..sparsity.structure import STRUCTURES
from . import options


def add_sparsity(parser: argparse.ArgumentParser) -> None:
    """Adds what chooses weights."""
    amount = parser.add_argument_group('how sparse').add_mutually_exclusive_group()
    amount.add_argument('--sparsity', type=float, metavar='S', help='fraction of zeros of every tensor, in [0, 1)')
    amount.add_argument('--levels', metavar='FILE', help='YAML with a fraction for each tensor that takes part: '
                                                         '{levels: {conv1/kernel: 0.5}}')
    what = parser.add_argument_group('which weights')
    what.add_argument('--structure', default='unstructured', metavar='NAME', help='what becomes zero together: ' + '; '
                      .join('%s: %s' % each for each in STRUCTURES.items()) + ' (default: %(default)s)')
    what.add_argument('--global', action='store_true', dest='together',
                      help='weights of all tensors compete, and --sparsity is of all of them')
    what.add_argument('--tensors', default='', metavar='NAME[,NAME]', help='weight tensors, or scopes of them, that '
                      'take part; without it all but depthwise kernels, which have to be named')
    what.add_argument('--exclude', default='', metavar='NAME[,NAME]', help='tensors or scopes to leave alone')


def parse_sparsity(args: argparse.Namespace) -> SparsitySelection:
    """Understands the arguments.

    Raises:
        OptionError: nothing says how sparse, or something is out of its range.
    """
    from ..levels import load_levels
    levels = load_levels(args.levels) if args.levels is not None else None
    selection = SparsitySelection(args.sparsity, levels, parse_structure(args.structure), args.together,
                                  options.parse_names(args.tensors), options.parse_names(args.exclude))
    selection.check()
    return selection
