"""The arguments that say which examples a calibration run takes."""

import argparse
from typing import Optional

from ..activations import Calibration
from . import options


def add_arguments(parser: 'argparse._ActionsContainer', what: str) -> None:
    """Adds `--data`, `--count`, `--mean`, `--deviation` and `--batch`.

    Args:
        parser: what gets them.
        what: what the examples are for.
    """
    parser.add_argument('--data', metavar='PATH', help='%s: .npy, .npz, IDX, TFRecord, or a folder of pictures' % what)
    parser.add_argument('--count', type=int, default=512, metavar='N',
                        help='how many examples, spread evenly (default: %(default)s)')
    options.add_scaling(parser)
    parser.add_argument('--batch', type=int, default=32, metavar='N',
                        help='examples at once, where the model leaves that open (default: %(default)s)')


def parse(args: argparse.Namespace) -> Optional[Calibration]:
    """Returns the examples asked for, None where there are none.

    Raises:
        OptionError: a number is out of its range, or none.
    """
    if args.data is None:
        return None
    found = Calibration(args.data, args.count, options.parse_scaling(args), args.batch)
    found.check()
    return found
