"""A process that runs cases one after the other, with a limit of time and of memory: `python -m tests.fuzz.worker`.

It reads a case's number from standard input, and writes how it ended as a line of JSON. A case that ends it, or does
not come back, is what its parent reports.
"""

import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from typing import Any, Callable, Dict

SECONDS = 10
MEMORY_BYTES = 3 << 30
"""What a case may ask for beside what the process has."""
RESIDENT_KB = 1 << 20
"""What a case may really use beside that."""
Case = Callable[[int, int, str], str]


class TooSlowError(BaseException):
    """A case takes longer than it may; not an Exception, so that nobody catches it."""


def _too_slow(number: int, frame: Any) -> None:
    raise TooSlowError


def _limit_memory() -> None:
    with open('/proc/self/statm') as stream:
        have = int(stream.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (have + MEMORY_BYTES, resource.RLIM_INFINITY))


def damaged_input(number: int, seed: int, folder: str) -> str:
    """Makes a case and runs it."""
    from tests.fuzz.cases import make_case, run_case
    return run_case(make_case(number, seed, folder))


def outcome(case: Case, number: int, seed: int, folder: str, seconds: int) -> Dict[str, Any]:
    """Runs a case in a folder of its own; the folder stays where it did not end well."""
    work, home = tempfile.mkdtemp(prefix='case-'), os.getcwd()
    os.chdir(work)
    before, began = _resident(), time.time()
    found: Dict[str, Any] = {'case': number, 'work': ''}
    signal.alarm(seconds)
    try:
        found['ended'] = case(number, seed, folder)
    except BaseException as error:  # whatever comes out is a finding
        signal.alarm(0)
        lines = traceback.format_exc().splitlines()
        places = [line.strip() for line in lines if line.startswith('  File') and 'tf1pruning' in line]
        found.update(ended='%s: %s' % (type(error).__name__, places[-1] if places else str(error)[:80]), work=work,
                     text='\n'.join(lines[-40:])[-6000:])
    finally:
        signal.alarm(0)
        os.chdir(home)
    if _resident() - before > RESIDENT_KB and not found['work']:
        found.update(ended='uses %d MB' % ((_resident() - before) >> 10), work=work)
    if not found['work']:
        shutil.rmtree(work)
    return dict(found, seconds=round(time.time() - began, 3))


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(case: Case, seed: int, folder: str, seconds: int) -> None:
    """Answers numbers with outcomes until there are no more."""
    answers = os.fdopen(os.dup(1), 'w', buffering=1)
    os.dup2(2, 1)
    signal.signal(signal.SIGALRM, _too_slow)
    _limit_memory()
    answers.write('ready\n')
    for line in sys.stdin:
        answers.write(json.dumps(outcome(case, int(line), seed, folder, seconds)) + '\n')


if __name__ == '__main__':
    module, _, function = sys.argv[1].partition(':')
    from tf1pruning.tf1 import quiet, use_tf1_behavior
    quiet()
    use_tf1_behavior()
    serve(getattr(importlib.import_module(module), function), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
