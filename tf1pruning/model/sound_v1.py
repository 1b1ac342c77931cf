"""What a damaged checkpoint of format V1 may say; TensorFlow's reader of them ends the process at some of it."""

import mmap
from typing import Any, Dict, Tuple

from ..graph.sound_values import require_shape
from ..tf1 import SavedTensorSlices, tf
from .table import read_table

_HEADER = b''


def require_sound_v1(path: str) -> None:
    """Checks every checksum of a file, the shapes in its header, and that each slice has its place and its numbers.

    Raises:
        ValueError: the file is no table, or damaged; a shape or a slice cannot be.
        DecodeError: an entry is no message.
    """
    with open(path, 'rb') as stream:
        # Not closed here: an error holds on to the part that it was met in, and so to the map, for as long as it lives.
        entries = read_table(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        key, header = next(entries, (None, b''))
        if key != _HEADER:
            raise ValueError('it has no header')
        shapes: Dict[str, Tuple[int, ...]] = {}
        for tensor in SavedTensorSlices.FromString(header).meta.tensor:
            require_shape(tensor.shape, tensor.name)
            tf.as_dtype(tensor.type)
            shapes[tensor.name] = tuple(dim.size for dim in tensor.shape.dim)
            if min(shapes[tensor.name], default=0) < 0 or tensor.shape.unknown_rank:
                raise ValueError('tensor %s has no shape' % tensor.name)
            for part in tensor.slice:
                _count(tensor.name, part, shapes[tensor.name])
        for _, text in entries:
            _require_part(SavedTensorSlices.FromString(text).data, shapes)


def _require_part(saved: Any, shapes: Dict[str, Tuple[int, ...]]) -> None:
    """Checks one slice with its numbers."""
    if saved.name not in shapes:
        raise ValueError('tensor %r is not in its header' % saved.name)
    wanted = _count(saved.name, saved.slice, shapes[saved.name])
    found = [len(value) for field, value in saved.data.ListFields() if field.name.endswith('_val')]
    if sum(found) not in (wanted, 2 * wanted):  # complex numbers are two each
        raise ValueError('tensor %s has %d numbers, not %d' % (saved.name, sum(found), wanted))


def _count(name: str, part: Any, shape: Tuple[int, ...]) -> int:
    """Returns how many numbers a slice has."""
    if part.extent and len(part.extent) != len(shape):
        raise ValueError('a slice of tensor %s has %d axes, not %d' % (name, len(part.extent), len(shape)))
    count = 1
    for axis, size in enumerate(shape):
        extent = part.extent[axis] if part.extent else None
        if extent is not None and extent.WhichOneof('has_length') is not None:
            if extent.start < 0 or extent.length < 0 or extent.start + extent.length > size:
                raise ValueError('a slice of tensor %s lies outside it' % name)
            size = extent.length
        count *= size
    return count
