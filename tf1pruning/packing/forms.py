"""The forms that a run of numbers can be stored in; all go by the bits, so that NaN and −0.0 stay what they are.

A stored run is `form | …`:
stored as it is; byte planes (all lowest bytes, then all second ones, …), each coded on its own; a codebook of the
distinct numbers and the place of each number in it; or sparse: the gaps between the numbers that are not zero, row by
row or column by column, and these, stored in one of the other forms.
"""

from typing import Callable, Dict, List

import numpy as np

from .codebook import Codebook, find_codebook
from .coded import Coded, joined, of_kind, shortest, table
from .codes import FEW, MOST_SYMBOLS, decode, encode, equal
from .cursor import Cursor, DamagedError
from .gaps import decode_gaps, encode_gaps

_SPARSE_BELOW = 0.5
"""Density below which a run is tried in sparse form."""
PATTERNS: Dict[int, np.dtype] = {1: np.dtype('u1'), 2: np.dtype('<u2'), 4: np.dtype('<u4'), 8: np.dtype('<u8')}
"""By the size of a number in bytes, what its bits are read as."""


def encode_run(bits: np.ndarray, columns: int = 1) -> Coded:
    """Stores a run of numbers in the form that takes the fewest bytes.

    Args:
        bits: of one of the types in `PATTERNS`, one axis.
        columns: how many make a row of the tensor.
    """
    nonzero = np.count_nonzero(bits)
    candidates = []
    if nonzero < _SPARSE_BELOW * bits.size:
        candidates.append(_sparse(bits, columns))
    if nonzero >= _SPARSE_BELOW * bits.size or bits.size <= FEW:
        candidates.append(_dense(bits))
    return shortest(*candidates)


def decode_run(cursor: Cursor, count: int, dtype: np.dtype, columns: int = 1) -> np.ndarray:
    """Reads what `encode_run` wrote.

    Args:
        cursor: where it is.
        count: how many numbers there are.
        dtype: one of those in `PATTERNS`.
        columns: how many make a row of the tensor.

    Raises:
        DamagedError: it is something else.
    """
    form = cursor.byte()
    if form == TURNED and _can_turn(count, columns):
        return _read_sparse(cursor, count, dtype).reshape(columns, -1).T.reshape(-1)
    if form not in _READERS:
        raise DamagedError('there is no such form')
    return _READERS[form](cursor, count, dtype)


STORED, PLANES, CODEBOOK, SPARSE, TURNED = range(5)
"""The last one is sparse, column by column: inputs that no unit looks at make long gaps there."""


def _dense(bits: np.ndarray) -> Coded:
    candidates = [joined(table(STORED), of_kind('values', bits.tobytes()))]
    codebook = find_codebook(bits)
    if codebook is not None:
        candidates.append(_with_codebook(codebook))
    if codebook is None or bits.size <= FEW:
        planes = [encode(plane, equal(MOST_SYMBOLS), 'values') for plane in _planes(bits)]
        candidates.append(joined(table(PLANES), *planes))
    return shortest(*candidates)


def _planes(bits: np.ndarray) -> List[np.ndarray]:
    return list(np.ascontiguousarray(bits.view(np.uint8).reshape(bits.size, bits.dtype.itemsize).T))


def _with_codebook(codebook: Codebook) -> Coded:
    size = codebook.numbers.size
    return joined(table(CODEBOOK, size), of_kind('codebook', codebook.numbers.tobytes()),
                  encode(codebook.places, equal(size), 'values'))


def _sparse(bits: np.ndarray, columns: int) -> Coded:
    places = np.flatnonzero(bits)
    gaps, form = encode_gaps(places, bits.size), SPARSE
    if places.size and _can_turn(bits.size, columns):
        turned = bits.reshape(-1, columns).T.reshape(-1)
        turned_places = np.flatnonzero(turned)
        turned_gaps = encode_gaps(turned_places, bits.size)
        if len(turned_gaps.content) < len(gaps.content):
            bits, places, gaps, form = turned, turned_places, turned_gaps, TURNED
    head = joined(table(form, places.size), gaps)
    return joined(head, _dense(bits[places])) if places.size else head


def _can_turn(count: int, columns: int) -> bool:
    """Whether a run is some whole rows."""
    return 1 < columns < count and count % columns == 0


def _read_stored(cursor: Cursor, count: int, dtype: np.dtype) -> np.ndarray:
    return cursor.array(dtype, count)


def _read_planes(cursor: Cursor, count: int, dtype: np.dtype) -> np.ndarray:
    planes = np.empty((count, dtype.itemsize), np.uint8)
    for number in range(dtype.itemsize):
        planes[:, number] = decode(cursor, count, equal(MOST_SYMBOLS))
    return planes.view(dtype).reshape(count)


def _read_codebook(cursor: Cursor, count: int, dtype: np.dtype) -> np.ndarray:
    size = cursor.number(MOST_SYMBOLS)
    if not size:
        raise DamagedError('a codebook is empty')
    codebook = cursor.array(dtype, size)
    return codebook[decode(cursor, count, equal(size))]


def _read_sparse(cursor: Cursor, count: int, dtype: np.dtype) -> np.ndarray:
    nonzero = cursor.number(count)
    places = decode_gaps(cursor, nonzero, count)
    bits = np.zeros(count, dtype)
    if nonzero:
        form = cursor.byte()
        if form == SPARSE or form not in _READERS:
            raise DamagedError('there is no such form inside a sparse one')
        bits[places] = _READERS[form](cursor, nonzero, dtype)
    return bits


_READERS: Dict[int, Callable[[Cursor, int, np.dtype], np.ndarray]] = {
    STORED: _read_stored, PLANES: _read_planes, CODEBOOK: _read_codebook, SPARSE: _read_sparse}
