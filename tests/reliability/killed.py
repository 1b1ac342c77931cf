"""Kills a command wherever it changes something on disk: `python -m tests.reliability.killed SCENARIO DIR [EVERY]`.

The folder holds `net` and `soft` (`scenarios.make_models`). Every run is a process of its own; this one only forks, and
so never uses TensorFlow itself.
"""

import contextlib
import functools
import os
import shutil
import signal
import sys
import traceback
from typing import Any, Callable, Dict, List, Optional, Tuple

from tests.cli.conftest import contents
from tests.reliability.scenarios import SCENARIOS, Scenario
from tf1pruning import abandoned, files
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.tf1 import quiet, use_tf1_behavior

_CALLS = {'write', 'close', 'flush', 'replace', 'rename', 'mkdir', 'unlink', 'rmdir', 'remove', 'chmod', 'link', 'open',
          'scandir', 'listdir', 'lstat', 'stat', 'flock'}
_VARYING = ('report.json', 'history.json', 'history.csv', 'loop.json', 'loop.png')
"""Files that hold seconds."""
_BUFFER_BYTES = 2048
"""So small that files are written in pieces."""
Contents = Dict[str, Optional[bytes]]


class _Killer:
    """Ends the process when it has changed what is on disk for the nth time."""

    def __init__(self, place: int) -> None:
        self._left, self._seen = place, _traces()

    def __call__(self, frame: Any, event: str, function: Any) -> None:
        """Looks whenever a function that has to do with files is called, or comes back."""
        if event not in ('c_call', 'c_return') or getattr(function, '__name__', '') not in _CALLS:
            return
        sys.setprofile(None)
        now = _traces()
        if now != self._seen:
            self._left, self._seen = self._left - 1, now
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.setprofile(self)


def _traces() -> List[Tuple[Any, ...]]:
    found = []
    for root, folders, names in os.walk('.'):
        for name in folders + names:
            with contextlib.suppress(OSError):
                state = os.lstat(os.path.join(root, name))
                found.append((root, name, state.st_ino, state.st_size, state.st_mtime_ns))
    return sorted(found)


def in_fork(action: Callable[[], Any]) -> int:
    """Runs something in a process of its own; returns 0, 1 where it raised, or the signal that ended it, negative."""
    child = os.fork()
    if not child:
        try:
            action()
        except BaseException:  # the exit code says it
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _killed(scenario: Scenario, place: int) -> None:
    files._BUFFER_BYTES = _BUFFER_BYTES
    sys.setprofile(_Killer(place))
    scenario.run()
    sys.setprofile(None)


def _again(scenario: Scenario) -> None:
    """The same command, a while later."""
    abandoned._YOUNG_SECONDS = -1
    scenario.run()


def _of(path: str) -> Contents:
    """Returns what a result is: everything in a folder, or the bytes of a file."""
    if os.path.isdir(path):
        return {name: b'' if os.path.basename(name) in _VARYING else content
                for name, content in contents(path).items()}
    if not os.path.exists(path):
        return {}
    with open(path, 'rb') as stream:
        return {'': stream.read()}


def _require_readable() -> None:
    """Reads all the values of every checkpoint."""
    for root, _, names in os.walk('out'):
        for name in names:
            if name.endswith('.index') and abandoned.MARK not in root:
                model = load_checkpoint(os.path.join(root, name))
                assert all(model.weights[each].size for each in model.weights)


def kill_everywhere(name: str, every: int = 1) -> Tuple[int, List[str]]:
    """Kills a scenario at every change on disk, or at some of them, looks, and runs it again.

    Args:
        name: of the scenario.
        every: at every how manyth change.

    Returns:
        How many places there were, and what was wrong.
    """
    scenario, wrong, place = SCENARIOS[name], [], 1
    states = _states(scenario)
    while True:
        shutil.rmtree('work', ignore_errors=True)
        shutil.copytree('before', 'work')
        os.chdir('work')
        code = in_fork(functools.partial(_killed, scenario, place))
        found = [_of(path) for path in scenario.results]
        wrong.extend('%s is neither old nor new after %d: %s' % (path, place, sorted(state))
                     for path, state, known in zip(scenario.results, found, states) if state not in known)
        if code == 0:
            os.chdir('..')
            return place, wrong
        if code != -signal.SIGKILL or in_fork(_require_readable):
            wrong.append('after %d: exit code %d, or something cannot be read' % (place, code))
        if in_fork(lambda: _again(scenario)):
            wrong.append('after %d the second run fails' % place)
        if [_of(path) for path in scenario.results] != [known[1] for known in states]:
            wrong.append('after %d the second run gives something else' % place)
        left = [each for each in contents('.') if abandoned.MARK in each]
        wrong.extend('after %d there is still %s' % (place, each) for each in left[:1])
        os.chdir('..')
        place += every


def _states(scenario: Scenario) -> List[Tuple[Contents, Contents]]:
    """Makes the earlier result and the new one; returns both, for every part of it."""
    os.mkdir('before')
    for model in ('net', 'soft'):
        shutil.copytree(model, os.path.join('before', model))
    both = []
    for folder, action in (('before', scenario.before), ('after', scenario.run)):
        if folder == 'after':
            shutil.copytree('before', folder)
        os.chdir(folder)
        assert in_fork(action) == 0
        both.append([_of(path) for path in scenario.results])
        os.chdir('..')
    return list(zip(*both))


if __name__ == '__main__':
    quiet()
    use_tf1_behavior()
    os.chdir(sys.argv[2])
    sys.stdout = sys.stderr
    places, problems = kill_everywhere(sys.argv[1], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    print('\n'.join(problems))
    print('%s: killed in %d places, %d wrong' % (sys.argv[1], places - 1, len(problems)))
    sys.exit(1 if problems else 0)
