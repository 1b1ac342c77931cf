"""What the programs share: a user's mistake is one line on standard error and exit code 2."""

import io
import logging
import os
import signal
import sys
import warnings
from typing import Any, Callable, List, Optional

from absl import app, flags

from ..errors import PruningError, VerificationError
from ..tf1 import quiet

Main = Callable[[Any], int]
_LONGEST = 2000


def guarded(action: Callable[[], Optional[int]], name: str) -> int:
    """Runs a program's work.

    Args:
        action: does the work and returns an exit code; None is 0.
        name: of the program, for the line on standard error.

    Returns:
        What `action` returned, 1 where models differ, 2 for a user's mistake, 130 after an interruption.
    """
    try:
        code = int(action() or 0)
        sys.stdout.flush()
        return code
    except VerificationError as error:
        return fail(name, str(error), 1)
    except PruningError as error:
        return fail(name, str(error), 2)
    except MemoryError:
        return fail(name, 'there is not enough memory for this: give the process more, or take a smaller model', 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return fail(name, 'interrupted; what was there before is there still', 130)


def fail(name: str, message: str, code: int) -> int:
    """Prints one line on standard error, of a length that a person reads, and returns the exit code."""
    line = ' '.join(message.split())
    print('%s: %s' % (name, line if len(line) <= _LONGEST else line[:_LONGEST] + ' …'), file=sys.stderr)
    return code


def start(main: Main, parse: Callable[[List[str]], Any], argv: Optional[List[str]] = None) -> None:
    """Runs a program under absl, without the chatter of TensorFlow and of its libraries.

    Args:
        main: takes what `parse` returns and returns the exit code.
        parse: parses the command line.
        argv: the command line; None means the process's own.
    """
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    if not sys.warnoptions:
        warnings.simplefilter('ignore')
    quiet()
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')
    app.run(lambda parsed: main(_with_plain_log(parsed)), argv=argv, flags_parser=parse)


def parse_flags(argv: List[str]) -> List[str]:
    """Parses absl flags; a mistake is one line and exit code 2, and help is no mistake.

    Returns:
        What is no flag.
    """
    name = os.path.basename(argv[0])
    try:
        rest = flags.FLAGS(argv)
    except flags.Error as error:
        sys.exit(fail(name, '%s (see %s --help)' % (error, name), 2))
    except SystemExit:
        sys.exit(0)
    if len(rest) > 1:
        sys.exit(fail(name, 'unexpected argument %r (see %s --help)' % (rest[1], name), 2))
    return list(rest)


def _with_plain_log(parsed: Any) -> Any:
    """Replaces absl's log format, with its dates and thread numbers."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter('%(levelname)s: %(message)s'))
    logging.getLogger().handlers[:] = [handler]
    logging.getLogger().setLevel(logging.WARNING)
    return parsed


def _terminate(number: int, frame: Any) -> None:
    """Ends the program by an exception, so that temporary files are removed."""
    sys.exit(128 + number)
