"""`tf1pruning COMMAND …`."""

import argparse
import importlib
import logging
import os
import sys
from typing import List, Optional

from absl import app
from absl.flags import argparse_flags

from ..errors import PruningError, VerificationError

COMMANDS = {
    'inspect': 'show which channels can be pruned and what they cost',
    'prune': 'plan, soft-prune, strip, verify and export in one go, without training',
    'soft-prune': 'set redundant channels to zero, to retrain from',
    'strip': 'remove the channels of a plan',
    'verify': 'compare two models element by element',
    'export': 'write the frozen inference graph',
}


def make_parser() -> argparse.ArgumentParser:
    """Makes the parser; a command's own arguments are in its module."""
    parser = argparse_flags.ArgumentParser(prog='tf1pruning', description='Makes TensorFlow 1.x models smaller and '
                                                                          'proves that nothing else changed.')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    for name, text in COMMANDS.items():
        module = importlib.import_module('tf1pruning.cli.' + name.replace('-', '_'))
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.',
                                  epilog='examples:\n' + module.EXAMPLES,  # type: ignore[attr-defined]
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
        module.add_arguments(sub)  # type: ignore[attr-defined]
        sub.set_defaults(run=module.run)  # type: ignore[attr-defined]
    return parser


def parse(argv: List[str]) -> argparse.Namespace:
    """Parses the command line; without a command the help is shown."""
    parser = make_parser()
    args = parser.parse_args(argv[1:])
    if args.command is None:
        parser.print_help()
        sys.exit(2)
    return args


def main(args: argparse.Namespace) -> int:
    """Runs a command.

    Returns:
        0, 1 where models differ, 2 for a user's mistake: then one line on standard error says what to do.
    """
    from ..tf1 import quiet
    logging.basicConfig(format='%(levelname)s: %(message)s', level=logging.WARNING, stream=sys.stderr)
    quiet()
    try:
        return int(args.run(args) or 0)
    except VerificationError as error:
        return _fail(error, 1)
    except PruningError as error:
        return _fail(error, 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail(RuntimeError('interrupted; nothing was written'), 130)


def _fail(error: BaseException, code: int) -> int:
    print('tf1pruning: ' + ' '.join(str(error).split()), file=sys.stderr)
    return code


def run(argv: Optional[List[str]] = None) -> None:
    """Entry point of the console script."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    app.run(main, argv=argv, flags_parser=parse)
