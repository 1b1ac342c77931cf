"""Reading checkpoints of format V2: a table says where each tensor lies in the data files.

TensorFlow's own reader gives whole tensors and needs memory for two copies of each; the bytes of plain numbers are
read here, in blocks. Everything else (text, slices that do not fit) goes through TensorFlow.
"""

import glob
import os
import weakref
from typing import Iterator, List, Mapping, NamedTuple, Optional, Set, Tuple

import numpy as np

from ..errors import ModelError
from ..tf1 import BundleEntryProto, BundleHeaderProto, tf
from .checksum import extend, mask
from .damage import damaged, reading
from .slices import Slice, extents_key, slice_key
from .table import read_table
from .values import Fetched, Taken, Value, size_of


class Entry(NamedTuple):
    """Where a tensor lies.

    Attributes:
        dtype: its TensorFlow type.
        shape: its shape.
        shard: number of the data file.
        offset: of its first byte in there.
        size: in bytes.
        crc: their masked checksum.
        slices: start and length along every axis (−1: all of it) of the slices, each an entry of its own, in which it
            is stored; none where it is stored as a whole.
    """

    dtype: tf.DType
    shape: Tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    slices: Tuple[Tuple[Tuple[int, int], ...], ...]

    @property
    def sliced(self) -> bool:
        """Whether it is stored in slices."""
        return bool(self.slices)

    @property
    def is_plain(self) -> bool:
        """Whether the bytes are the numbers themselves."""
        return not self.sliced and is_number(self.dtype)

    @property
    def end(self) -> int:
        """Where its bytes end."""
        return self.offset + self.size

    @property
    def bytes_of_numbers(self) -> int:
        """How many bytes numbers of this shape take."""
        return size_of(self.shape) * self.dtype.size


def is_number(dtype: tf.DType) -> bool:
    """Whether values of a type are stored as NumPy holds them."""
    return bool(dtype.is_floating or dtype.is_integer or dtype.is_complex or dtype.is_bool) and not dtype.is_quantized


class Bundle:
    """A checkpoint of format V2; its data files stay open, so that they may be replaced.

    Args:
        prefix: path without `.index`.

    Attributes:
        shapes: shape of every tensor by its key.

    Raises:
        ModelError: a file is missing, truncated or damaged.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        with reading(prefix):
            with open(prefix + '.index', 'rb') as stream:
                table = dict(read_table(stream.read()))
            header = BundleHeaderProto.FromString(table.pop(b''))
            self._entries = {key: _entry(text) for key, text in table.items()}
            names = {key: key.decode() for key in self._entries if not key.startswith(b'\0')}
            self._files = _open_data_files(prefix, header.num_shards)
        self._check(header)
        self._intact: Set[bytes] = set()
        self.shapes: Mapping[str, Tuple[int, ...]] = {
            name: self._entries[key].shape for key, name in names.items()}

    def _check(self, header: BundleHeaderProto) -> None:
        """An interrupted copy shows by its sizes."""
        if header.endianness != BundleHeaderProto.LITTLE:
            raise damaged(self._prefix, 'its numbers are big-endian')
        sizes = [os.fstat(each.number).st_size for each in self._files]
        for name, entry in self._entries.items():
            if not 0 <= entry.shard < len(sizes) or not 0 <= entry.offset <= entry.end <= sizes[entry.shard] or min(
                    entry.shape, default=0) < 0 or (entry.is_plain and entry.size != entry.bytes_of_numbers):
                raise damaged(self._prefix, '%s is not where it should be' % _text(name))
            if not all(self._has_slice(name, entry, extents) for extents in entry.slices):
                raise damaged(self._prefix, 'a slice of %s is not there, or is of another type' % _text(name))

    def _has_slice(self, name: bytes, entry: Entry, extents: Tuple[Tuple[int, int], ...]) -> bool:
        """TensorFlow ends the process at a slice of another type than the whole."""
        own = self._entries.get(extents_key(name.decode(), extents)) if len(extents) == len(entry.shape) else None
        return own is not None and own.dtype == entry.dtype and own.shape == tuple(
            size if length < 0 else length for (_, length), size in zip(extents, entry.shape)) and all(
                0 <= start <= start + max(0, length) <= size for (start, length), size in zip(extents, entry.shape))

    def value(self, key: str, part: Optional[Slice] = None, shape: Tuple[int, ...] = ()) -> Value:
        """Returns a tensor, or a part of it.

        Args:
            key: its name in the checkpoint.
            part: where the part begins in it; None is all of it.
            shape: the shape of the part.
        """
        name = key.encode()
        entry = self._entries[name]
        if part is not None and entry.sliced:
            own = slice_key(key, part, shape)
            if own in self._entries and self._entries[own].is_plain:
                return Stored(self, own, self._entries[own])
        whole = Stored(self, name, entry) if entry.is_plain else Fetched(
            entry.shape, entry.dtype.as_numpy_dtype, lambda: self._fetch(key))
        return whole if part is None else part_of(whole, part, shape)

    def _fetch(self, key: str) -> np.ndarray:
        with reading(self._prefix):
            return np.asarray(tf.train.load_checkpoint(self._prefix).get_tensor(key))

    def read(self, name: bytes, entry: Entry, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Yields the rows of an entry, block by block, in a buffer; the first time, their checksum is compared.

        Args:
            name: the entry's own key.
            entry: where it lies.
            rows: the buffer for a block `[rows, C]`.

        Raises:
            ModelError: a file is truncated or damaged.
        """
        place, end, crc = entry.offset, entry.end, 0
        summing = name not in self._intact
        while place < end:
            piece = rows.view(np.uint8).reshape(-1)[:end - place]
            self._fill(piece, entry.shard, place)
            if summing:
                crc = extend(crc, piece)
            place += piece.size
            yield rows[:piece.size // (rows.shape[1] * rows.itemsize)]
        if summing:
            if mask(crc) != entry.crc:
                raise damaged(self._prefix, '%s does not have its checksum' % _text(name))
            self._intact.add(name)

    def _fill(self, buffer: np.ndarray, shard: int, place: int) -> None:
        done = 0
        while done < buffer.size:  # the system gives at most 2 GB at once
            with reading(self._prefix):
                count = os.preadv(self._files[shard].number, [buffer[done:].data], place + done)
            if not count:
                raise damaged(self._prefix, 'a data file is too short')
            done += count


class Stored(Value):
    """A tensor in a checkpoint's data file."""

    def __init__(self, bundle: Bundle, name: bytes, entry: Entry) -> None:
        super().__init__(entry.shape, entry.dtype.as_numpy_dtype)
        self._bundle, self._name, self._entry = bundle, name, entry

    def blocks(self) -> Iterator[np.ndarray]:
        """Yields what is read."""
        if self._kept is not None:
            return iter([self._kept.reshape(self.matrix_shape)])
        count, width = self.matrix_shape
        buffer = np.empty((min(count, self.rows_per_block), width), self.dtype)
        return self._bundle.read(self._name, self._entry, buffer)


class _DataFile:
    """An open file that is closed when nobody reads it any more."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.number)


def _open_data_files(prefix: str, count: int) -> List[_DataFile]:
    there = [path for path in glob.glob('%s.data-?????-of-%05d' % (glob.escape(prefix), count)) if os.path.isfile(path)]
    if not there:
        raise ModelError('checkpoint %s has an index but no data file (%s): copy or save it again'
                         % (prefix, '%s.data-00000-of-%05d' % (prefix, count) if count > 0 else 'it names none'))
    if len(there) < count:
        raise ModelError('checkpoint %s has %d of its %d data files: copy or save it again'
                         % (prefix, len(there), count))
    return [_DataFile('%s.data-%05d-of-%05d' % (prefix, number, count)) for number in range(count)]


def _text(name: bytes) -> str:
    return name.strip(b'\0').decode('utf-8', 'replace').split('\0')[0]


def _entry(text: bytes) -> Entry:
    entry = BundleEntryProto.FromString(text)
    return Entry(tf.as_dtype(entry.dtype), tuple(dim.size for dim in entry.shape.dim), entry.shard_id, entry.offset,
                 entry.size, entry.crc32c, tuple(tuple(
                     (extent.start, extent.length if extent.WhichOneof('has_length') else -1) for extent in part.extent)
                     for part in entry.slices))


def part_of(whole: Value, part: Slice, shape: Tuple[int, ...]) -> Value:
    """Returns the part of a tensor that one node of a partitioned variable holds."""
    return Taken(whole, {axis: np.arange(start, start + size) for axis, (start, size, full)
                         in enumerate(zip(part.offset, shape, whole.shape)) if size != full})
