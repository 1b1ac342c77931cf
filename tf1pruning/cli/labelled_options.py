"""The arguments that say which labelled examples a model is evaluated on."""

import argparse
from typing import TYPE_CHECKING

from ..errors import OptionError
from . import options

if TYPE_CHECKING:
    from ..evaluation import Labelled
    from ..model.model import Model


def add_labelled(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Adds `--data`, which may have to be given, `--count`, `--mean`, `--deviation` and `--batch`."""
    group = parser.add_argument_group('labelled examples')
    group.add_argument('--data', required=required, metavar='PATH',
                       help='an IDX file with its labels beside it, TFRecords, a folder with a folder of pictures for '
                            'each class, or .npz with an array for each input and labels')
    group.add_argument('--count', type=int, metavar='N', help='at most so many, spread evenly (default: all)')
    options.add_scaling(group)
    group.add_argument('--batch', type=int, default=250, metavar='N', help='how many are run at once (default: '
                                                                           '%(default)s)')


def read_labelled(args: argparse.Namespace, model: 'Model') -> 'Labelled':
    """Reads the examples that the arguments name.

    Args:
        args: the arguments.
        model: in inference form.

    Raises:
        OptionError: a number is out of its range.
        DataError: the files are missing, damaged or empty, or do not fit.
    """
    from ..calibration import inputs_of
    from ..evaluation import load_labelled
    for name in ('count', 'batch'):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise OptionError('--%s %d: it must be at least 1' % (name, value))
    return load_labelled(args.data, inputs_of(model), args.count, options.parse_scaling(args))
