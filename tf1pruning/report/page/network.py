"""The network as a picture: a bar as wide as each layer, before and after, and arcs for what reads what."""

from typing import List, NamedTuple, Sequence, Tuple

from ..run.layers import Layer
from .contents import shared_scope
from .numbers import short

_ROW, _TOP = {'wide': 24, 'narrow': 40}, 18
_MOST_ARCS = 600
"""More would be a grey area."""


class Bar(NamedTuple):
    """A layer.

    Attributes:
        y: its middle.
        name: what stands beside it.
        before: width of the bar of all channels, in pixels.
        after: width of the bar of those that stay.
        text: the numbers of channels.
        tip: all of it in words.
        changed: whether it lost channels.
    """

    y: float
    name: str
    before: float
    after: float
    text: str
    tip: str
    changed: bool


class Picture(NamedTuple):
    """The network in one width.

    Attributes:
        look: `wide` or `narrow`.
        width: in pixels.
        height: in pixels.
        middle: of the bars.
        labels: where the names begin.
        bars: the layers.
        arcs: lines from layer to layer, as SVG writes them.
        left_out: how many lines are not drawn.
    """

    look: str
    width: int
    height: int
    middle: float
    labels: float
    bars: Tuple[Bar, ...]
    arcs: Tuple[str, ...]
    left_out: int


def network_pictures(layers: Sequence[Layer]) -> List[Picture]:
    """Draws a network for large screens and for phones; nothing where it has no layers."""
    if not layers:
        return []
    return [_picture(layers, 'wide', 760, (64.0, 505.0, 300.0)), _picture(layers, 'narrow', 330, (40.0, 180.0, 210.0))]


def _picture(layers: Sequence[Layer], look: str, width: int, columns: Tuple[float, float, float]) -> Picture:
    """Lays the rows out; the columns are: end of the arcs, middle of the bars, width of the widest bar."""
    arcs_end, middle, widest = columns
    row = _ROW[look]
    scale = widest / max([layer.makes[0] or 0 for layer in layers] + [1])
    places = [_TOP + row * number for number in range(len(layers))]
    shift = 10 if look == 'narrow' else 0
    shared = len(shared_scope([layer.name for layer in layers]))
    bars = tuple(_bar(layer, place + shift, scale, layer.name[shared:], 37 if look == 'wide' else 26)
                 for place, layer in zip(places, layers))
    lines = [(start, number) for number, layer in enumerate(layers) for start in layer.above]
    nearest = sorted(lines, key=lambda line: line[1] - line[0])[:_MOST_ARCS]
    arcs = tuple(_arc(bars[start].y, bars[end].y, end - start, arcs_end) for start, end in nearest)
    return Picture(look, width, places[-1] + row, middle, arcs_end + 12, bars, arcs, len(lines) - len(arcs))


def _bar(layer: Layer, place: float, scale: float, name: str, most: int) -> Bar:
    before, after = layer.makes
    shown = before if after is None else after
    words = '%s' % before if before is not None else '?'
    if after is not None and after != before:
        words += ' → %d' % after
    tip = '%s: %s channels out; %s MACs' % (layer.name, words, short(layer.macs[0]))
    if layer.macs[1] is not None and layer.macs[1] != layer.macs[0]:
        tip += ' → %s' % short(layer.macs[1])
    if layer.reason:
        tip += '; not prunable: %s' % layer.reason
    return Bar(place, name if len(name) <= most else '…' + name[1 - most:], max(2.0, scale * (before or 0)),
               max(2.0, scale * (shown or 0)), words, tip, after is not None and after != before)


def _arc(start: float, end: float, rows: int, right: float) -> str:
    """Draws a straight line to the next layer, and to the left of it a bow to one further on."""
    if rows == 1:
        return 'M%.1f,%.1fV%.1f' % (right, start, end)
    depth = right - min(right - 4.0, 8.0 + 5.0 * rows)
    return 'M%.1f,%.1fC%.1f,%.1f %.1f,%.1f %.1f,%.1f' % (right, start, depth, start + 6, depth, end - 6, right, end)
