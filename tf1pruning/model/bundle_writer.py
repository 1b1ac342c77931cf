"""Writing checkpoints of format V2, block by block: no tensor has to be in memory as a whole.

TensorFlow's SaveV2 wants all tensors of a data file at once, and copies them. The files made here are the ones that it
would write: all bytes in one data file, and a table that says where each tensor lies.
"""

import struct
from typing import BinaryIO, Dict, Iterable, Iterator, Tuple

import numpy as np

from ..errors import OutputError
from ..files import replacing
from ..tf1 import BundleEntryProto, BundleHeaderProto
from .checksum import extend, mask, masked_crc
from .slices import Slice, extents_of, parse_slice, slice_key
from .table import make_table, varint
from .values import AnyValue, Value, as_value, type_number

TensorEntry = Tuple[str, str, AnyValue]
"""Key, slice as `slices.format_slice` spells it (empty: the whole tensor), value."""


def write_tensors(prefix: str, entries: Iterable[TensorEntry]) -> None:
    """Writes tensors as the checkpoint `prefix`, in their order; an earlier one is replaced when all is written.

    Raises:
        OutputError: the place cannot be written, or two tensors have the same key.
    """
    header = BundleHeaderProto(num_shards=1)
    header.version.producer = 1
    table: Dict[bytes, BundleEntryProto] = {}
    with replacing(prefix + '.data-00000-of-00001', prefix + '.index') as (data, index):
        for key, spec, value in entries:
            part = parse_slice(spec)
            value = as_value(value)
            whole = part is None or value.shape == part.full_shape
            name = key.encode() if part is None or whole else slice_key(key, part, value.shape)
            if name in table:
                raise OutputError('cannot write checkpoint %s: two of its tensors have the key %s' % (prefix, key))
            table[name] = _write(data, value)
            if part is not None and not whole:
                _note_slice(table, key, part, value)
        items = [(b'', header.SerializeToString())]
        items.extend((name, table[name].SerializeToString()) for name in sorted(table))
        index.write(make_table(items))


def _write(stream: BinaryIO, value: Value) -> BundleEntryProto:
    """Appends a tensor to the data file; returns where it lies."""
    entry = BundleEntryProto(dtype=type_number(value.dtype), offset=stream.tell())
    entry.shape.SetInParent()
    for size in value.shape:
        entry.shape.dim.add(size=size)
    crc = 0
    for piece, summed in _text_pieces(value.array()) if value.is_text else _number_pieces(value):
        crc = extend(crc, summed)
        stream.write(piece.data)
        entry.size += piece.nbytes
    entry.crc32c = mask(crc)
    return entry


def _number_pieces(value: Value) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yields the bytes to write, and those that the checksum is of."""
    for block in value.blocks():
        piece = np.ascontiguousarray(block).view(np.uint8).reshape(-1)
        yield piece, piece


def _text_pieces(array: np.ndarray) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
    """Yields the lengths of texts, a checksum of their own, and the texts; the sums are of lengths of four bytes."""
    texts = [text if isinstance(text, bytes) else str(text).encode() for text in array.ravel().tolist()]
    lengths = np.array([len(text) for text in texts], '<u4').view(np.uint8)
    yield _bytes(b''.join(varint(len(text)) for text in texts)), lengths
    for part in [struct.pack('<I', masked_crc(lengths))] + texts:
        yield _bytes(part), _bytes(part)


def _bytes(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)


def _note_slice(table: Dict[bytes, BundleEntryProto], key: str, part: Slice, value: Value) -> None:
    """Adds a slice to the entry of the tensor that it is a part of."""
    entry = table.setdefault(key.encode(), BundleEntryProto(dtype=table[slice_key(key, part, value.shape)].dtype))
    if not entry.slices:
        for size in part.full_shape:
            entry.shape.dim.add(size=size)
    added = entry.slices.add()
    for start, length in extents_of(part, value.shape):
        extent = added.extent.add()
        if length >= 0:
            extent.start, extent.length = start, length
