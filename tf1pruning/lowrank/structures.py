"""Which entries of a kernel are kept or dropped together: the units of a sparse branch."""

from typing import NamedTuple, Tuple

import numpy as np

from ..errors import OptionError

STRUCTURES = ('unstructured', 'channel', 'filter', 'block')
"""One entry; all inputs of a filter at one place; all filters of an input at one place; tiles of both."""


class Structure(NamedTuple):
    """The units of a kernel `[kh, kw, Cin, Cout]`.

    Attributes:
        name: one of `STRUCTURES`.
        block: sizes of a tile along Cin and Cout, of `block` only; the last tiles of an axis may be smaller.
    """

    name: str = 'unstructured'
    block: Tuple[int, int] = (1, 1)

    def check(self) -> None:
        """Refuses what is no structure.

        Raises:
            OptionError: the name is unknown, or a tile has no size.
        """
        if self.name not in STRUCTURES:
            raise OptionError('no structure named %r: one of %s' % (self.name, ', '.join(STRUCTURES)))
        if min(self.block) < 1:
            raise OptionError('a block of %d x %d has no size: give two numbers of at least 1' % self.block)

    def tile(self, shape: Tuple[int, ...]) -> Tuple[int, int]:
        """Returns how many entries a unit has along Cin and Cout of a kernel."""
        return {'unstructured': (1, 1), 'channel': (shape[2], 1), 'filter': (1, shape[3])}.get(self.name, self.block)

    def units(self, shape: Tuple[int, ...]) -> int:
        """Returns how many units a kernel has."""
        rows, columns = self.tile(shape)
        return shape[0] * shape[1] * -(-shape[2] // rows) * -(-shape[3] // columns)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Adds up what lies in each unit: `[kh, kw, units along Cin, units along Cout]`."""
        rows, columns = self.tile(values.shape)
        if rows > 1:
            values = np.add.reduceat(values, np.arange(0, values.shape[2], rows), axis=2)
        if columns > 1:
            values = np.add.reduceat(values, np.arange(0, values.shape[3], columns), axis=3)
        return values

    def spread(self, chosen: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
        """Gives every entry of a kernel of some shape what its unit has."""
        rows, columns = self.tile(shape)
        if rows > 1:
            chosen = np.repeat(chosen, rows, axis=2)[:, :, :shape[2]]
        return np.repeat(chosen, columns, axis=3)[:, :, :, :shape[3]] if columns > 1 else chosen

    def largest(self, magnitudes: np.ndarray, density: float) -> np.ndarray:
        """Marks the units with the largest sums.

        Args:
            magnitudes: of the entries, `[kh, kw, Cin, Cout]`, not negative.
            density: which part of the units, from 0 to 1; the nearest number of units, exactly.

        Returns:
            For every entry whether it is marked; among equal ones the first.
        """
        scores = self.sums(magnitudes)
        return self.spread(_largest(scores, int(round(density * scores.size))), magnitudes.shape)


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    if count <= 0:
        return np.zeros(scores.shape, bool)
    if count >= scores.size:
        return np.ones(scores.shape, bool)
    flat = scores.reshape(-1)
    limit = np.partition(flat, flat.size - count)[flat.size - count]
    marked = flat > limit
    ties = np.flatnonzero(flat == limit)
    marked[ties[:count - int(marked.sum())]] = True
    return marked.reshape(scores.shape)


UNSTRUCTURED = Structure()
