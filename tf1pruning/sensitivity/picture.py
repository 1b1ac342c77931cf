"""The curves as a picture: a line for each parameter, its name beside its end."""

import io
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from .analysis import Analysis, Curve

_INK, _FAINT = '#24292f', '#d8dee4'
_STYLES = ('-', (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1, 1.2, 1)))
_MARKERS = 'os^Dvp'
_LONGEST = 44
"""Letters of a name; what is left out is its beginning."""
_LABEL_INCHES = 0.165
"""Height of a name."""


def draw_curves(analysis: Analysis, budget: Optional[float] = None) -> bytes:
    """Draws accuracy over sparsity or bits; returns a PNG, or nothing where matplotlib is missing.

    Colours follow the network from its input to its output; dashes and marks tell neighbours apart. The picture is as
    high as its names need.

    Args:
        analysis: what was measured.
        budget: accuracy that may be lost, a line across.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return b''
    labels = [_short(curve.parameter) for curve in analysis.curves]
    height = max(4.8, _LABEL_INCHES * len(labels) + 1.4)
    width = 7.2 + 0.075 * max(map(len, labels))
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.75 / width, 0.6 / height, 5.9 / width, 1 - 1.1 / height))
    _draw_lines(axes, analysis)
    _draw_across(axes, analysis, budget)
    _dress(axes, analysis)
    _draw_names(axes, analysis.curves, labels, (height - 1.1))
    stream = io.BytesIO()
    figure.savefig(stream, format='png', dpi=120)
    return stream.getvalue()


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else '…' + name[1 - _LONGEST:]


def _colour(place: int, count: int) -> Any:
    from matplotlib.cm import ScalarMappable
    return ScalarMappable(cmap='turbo').to_rgba(np.array([0.04 + 0.92 * place / max(1, count - 1)]), norm=False)[0]


def _draw_lines(axes: Any, analysis: Analysis) -> None:
    count = len(analysis.curves)
    for place, curve in enumerate(analysis.curves):
        axes.plot(curve.numbers, [100 * each.accuracy for each in curve.measured], color=_colour(place, count),
                  linestyle=_STYLES[place % len(_STYLES)], marker=_MARKERS[place % len(_MARKERS)], markersize=3.2,
                  linewidth=1.2)


def _draw_across(axes: Any, analysis: Analysis, budget: Optional[float]) -> None:
    """Draws the accuracy of the model as it is, and what the budget leaves."""
    lines = [(analysis.baseline.accuracy, 'as it is', '-')]
    if budget:
        lines.append((analysis.baseline.accuracy - budget, 'budget', '--'))
    for accuracy, _, style in lines:
        axes.axhline(100 * accuracy, color=_INK, linewidth=0.8, linestyle=style, zorder=1.5)
    words = ', '.join('%s %.2f %%' % (name, 100 * accuracy) for accuracy, name, _ in lines)
    axes.set_title('accuracy with one parameter compressed (%s)' % words, fontsize=9, color=_INK, loc='left')


def _dress(axes: Any, analysis: Analysis) -> None:
    if analysis.column == 'bits':
        axes.invert_xaxis()
        axes.set_xlabel('bits of each weight')
    else:
        axes.set_xlabel('sparsity')
    axes.set_ylabel('accuracy, %')
    axes.set_axisbelow(True)
    axes.margins(0.02, 0.04)
    axes.grid(color=_FAINT, linewidth=0.6)
    for side in axes.spines.values():
        side.set_visible(False)


def _draw_names(axes: Any, curves: Sequence[Curve], labels: Sequence[str], inches: float) -> None:
    """Writes the names in the order in which the lines end, apart from each other, each joined with its line."""
    low, high = axes.get_ylim()
    ends = [100 * curve.measured[-1].accuracy for curve in curves]
    last = axes.transAxes.inverted().transform(axes.transData.transform((curves[0].numbers[-1], low)))[0]
    for place, y in _apart(ends, (high - low) * _LABEL_INCHES / inches, high):
        axes.plot((last, 1.03, 1.04), (ends[place], y, y), transform=axes.get_yaxis_transform(), clip_on=False,
                  color=_colour(place, len(curves)), linewidth=0.7)
        axes.text(1.045, y, labels[place], transform=axes.get_yaxis_transform(), fontsize=7.5, va='center', color=_INK)
    axes.set_ylim(low, high)


def _apart(ends: Sequence[float], gap: float, high: float) -> List[Tuple[int, float]]:
    """Returns heights for names as near to the ends of their lines as can be, at least a gap apart.

    Names that would touch form a block around the middle of their ends; blocks that touch become one.
    """
    order = sorted(range(len(ends)), key=lambda place: (ends[place], -place))
    blocks: List[List[float]] = []  # lowest name, how many
    for place in order:
        blocks.append([ends[place], 1])
        while len(blocks) > 1 and blocks[-2][0] + gap * blocks[-2][1] > blocks[-1][0]:
            (first, count), (second, more) = blocks[-2:]
            blocks[-2:] = [[(first * count + (second - gap * count) * more) / (count + more), count + more]]
    heights = [lowest + gap * number for lowest, count in blocks for number in range(int(count))]
    over = high
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], over)
        over = heights[number] - gap
    return list(zip(order, heights))
