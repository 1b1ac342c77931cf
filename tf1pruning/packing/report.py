"""What a packed file's bytes are for."""

from typing import Any, Dict, List, NamedTuple, Tuple

from .coded import KINDS, Account

FLOAT_BYTES = 4
"""Of a number as it is counted: float32, whatever its type."""


class PackedTensor(NamedTuple):
    """A tensor in a packed file.

    Attributes:
        name: its name.
        shape: its shape.
        dtype: its type.
        numbers: how many it has.
        before: bytes that they take as they are.
        account: bytes in the file, by what they are for.
    """

    name: str
    shape: Tuple[int, ...]
    dtype: str
    numbers: int
    before: int
    account: Account

    @property
    def total(self) -> int:
        """Bytes in the file."""
        return sum(self.account.values())

    def as_json(self) -> Dict[str, Any]:
        """Returns it for programs."""
        return {'name': self.name, 'shape': list(self.shape), 'dtype': self.dtype,
                **{kind: self.account.get(kind, 0) for kind in KINDS}, 'total': self.total,
                'ratio': ratio(self.numbers, self.total)}


class Packing(NamedTuple):
    """A packed file.

    Attributes:
        tensors: what is in it.
        graph: bytes of the graph and the list of the tensors.
        frame: bytes of everything else.
    """

    tensors: Tuple[PackedTensor, ...]
    graph: int
    frame: int

    @property
    def total(self) -> int:
        """Bytes of the file."""
        return sum(tensor.total for tensor in self.tensors) + self.graph + self.frame

    @property
    def numbers(self) -> int:
        """How many numbers there are in all tensors."""
        return sum(tensor.numbers for tensor in self.tensors)

    def as_json(self) -> Dict[str, Any]:
        """Returns it for programs."""
        return {'tensors': [tensor.as_json() for tensor in self.tensors], 'graph': self.graph, 'frame': self.frame,
                'total': self.total, 'numbers': self.numbers, 'float32_bytes': FLOAT_BYTES * self.numbers,
                'ratio': ratio(self.numbers, self.total)}

    def rows(self) -> List[List[str]]:
        """Returns a table: a line for each tensor, for the graph, the frame, and all together."""
        lines = [_row(tensor.name, tensor.numbers, tensor.account) for tensor in self.tensors]
        lines += [[name, '', '', '', '', '', f'{size:,}', ''] for name, size in (('graph', self.graph),
                                                                                 ('frame', self.frame))]
        whole = _row('total', self.numbers, {kind: sum(tensor.account.get(kind, 0) for tensor in self.tensors)
                                           for kind in KINDS})
        return [*lines, [*whole[:6], f'{self.total:,}', '%.1f' % ratio(self.numbers, self.total)]]


HEADER = ['tensor', 'numbers', 'values', 'indices', 'codebook', 'tables', 'total', 'times smaller']


def _row(name: str, count: int, account: Account) -> List[str]:
    total = sum(account.values())
    return [name, f'{count:,}', *(f'{account.get(kind, 0):,}' for kind in KINDS), f'{total:,}',
            '%.1f' % ratio(count, total) if count else '']


def ratio(count: int, total: int) -> float:
    """Returns how many times smaller than as float32 some numbers are."""
    return round(FLOAT_BYTES * count / max(1, total), 2)
