"""Arguments that several commands share, and what they mean."""

import argparse
import json
import os
import re
import sys
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from ..calibration.scaling import Scaling
from ..errors import NameNotFoundError, NothingToPruneError, OptionError
from ..graph.endpoints import find_outputs, find_placeholders, likely_outputs
from ..graph.inference import Input, Scalar
from ..graph.shapes import Shape, first_line
from ..graph.view import TensorName, parse_tensor
from ..model.model import Model
from ..tf1 import tf

MAP_EXAMPLE = "'IteratorGetNext:0=input:1,32,32,3'"
INPUTS_EXAMPLE = "'image=1,224,224,3;mask=1,224,224,1'"
_TENSOR = re.compile(r'[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*(:\d+)?$')


def add_model(parser: argparse.ArgumentParser, name: str = 'model') -> None:
    """Adds the positional MODEL."""
    parser.add_argument(name, metavar=name.upper(), help='checkpoint prefix, folder with a `checkpoint` file, '
                                                         'frozen .pb, or folder of a SavedModel')


def add_graph_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--outputs`, `--inputs` and `--feed`."""
    parser.add_argument('--outputs', default='', metavar='NAME[,NAME]', help='output nodes; without them candidates '
                                                                             'are proposed')
    parser.add_argument('--inputs', default='', metavar='NAME=SHAPE[;…]',
                        help='input tensors with their shapes, e.g. %s; the graph is cut there' % INPUTS_EXAMPLE)
    parser.add_argument('--feed', default='', metavar='NAME=VALUE[;…]',
                        help="values of other placeholders, e.g. 'is_training=false;keep_prob=1.0'")
    parser.add_argument('--op-library', default='', metavar='FILE[,FILE]',
                        help='shared libraries with operations of your own that the graph needs')


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Adds `--output` and `--force`."""
    parser.add_argument('--output', required=True, metavar='DIR', help='folder for the results')
    parser.add_argument('--force', action='store_true', help='replace an earlier result')


def add_scaling(parser: argparse._ActionsContainer) -> None:
    """Adds `--mean` and `--deviation`."""
    parser.add_argument('--mean', default='0', metavar='X[,X,X]',
                        help='the model takes (pixel - mean) / deviation, one number or one for each channel '
                             '(default: %(default)s)')
    parser.add_argument('--deviation', default='255', metavar='X[,X,X]', help='see --mean (default: %(default)s)')


def add_json(parser: argparse.ArgumentParser) -> None:
    """Adds `--json`."""
    parser.add_argument('--json', action='store_true', help='print JSON for programs')


def parse_scaling(args: argparse.Namespace) -> Scaling:
    """Understands `--mean` and `--deviation`.

    Raises:
        OptionError: one is not numbers.
    """
    return Scaling(_numbers('--mean', args.mean), _numbers('--deviation', args.deviation))


def _numbers(flag: str, text: str) -> Tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(','))
    except ValueError:
        raise OptionError('%s: %r is not a number, or numbers separated by commas' % (flag, text)) from None


def parse_inputs(text: str) -> Dict[str, Input]:
    """Parses `'a=1,32,32,3;b'`; `?` or -1 is an unknown size.

    Raises:
        OptionError: the text is not of this form.
    """
    form = '--inputs: %r is not NAME=SIZE,SIZE,… (like ' + INPUTS_EXAMPLE + ')'
    return {name: Input('', _shape(sizes, form % part) if equals else None)
            for name, equals, sizes, part in _pairs(text, form)}


def parse_tensors_map(text: str) -> Dict[str, Tuple[str, Optional[Shape]]]:
    """Parses `'IteratorGetNext:0=input:1,32,32,3;…'`: tensor → name and shape of the placeholder for it.

    Raises:
        OptionError: the text is not of this form.
    """
    form = '--input_tensors_map: %r is not TENSOR=PLACEHOLDER:SIZE,SIZE,… (like ' + MAP_EXAMPLE + ')'
    found: Dict[str, Tuple[str, Optional[Shape]]] = {}
    for tensor, _, value, part in _pairs(text, form):
        name, colon, sizes = value.partition(':')
        if not _TENSOR.match(name.strip()):
            raise OptionError(form % part)
        found[tensor] = name.strip(), _shape(sizes, form % part) if colon else None
    return found


def _pairs(text: str, form: str) -> Iterator[Tuple[str, str, str, str]]:
    """Yields tensor, equals sign, what follows it, and all three together."""
    seen: Set[TensorName] = set()
    for part in _parts(text):
        name, equals, value = (piece.strip() for piece in part.partition('='))
        if not _TENSOR.match(name) or (equals and not value):
            raise OptionError(form % part)
        if parse_tensor(name) in seen:
            raise OptionError('input %s is named twice' % name)
        seen.add(parse_tensor(name))
        yield name, equals, value, part


def _shape(sizes: str, problem: str) -> Shape:
    try:
        shape = tuple(None if size.strip() in ('?', '-1', 'None') else int(size) for size in sizes.split(','))
    except ValueError:
        raise OptionError(problem) from None
    if any(size is not None and size < 1 for size in shape):
        raise OptionError(problem + ': a size is below 1; an unknown one is ?')
    return shape


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


def parse_scopes(text: str, flag: str = '--scopes') -> Tuple[str, ...]:
    """Splits `--scopes`, or another flag of the same form.

    Raises:
        OptionError: it is empty, or `all` or `blocks` among names.
    """
    names = parse_names(text)
    if not names:
        raise OptionError('%s is empty: say all, blocks, or names of blocks' % flag)
    for word in ('all', 'blocks'):
        if word in names and len(names) > 1:
            raise OptionError('%s: %s stands alone' % (flag, word))
    return names


def read_model(args: argparse.Namespace, path: Optional[str] = None, look_only: bool = False) -> Model:
    """Reads the model that the arguments name.

    Args:
        args: the arguments.
        path: another model than the one they name.
        look_only: it is not to be changed: then a `.meta` without its checkpoint will do, and where no outputs are
            named, the likeliest are taken.

    Raises:
        OptionError: no outputs are given; the message proposes some.
        NameNotFoundError: the graph lacks a name; the message says what it has.
    """
    from ..model.load import load_model
    for library in parse_names(args.op_library):
        load_operations(library)
    model = load_model(path or args.model, _unique(parse_names(args.outputs)), parse_inputs(args.inputs),
                       parse_feeds(args.feed), look_only)
    if not model.outputs and look_only:
        model = model.replace(outputs=tuple(likely_outputs(model.graph)))
        print('outputs: %s (others with --outputs)' % _some(model.outputs), file=sys.stderr)
    if not model.outputs:
        raise OptionError('name the outputs with --outputs; candidates: %s' % _some(find_outputs(model.graph)))
    for name in model.outputs:
        if parse_tensor(name).node not in model.view:
            raise NameNotFoundError.closest('output node', name, model.view.nodes,
                                            'candidates: ' + _some(find_outputs(model.graph)))
    for name in model.inputs:
        if parse_tensor(name).node not in model.view:
            raise NameNotFoundError.closest('input node', name, model.view.nodes,
                                            'placeholders: ' + _some(find_placeholders(model.graph)))
    return model


def load_operations(path: str) -> None:
    """Loads a shared library with operations.

    Raises:
        OptionError: it is not there, or TensorFlow cannot load it.
    """
    if not os.path.isfile(path):
        raise OptionError('--op-library: no file %s' % path)
    try:
        tf.load_op_library(os.path.abspath(path))
    except (tf.errors.OpError, RuntimeError) as error:
        raise OptionError('--op-library: TensorFlow %s cannot load %s: %s'
                          % (tf.__version__, path, first_line(error))) from error


def check_feeds(*models: Model) -> None:
    """Checks that what is fed is in one of some models.

    Raises:
        NameNotFoundError: it is in none; the message names the placeholders.
    """
    placeholders = sorted({node.name for model in models for node in model.graph.node
                           if node.op.startswith('Placeholder') and node.attr['dtype'].type != tf.string})
    for name in models[0].feeds:
        if not any(parse_tensor(name).node in model.view for model in models):
            raise NameNotFoundError.closest('placeholder', name, placeholders, 'placeholders: ' + _some(placeholders))


def _some(names: Sequence[str]) -> str:
    return ', '.join(names[:8]) or 'none'


def _unique(names: Iterable[str]) -> Tuple[str, ...]:
    """Leaves out what is named twice, as `x` and `x:0` for instance."""
    found: Dict[TensorName, str] = {}
    for name in names:
        found.setdefault(parse_tensor(name), name)
    return tuple(found.values())


def present(model: Model) -> Model:
    """Drops feeds of placeholders that a model does not have: `verify` gives both models the same."""
    feeds = {name: value for name, value in model.feeds.items()
             if model.view.op(name.split(':')[0]).startswith('Placeholder')}
    return model.replace(feeds=feeds)


def say_written(report: Mapping[str, Any], table: Callable[[Mapping[str, Any]], str], args: argparse.Namespace) -> None:
    """Prints the report of a command that wrote a model, for people or for programs."""
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        print(table(report))
        print('written to %s' % os.path.join(args.output, report['path']))


def say_nothing(nothing: NothingToPruneError, as_json: bool) -> None:
    """Prints the report of a command that found nothing to prune, and so wrote nothing."""
    report = {'groups': 0, 'channels': {'before': 0, 'after': 0}, 'note': str(nothing)}
    if as_json:
        print(json.dumps(report, indent=1))
    print_note(report)


def print_note(report: Mapping[str, Any]) -> None:
    """Prints a report's `note` on standard error, where it has one."""
    if 'note' in report:
        print('note: %s' % report['note'], file=sys.stderr)
