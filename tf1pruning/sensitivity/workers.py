"""Trials in several processes: each reads the model for itself and evaluates with one thread."""

import concurrent.futures
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Callable, List, Optional, Sequence

from ..errors import ModelError
from ..evaluation import Labelled, Measured
from ..tf1 import quiet
from .analysis import Alone, Pending, Tried
from .kinds import Kind

Prepare = Callable[[], Kind]
"""Reads the model; it is called in every process, and so must be known by its name."""


class Workers:
    """Processes that try parameters.

    Args:
        count: how many.
        prepare: reads the model.
        labelled: the examples.
        batch: how many are run at once.
    """

    def __init__(self, count: int, prepare: Prepare, labelled: Labelled, batch: int) -> None:
        self._pool = concurrent.futures.ProcessPoolExecutor(
            count, multiprocessing.get_context('spawn'), _begin, (os.getpid(), prepare, labelled, batch))

    def __enter__(self) -> 'Workers':
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        """Waits for the processes; after an error or an interruption, ends them instead."""
        if kind is not None:
            for process in list(self._pool._processes.values()):
                process.terminate()
        self._pool.shutdown()

    def tried(self, pending: Pending) -> Tried:
        """Yields the results of one parameter after the other, as they come.

        Raises:
            ModelError: a process ended, for want of memory for example.
        """
        futures = {self._pool.submit(_try, parameter, list(numbers)): parameter
                   for parameter, numbers in pending.items()}
        try:
            for future in concurrent.futures.as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise ModelError('a process that evaluates has ended, for want of memory for example: take fewer '
                             '--workers, or a smaller --batch') from error
        finally:
            for future in futures:
                future.cancel()


_here: Optional[Alone] = None
"""What a process evaluates with."""


def _begin(parent: int, prepare: Prepare, labelled: Labelled, batch: int) -> None:
    """Makes a process ready; it ends with its parent, and leaves interruptions to it."""
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    quiet()
    _here = Alone(prepare(), labelled, batch)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _try(parameter: str, numbers: Sequence[float]) -> List[Measured]:
    assert _here is not None
    return _here.one(parameter, numbers)
