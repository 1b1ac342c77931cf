"""`tf1pruning COMMAND …`."""

import argparse
import importlib
import sys
from typing import Any, List, NoReturn, Optional, Tuple

from absl.flags import argparse_flags

from .. import __version__
from ..tf1 import tf
from .program import fail, guarded, start

COMMANDS = {
    'inspect': 'show which channels can be pruned and what they cost',
    'prune': 'plan, soft-prune, strip, verify and export in one go, without training',
    'soft-prune': 'set redundant channels to zero, to retrain from',
    'strip': 'remove the channels of a plan',
    'fold': 'let constant and duplicate channels go, into the biases and kernels behind them',
    'decompose': 'replace kernels by low-rank and sparse branches',
    'sensitivity': 'measure what compressing each weight tensor or group of channels alone costs',
    'sparsify': 'set the smallest weights to zero, in a structure or none',
    'cluster': 'give the weights of every tensor few values to share, with proof',
    'pack': 'write weights, entropy-coded, and their graph into one small file',
    'unpack': 'turn a packed file into a checkpoint or a .pb again',
    'verify': 'compare two models element by element',
    'export': 'write .pb, TFLite, ONNX, SavedModel, each compared with the checkpoint',
    'run': 'run a pipeline of a YAML file: passes in order, verification, exports',
    'benchmark': 'measure how long exported files take, side by side',
    'report': 'make one page of what a run has left',
}


class _Parser(argparse_flags.ArgumentParser):  # type: ignore[misc]
    """Answers a mistake with one line instead of the whole usage."""

    def error(self, message: str) -> NoReturn:
        sys.exit(fail(self.prog, '%s (see %s --help)' % (message, self.prog), 2))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Tuple[Any, List[str]]:
        parsed, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error('unknown %s' % ' '.join(rest))
        return parsed, rest


def make_parser() -> argparse.ArgumentParser:
    """Makes the parser; a command's own arguments are in its module."""
    parser = _Parser(prog='tf1pruning', description='Makes TensorFlow 1.x models smaller and proves that nothing else '
                                                    'changed.')
    parser.add_argument('--version', action='version',
                        version='tf1pruning %s, TensorFlow %s' % (__version__, tf.__version__))
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    for name, text in COMMANDS.items():
        module = importlib.import_module('tf1pruning.cli.' + name.replace('-', '_'))
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + '.',
                                  epilog='examples:\n%s%s' % (module.EXAMPLES, getattr(module, 'JSON', '')),
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
    return guarded(lambda: args.run(args), 'tf1pruning')


def run(argv: Optional[List[str]] = None) -> None:
    """Entry point of the console script."""
    start(main, parse, argv)
