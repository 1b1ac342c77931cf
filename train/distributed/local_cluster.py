"""A cluster on this machine: a process for every task, all of them on loopback."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, TextIO

from tf1pruning.errors import OptionError, OutputError

from .machine import CLUSTER

KINDS = ('parameter_server', 'multi_worker_mirrored')
_POLL, _GRACE, _LAST_LINES = 0.1, 10.0, 2.0
"""Seconds between two looks at the processes, for them to end by themselves, and for their last lines to be read."""


class Running(NamedTuple):
    """A process and who prints what it says."""

    process: 'subprocess.Popen[str]'
    printer: threading.Thread


class LocalCluster:
    """Runs a command once for every task of a cluster, with `TF_CONFIG` set; a context that ends what it started.

    Attributes:
        tasks: the processes by the name of their task, such as `worker:0`; a process leads a group of its own.

    Args:
        command: the program and its arguments.
        kind: parameter_server or multi_worker_mirrored.
        workers: how many there are besides the chief.
        servers: how many parameter servers; the other kind has none.
        restarts: how often in all tasks that are killed are started again: the one, or all of mirrored workers, for
            which there is no going on without one.
        output: where the lines go, each behind the name of its task.

    Raises:
        OptionError: a number is out of its range, or there is no command.
    """

    def __init__(self, command: Sequence[str], kind: str = 'parameter_server', workers: int = 2, servers: int = 1,
                 restarts: int = 0, output: TextIO = sys.stdout) -> None:
        servers = servers if kind == 'parameter_server' else 0
        if not command:
            raise OptionError('no command: give it behind --, such as -- python -m train.train --output out')
        if kind not in KINDS:
            raise OptionError('no kind named %r; there are %s' % (kind, ', '.join(KINDS)))
        if workers < 1 or kind == 'parameter_server' and servers < 1:
            raise OptionError('at least one worker, and one server for parameter_server, is needed')
        self.tasks: Dict[str, Running] = {}
        self._command, self._kind, self._left, self._output = list(command), kind, restarts, output
        self._together = kind == 'multi_worker_mirrored'
        self._jobs = {'chief': 1, 'worker': workers, 'ps': servers}
        self._addresses: Mapping[str, List[str]] = {}
        self._ending = False

    def __enter__(self) -> 'LocalCluster':
        self._start_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._end_all()

    def wait(self) -> int:
        """Waits for the chief, and gives the others time to follow it; returns its exit code.

        Where a task that the others need ends before it, that task's exit code is returned, or 1.
        """
        while True:
            for name, running in list(self.tasks.items()):
                code = running.process.poll()
                if code is not None and (code or name == 'chief:0'):
                    ended = self._ended(name, code)
                    if ended is not None:
                        return ended
            time.sleep(_POLL)

    def _ended(self, name: str, code: int) -> Optional[int]:
        """Starts again what can be; returns the exit code of all where that is the end of it."""
        self.tasks[name].printer.join(_LAST_LINES)
        if code == 0:
            self._let_end()
            return 0
        self._say(name, 'ended by %s' % signal.Signals(-code).name if code < 0 else 'ended with exit code %d' % code)
        if code < 0 and self._left > 0:
            self._left -= 1
            if self._together:
                self._end_all()
                self._start_all()
            else:
                self._start(name)
            return None
        if name.startswith('worker') and not self._together:
            del self.tasks[name]
            return None
        return code if code > 0 else 1

    def _let_end(self) -> None:
        deadline = time.time() + _GRACE
        for running in self.tasks.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.0, deadline - time.time()))
                running.printer.join(_LAST_LINES)

    def _start_all(self) -> None:
        names = ['%s:%d' % (job, index) for job, count in self._jobs.items() for index in range(count)]
        self._addresses = _addresses(self._jobs)
        for name in names:
            self._start(name)

    def _start(self, name: str) -> None:
        job, _, index = name.partition(':')
        description = json.dumps({'cluster': self._addresses, 'task': {'type': job, 'index': int(index)}})
        try:
            process = subprocess.Popen(self._command, env=dict(os.environ, **{CLUSTER: description}),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       universal_newlines=True, errors='replace', start_new_session=True)
        except OSError as error:
            raise OutputError('cannot run %s: %s' % (self._command[0], error.strerror)) from error
        printer = threading.Thread(target=self._print, args=(name, process), daemon=True)
        printer.start()
        self.tasks[name] = Running(process, printer)

    def _print(self, name: str, process: 'subprocess.Popen[str]') -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if not self._ending:  # What a process says when it is ended is of no use.
                self._say(name, line.rstrip('\n'))

    def _say(self, name: str, line: str) -> None:
        self._output.write('%s | %s\n' % (name, line))
        self._output.flush()

    def _end_all(self) -> None:
        """Ends the processes and all that they have started."""
        self._ending = True
        for number in (signal.SIGTERM, signal.SIGKILL):
            for running in self.tasks.values():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.process.pid, number)
            for running in self.tasks.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.process.wait(2)
        for running in self.tasks.values():
            running.printer.join(_LAST_LINES)
        self.tasks.clear()
        self._ending = False


def _addresses(jobs: Mapping[str, int]) -> Dict[str, List[str]]:
    """Returns free ports on loopback; they are bound all at once, so that none comes twice."""
    found: Dict[str, List[str]] = {}
    with contextlib.ExitStack() as stack:
        for job, count in jobs.items():
            for _ in range(count):
                bound = stack.enter_context(contextlib.closing(socket.socket()))
                bound.bind(('127.0.0.1', 0))
                found.setdefault(job, []).append('127.0.0.1:%d' % bound.getsockname()[1])
    return found
