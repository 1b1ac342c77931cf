"""Converters that talk: what they and their C++ write is kept back."""

import contextlib
import os
import sys
import tempfile
from typing import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keeps standard output and standard error of this process, and of those it starts, from being seen."""
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(tempfile.TemporaryFile('w+'))
        for number, stream in ((1, sys.stdout), (2, sys.stderr)):
            stream.flush()
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(sink.fileno(), number)
        stack.enter_context(contextlib.redirect_stdout(sink))
        stack.enter_context(contextlib.redirect_stderr(sink))
        yield
