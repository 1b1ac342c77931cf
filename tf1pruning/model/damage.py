"""Files of a checkpoint that cannot be read: one error for whatever TensorFlow and the system say."""

import contextlib
from typing import Iterator

from google.protobuf.message import DecodeError

from ..errors import ModelError
from ..graph.shapes import first_line
from ..tf1 import tf

_ERRORS = (tf.errors.OpError, OSError, RuntimeError, ValueError, LookupError, TypeError, DecodeError)
"""TensorFlow 2 says that a file is too short by an IndexError."""


def damaged(prefix: str, reason: str) -> ModelError:
    """Makes the error for a checkpoint that cannot be read."""
    return ModelError('checkpoint %s is damaged or truncated (%s): copy or save it again' % (prefix, reason))


@contextlib.contextmanager
def reading(prefix: str) -> Iterator[None]:
    """Turns what goes wrong while a checkpoint is read into an error that names it.

    Raises:
        ModelError: it is damaged or truncated.
    """
    try:
        yield
    except ModelError:
        raise
    except _ERRORS as error:
        raise damaged(prefix, first_line(error)) from error
