"""CRC-32C, the checksum of TensorFlow's checkpoints and tables."""

import ctypes
import glob
import os
from typing import Callable, List

import numpy as np

from ..tf1 import tf

_SYMBOLS = ('_ZN3tsl6crc32c6ExtendEjPKcm', '_ZN10tensorflow6crc32c6ExtendEjPKcm')
"""`crc32c::Extend(uint32, const char*, size_t)` of TensorFlow 2.x and 1.x, with the processor's own instruction."""
_POLYNOMIAL = 0x82f63b78
_MASK_DELTA = 0xa282ead8

Extend = Callable[[int, np.ndarray], int]


def masked_crc(content: np.ndarray) -> int:
    """Returns the checksum of the bytes of a contiguous array in the form in which files hold it."""
    return mask(extend(0, content))


def mask(crc: int) -> int:
    """Returns a checksum rotated, as files hold it, so that bytes with checksums in them can be summed again."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xffffffff


def python_extend(crc: int, part: np.ndarray) -> int:
    """Continues a checksum byte by byte: for builds of TensorFlow that do not export their own."""
    crc ^= 0xffffffff
    for byte in part.tobytes():
        crc = _TABLE[(crc ^ byte) & 0xff] ^ (crc >> 8)
    return crc ^ 0xffffffff


def _table() -> List[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def find_extend() -> Extend:
    """Returns TensorFlow's own function, or the one in Python where there is none."""
    for path in glob.glob(os.path.join(glob.escape(tf.sysconfig.get_lib()), 'libtensorflow_framework.*')):
        library = ctypes.CDLL(path)
        for symbol in _SYMBOLS:
            if hasattr(library, symbol):
                return _native(getattr(library, symbol))
    return python_extend


def _native(function: 'ctypes._FuncPointer') -> Extend:
    function.restype = ctypes.c_uint32
    function.argtypes = (ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t)
    return lambda crc, part: int(function(crc, part.ctypes.data, part.nbytes))


extend = find_extend()
"""Continues the checksum of some bytes with those of a contiguous array."""
