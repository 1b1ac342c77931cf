"""Parts of partitioned variables: how savers spell them, and the keys under which checkpoints hold them."""

from typing import List, NamedTuple, Optional, Sequence, Tuple


class Slice(NamedTuple):
    """The part of a partitioned variable that one node holds."""

    full_shape: Tuple[int, ...]
    offset: Tuple[int, ...]


def parse_slice(spec: str) -> Optional[Slice]:
    """Parses `'640 128 0,320:-'` (full shape, then offset,length per axis; `-` is all)."""
    words = spec.split()
    if not words:
        return None
    offset = tuple(0 if word == '-' else int(word.split(',')[0]) for word in words[-1].split(':'))
    return Slice(tuple(int(word) for word in words[:-1]), offset)


def format_slice(part: Optional[Slice], shape: Tuple[int, ...]) -> str:
    """Writes what `parse_slice` reads."""
    if part is None:
        return ''
    extents = ['-' if size == full else '%d,%d' % (start, size)
               for full, start, size in zip(part.full_shape, part.offset, shape)]
    return ' '.join(str(size) for size in part.full_shape) + ' ' + ':'.join(extents)


def extents_of(part: Slice, shape: Tuple[int, ...]) -> List[Tuple[int, int]]:
    """Returns start and length along every axis; the length of a whole axis is −1."""
    return [(0, -1) if size == full else (start, size)
            for full, start, size in zip(part.full_shape, part.offset, shape)]


def slice_key(key: str, part: Slice, shape: Tuple[int, ...]) -> bytes:
    """Returns the key under which a checkpoint holds a slice of a tensor.

    It is `0, key, number of axes, start, length, start, length …` in TensorFlow's OrderedCode, where texts and numbers
    sort as their bytes do.
    """
    return extents_key(key, extents_of(part, shape))


def extents_key(key: str, extents: Sequence[Tuple[int, int]]) -> bytes:
    """Returns the same of start and length along every axis."""
    text = b'\0' + key.encode().replace(b'\0', b'\0\xff') + b'\0\1' + _ordered(len(extents))
    return text + b''.join(_ordered_signed(number) for extent in extents for number in extent)


def _ordered(number: int) -> bytes:
    """How many bytes a number has, then these."""
    length = (number.bit_length() + 7) // 8
    return bytes([length]) + number.to_bytes(length, 'big')


def _ordered_signed(number: int) -> bytes:
    """Seven bits a byte, in two's complement; as many leading bits as there are bytes differ from the sign."""
    magnitude = ~number if number < 0 else number
    length = magnitude.bit_length() // 7 + 1
    header = ((1 << length) - 1) << 7 * length
    return ((number ^ header) & ((1 << 8 * length) - 1)).to_bytes(length, 'big')
