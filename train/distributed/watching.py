"""The end of a worker that TensorFlow does not let go."""

import contextlib
import os
import sys
import threading
from typing import Callable, Iterator, Optional

from tf1pruning.cli.program import fail

_LOOK, _GRACE = 1.0, 15.0
"""Seconds between two looks at whether the chief has failed, and for the worker to leave the training by itself."""


@contextlib.contextmanager
def ended_with_chief(failure: Callable[[], Optional[str]]) -> Iterator[None]:
    """Ends the process with one line and exit code 2 if the chief fails and the block does not end by itself.

    In the midst of a step a worker waits for those who are gone: for other mirrored workers, in TensorFlow 1.15 for
    parameter servers, too. There no exception reaches it.

    Args:
        failure: what the chief has failed by; None where it has not.
    """
    left = threading.Event()
    threading.Thread(target=_watch, args=(failure, left), daemon=True).start()
    try:
        yield
    finally:
        left.set()


def _watch(failure: Callable[[], Optional[str]], left: threading.Event) -> None:
    said = failure()
    while said is None and not left.wait(_LOOK):
        said = failure()
    if said is not None and not left.wait(_GRACE):
        name, _ = os.path.splitext(os.path.basename(sys.argv[0]))
        fail(name, said, 2)
        sys.stderr.flush()
        os._exit(2)
