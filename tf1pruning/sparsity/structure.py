"""The structures that zeros may have, by name."""

import re
from typing import NamedTuple, Optional, Tuple, Union

from ..errors import OptionError, closest_names

STRUCTURES = {
    'unstructured': 'every weight for itself',
    'filter': 'for each place in the kernel and incoming channel, all outgoing channels together',
    'channel': 'for each place in the kernel and outgoing channel, all incoming channels together',
    'block': 'tiles of B0 incoming × B1 outgoing channels, written block:B0,B1',
    'm:n': 'of every N consecutive incoming channels M stay, such as 2:4',
}
"""What becomes zero together. Tiles and runs that do not divide the channels are padded: the last are smaller."""

_BLOCK = re.compile(r'block[ :]\s*(\d+)\s*[,x]\s*(\d+)$')
_M_N = re.compile(r'(\d+):(\d+)$')


class Structure(NamedTuple):
    """What becomes zero together.

    Attributes:
        kind: a key of `STRUCTURES`.
        sizes: of a block: incoming and outgoing channels; of `m:n`: m and n.
    """

    kind: str
    sizes: Tuple[int, int] = (1, 1)

    @property
    def own_sparsity(self) -> Optional[float]:
        """The sparsity that the structure has by itself, 1 − m / n; None for every other kind."""
        return 1 - self.sizes[0] / self.sizes[1] if self.kind == 'm:n' else None

    def sparsity(self, wanted: Optional[float]) -> float:
        """Returns the sparsity in its range, whether it is wanted or the structure's own.

        Raises:
            OptionError: none is given, or one that is out of its range or is not the structure's own.
        """
        own = self.own_sparsity
        if wanted is not None:
            check_sparsity(wanted)
        if own is not None and wanted is not None and abs(own - wanted) > 1e-9:
            raise OptionError('%s makes a sparsity of %g by itself: leave out the sparsity %g' % (self, own, wanted))
        if own is None and wanted is None:
            raise OptionError('say how sparse: a sparsity in [0, 1), levels, or a structure such as 2:4')
        return own if own is not None else float(wanted or 0)

    def __str__(self) -> str:
        """The text that `parse_structure` reads."""
        return {'block': 'block:%d,%d', 'm:n': '%d:%d'}.get(self.kind, self.kind + '%.0s%.0s') % self.sizes


UNSTRUCTURED = Structure('unstructured')


def parse_structure(text: Union[str, Structure]) -> Structure:
    """Understands `unstructured`, `filter`, `channel`, `block:4,4` (or `block 4,4`) and `2:4`.

    Raises:
        OptionError: it is something else, a size is below 1, or m is above n.
    """
    if isinstance(text, Structure):
        return text
    if text in ('unstructured', 'filter', 'channel'):
        return Structure(text)
    found = _BLOCK.match(text) or _M_N.match(text)
    if not found:
        raise OptionError('no structure %r: there are unstructured, filter, channel, block:B0,B1 and M:N%s'
                          % (text, closest_names(text, list(STRUCTURES)[:3])))
    first, second = int(found.group(1)), int(found.group(2))
    if min(first, second) < 1:
        raise OptionError('structure %s: a size is below 1' % text)
    if found.re is _M_N and first > second:
        raise OptionError('structure %s: %d of %d cannot stay; write the smaller number first' % (text, first, second))
    return Structure('block' if found.re is _BLOCK else 'm:n', (first, second))


def check_sparsity(sparsity: float, where: str = '') -> None:
    """Checks a fraction of zeros.

    Raises:
        OptionError: it is not in [0, 1).
    """
    if not 0 <= sparsity < 1:
        raise OptionError('%ssparsity %g is not in [0, 1)' % (where, sparsity))
