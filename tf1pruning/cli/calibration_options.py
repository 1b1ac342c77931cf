"""The arguments that say which examples a calibration run takes."""

import argparse
from typing import Optional, Tuple

from ..activations import Calibration
from ..calibration import Scaling
from ..errors import OptionError


def add_arguments(parser: 'argparse._ActionsContainer', what: str) -> None:
    """Adds `--data`, `--count`, `--mean`, `--deviation` and `--batch`.

    Args:
        parser: what gets them.
        what: what the examples are for.
    """
    parser.add_argument('--data', metavar='PATH', help='%s: .npy, .npz, IDX, TFRecord, or a folder of pictures' % what)
    parser.add_argument('--count', type=int, default=512, metavar='N',
                        help='how many examples, spread evenly (default: %(default)s)')
    parser.add_argument('--mean', default='0', metavar='X[,X,X]',
                        help='the model takes (pixel - mean) / deviation, one number or one for each channel '
                             '(default: %(default)s)')
    parser.add_argument('--deviation', default='255', metavar='X[,X,X]', help='see --mean (default: %(default)s)')
    parser.add_argument('--batch', type=int, default=32, metavar='N',
                        help='examples at once, where the model leaves that open (default: %(default)s)')


def parse(args: argparse.Namespace) -> Optional[Calibration]:
    """Returns the examples asked for, None where there are none.

    Raises:
        OptionError: a number is out of its range, or none.
    """
    if args.data is None:
        return None
    found = Calibration(args.data, args.count, Scaling(_numbers('--mean', args.mean), _numbers(
        '--deviation', args.deviation)), args.batch)
    found.check()
    return found


def _numbers(flag: str, text: str) -> Tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(','))
    except ValueError:
        raise OptionError('%s: %r is not a number, or numbers separated by commas' % (flag, text)) from None
