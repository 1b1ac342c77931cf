"""IDX files, gzip or not: arrays of bytes with a header (http://yann.lecun.com/exdb/mnist/)."""

import functools
import gzip
import operator
import struct
import zlib

import numpy as np

from ..errors import DataError
from ..files import content_of

_GZIP, _UBYTE = b'\x1f\x8b', 8


def read_idx(path: str, axes: int) -> np.ndarray:
    """Reads an array of bytes.

    Args:
        path: the file.
        axes: how many the array must have.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    content = content_of(path)
    if content[:2] == _GZIP:
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError('%s is damaged (%s): fetch it again' % (path, error)) from error
    start = 4 + 4 * axes
    if len(content) < start or content[:4] != bytes([0, 0, _UBYTE, axes]):
        raise DataError('%s is no IDX file of bytes with %d axes' % (path, axes))
    shape = struct.unpack('>%dI' % axes, content[4:start])
    if len(content) - start != functools.reduce(operator.mul, shape):  # numpy's product may run over
        raise DataError('%s is damaged: its header promises %s bytes, it has %d; fetch it again' % (
            path, ' × '.join(map(str, shape)), len(content) - start))
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
