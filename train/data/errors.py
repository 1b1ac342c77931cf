"""What can be wrong with images in files."""

import contextlib
from typing import Iterator

from tf1pruning.errors import PruningError
from tf1pruning.tf1 import tf


class DataError(PruningError, ValueError):
    """Images or labels are missing, damaged, or not what the configuration says."""


@contextlib.contextmanager
def reading_files() -> Iterator[None]:
    """Turns what TensorFlow says of unreadable files into one line.

    Raises:
        DataError: a file is damaged, is gone, or may not be read.
    """
    try:
        yield
    except (tf.errors.DataLossError, tf.errors.NotFoundError, tf.errors.PermissionDeniedError) as error:
        raise DataError('cannot read the images: %s' % error.message.splitlines()[0]) from error
