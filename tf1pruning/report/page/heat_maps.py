"""Filters as pictures: PNG files in which a weight of zero is transparent, so that they suit light and dark pages."""

import base64
import struct
import zlib
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from ..run.filters import Kernel

_COLOUR = (56, 122, 226)
_FAINTEST = 24
"""Of 255: how much of the colour the smallest weight that is not zero gets."""


class Map(NamedTuple):
    """A kernel at one stage.

    Attributes:
        stage: name of the stage.
        filters: how many there are.
        zero: how many of them are zero.
        image: a `data:` URI.
        part: width in percent of the widest stage.
    """

    stage: str
    filters: int
    zero: int
    image: str
    part: float


class HeatMaps(NamedTuple):
    """A kernel at every stage."""

    group: str
    parameter: str
    maps: Tuple[Map, ...]


def heat_maps(kernels: Sequence[Kernel]) -> List[HeatMaps]:
    """Draws kernels; all stages of one have the same scale."""
    drawn = []
    for kernel in kernels:
        numbers = [stage.magnitudes[np.isfinite(stage.magnitudes)] for stage in kernel.stages]
        largest = max([float(np.percentile(finite, 99)) for finite in numbers if finite.size] + [1e-12])
        widest = max(stage.filters for stage in kernel.stages)
        drawn.append(HeatMaps(kernel.group, kernel.parameter, tuple(
            Map(stage.name, stage.filters, stage.zero, _uri(stage.magnitudes / largest), 100.0 * stage.filters / widest)
            for stage in kernel.stages)))
    return drawn


def _uri(strength: np.ndarray) -> str:
    return 'data:image/png;base64,' + base64.b64encode(png(strength)).decode('ascii')


def png(strength: np.ndarray) -> bytes:
    """Writes a picture in one colour.

    Args:
        strength: `[height, width]`, 0 for transparent to 1 for opaque; what is not finite is opaque.
    """
    known = np.where(np.isfinite(strength), strength, 1.0).clip(0, 1)
    levels = np.where(known > 0, _FAINTEST + (255 - _FAINTEST) * np.sqrt(known), 0).astype(np.uint8)
    height, width = levels.shape
    rows = b''.join(b'\0' + row.tobytes() for row in levels)
    return b'\x89PNG\r\n\x1a\n' + b''.join((
        _chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 3, 0, 0, 0)), _chunk(b'PLTE', bytes(_COLOUR) * 256),
        _chunk(b'tRNS', bytes(range(256))), _chunk(b'IDAT', zlib.compress(rows, 9)), _chunk(b'IEND', b'')))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))
