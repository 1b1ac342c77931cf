"""Arguments that several commands share, and what they mean."""

import argparse
from typing import Dict, List, Optional, Tuple

from ..errors import OptionError
from ..graph.inference import Input, Scalar
from ..model.model import Model

INPUTS_EXAMPLE = "'image=1,224,224,3;mask=1,224,224,1'"


def add_model(parser: argparse.ArgumentParser, name: str = 'model') -> None:
    """Adds the positional MODEL."""
    parser.add_argument(name, metavar=name.upper(), help='checkpoint prefix, folder with a `checkpoint` file, or '
                                                         'frozen .pb')


def add_graph_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--outputs`, `--inputs` and `--feed`."""
    parser.add_argument('--outputs', default='', metavar='NAME[,NAME]', help='output nodes; without them candidates '
                                                                             'are proposed')
    parser.add_argument('--inputs', default='', metavar='NAME=SHAPE[;…]',
                        help='input tensors with their shapes, e.g. %s; the graph is cut there' % INPUTS_EXAMPLE)
    parser.add_argument('--feed', default='', metavar='NAME=VALUE[;…]',
                        help="values of other placeholders, e.g. 'is_training=false;keep_prob=1.0'")


def add_choice_options(parser: argparse.ArgumentParser) -> None:
    """Adds what chooses channels: `--scopes`, `--threshold`, `--ratio`, `--criterion`, `--align`."""
    parser.add_argument('--scopes', default='all', metavar='blocks|all|NAME[,NAME]',
                        help='what to prune: the insides of inverted-residual and SE blocks, everything, or blocks by '
                             'name (default: %(default)s)')
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument('--threshold', type=float, help='prune channels with a score above this, in (0, 1]')
    amount.add_argument('--ratio', type=float, help='prune this part of every group, in [0, 1]')
    parser.add_argument('--criterion', default='redundancy', choices=['redundancy', 'l1'],
                        help='what scores channels (default: %(default)s)')
    parser.add_argument('--align', type=int, default=4, help='what remains of a group is a multiple of this '
                                                             '(default: %(default)s)')


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--output` and `--force`."""
    parser.add_argument('--output', required=True, metavar='DIR', help='folder for the results')
    parser.add_argument('--force', action='store_true', help='replace an earlier result')


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds `--json`."""
    parser.add_argument('--json', action='store_true', help='print JSON for programs')


def parse_inputs(text: str) -> Dict[str, Input]:
    """Parses `'a=1,32,32,3;b'`; `?` or -1 is an unknown size.

    Raises:
        OptionError: the text is not of this form.
    """
    found: Dict[str, Input] = {}
    for part in _parts(text):
        name, equals, sizes = part.partition('=')
        shape: Optional[Tuple[Optional[int], ...]] = None
        if equals:
            try:
                shape = tuple(None if size.strip() in ('?', '-1', 'None') else int(size)
                              for size in sizes.split(',') if size.strip())
            except ValueError:
                raise OptionError('--inputs: %r is not NAME=SIZE,SIZE,… (like %s)' % (part, INPUTS_EXAMPLE)) from None
            if any(size is not None and size < 1 for size in shape):
                raise OptionError('--inputs: %r has a size below 1' % part)
        found[name.strip()] = Input('', shape)
    return found


def parse_feeds(text: str) -> Dict[str, Scalar]:
    """Parses `'is_training=false;keep_prob=1.0'`.

    Raises:
        OptionError: the text is not of this form.
    """
    found: Dict[str, Scalar] = {}
    for part in _parts(text):
        name, equals, value = part.partition('=')
        if not equals:
            raise OptionError('--feed: %r is not NAME=VALUE' % part)
        found[name.strip()] = _scalar(value.strip(), part)
    return found


def _scalar(value: str, part: str) -> Scalar:
    if value.lower() in ('true', 'false'):
        return value.lower() == 'true'
    try:
        return int(value)
    except ValueError:
        pass
    try:
        return float(value)
    except ValueError:
        raise OptionError('--feed: %r is neither a number nor true or false' % part) from None


def _parts(text: str) -> List[str]:
    return [part.strip() for part in text.split(';') if part.strip()]


def parse_names(text: str) -> Tuple[str, ...]:
    """Splits names at commas."""
    return tuple(name.strip() for name in text.split(',') if name.strip())


def read_model(args: argparse.Namespace, path: Optional[str] = None) -> Model:
    """Reads the model that the arguments name.

    Raises:
        OptionError: no outputs are given; the message proposes some.
    """
    from ..graph.inference import find_outputs
    from ..model.load import load_model
    model = load_model(path or args.model, parse_names(args.outputs), parse_inputs(args.inputs),
                       parse_feeds(args.feed))
    if not model.outputs:
        candidates = find_outputs(model.graph)
        raise OptionError('name the outputs with --outputs; candidates: %s' % (', '.join(candidates[:8]) or 'none'))
    for name in model.outputs:
        model.view.require(name, 'output node')
    return model


def check_amount(args: argparse.Namespace, or_plan: bool = False) -> None:
    """Checks what says how much to prune, before TensorFlow is imported.

    Raises:
        OptionError: nothing does, or it is out of its range.
    """
    if or_plan and args.plan:
        if args.threshold is not None or args.ratio is not None:
            raise OptionError('--plan says what to prune: leave out --threshold and --ratio')
        return
    if args.threshold is None and args.ratio is None:
        raise OptionError('say how much to prune: --threshold 0.6, or --ratio 0.5%s' % (
            ', or --plan FILE' if or_plan else ''))
    if args.threshold is not None and not 0 < args.threshold <= 1:
        raise OptionError('--threshold %g is outside (0, 1]' % args.threshold)
    if args.ratio is not None and not 0 <= args.ratio <= 1:
        raise OptionError('--ratio %g is outside [0, 1]' % args.ratio)


def model_path(path: str) -> str:
    """Returns a checkpoint's prefix, or the path of a `.pb`."""
    from ..model.checkpoint import resolve_prefix
    return path if path.endswith('.pb') else resolve_prefix(path)


def present(model: Model) -> Model:
    """Drops feeds of placeholders that a model does not have: `verify` gives both models the same."""
    feeds = {name: value for name, value in model.feeds.items()
             if model.view.op(name.split(':')[0]).startswith('Placeholder')}
    return model.replace(feeds=feeds)
