"""Curves: where lines, points and ticks lie; the templates draw them."""

from typing import List, NamedTuple, Sequence, Tuple

from ..run.gathered import Run
from .numbers import short, show, ticks

_LEFT, _RIGHT, _TOP, _BOTTOM = 68.0, 16.0, 18.0, 46.0
"""Room for the axes' numbers, in pixels."""
WIDTHS = {'wide': (760, 360), 'narrow': (330, 300)}
"""Of a chart on a large screen or paper, and on a phone, with its height."""
_SAMPLES = 40


class Value(NamedTuple):
    """A point of a curve: numbers, and what is said of it."""

    x: float
    y: float
    label: str
    tip: str


class Series(NamedTuple):
    """A curve.

    Attributes:
        name: in the legend; empty for none.
        look: its class in the style sheet.
        values: from left to right.
        joined: whether a line joins them.
        marked: whether each has a point.
    """

    name: str
    look: str
    values: Tuple[Value, ...]
    joined: bool = True
    marked: bool = True


class Mark(NamedTuple):
    """A value with its place in pixels."""

    x: float
    y: float
    value: Value


class Drawn(NamedTuple):
    """A series in pixels."""

    series: Series
    marks: Tuple[Mark, ...]

    @property
    def path(self) -> str:
        """The line, as SVG writes it."""
        return 'M' + 'L'.join('%.1f,%.1f' % (mark.x, mark.y) for mark in self.marks)


class Label(NamedTuple):
    """A text beside a point; the place is the middle of its base line."""

    x: float
    y: float
    text: str


class Chart(NamedTuple):
    """A chart of one width.

    Attributes:
        look: a key of `WIDTHS`.
        width: in pixels.
        height: in pixels.
        inner: left, top, right and bottom of what the axes enclose.
        across: ticks of the horizontal axis: place and text.
        up: ticks of the vertical axis.
        drawn: the curves.
        lines: vertical lines: place and text.
        labels: names of points, as far as there is room.
    """

    look: str
    width: int
    height: int
    inner: Tuple[float, float, float, float]
    across: Tuple[Tuple[float, str], ...]
    up: Tuple[Tuple[float, str], ...]
    drawn: Tuple[Drawn, ...]
    lines: Tuple[Tuple[float, str], ...]
    labels: Tuple[Label, ...]


class Figure(NamedTuple):
    """A chart in both widths, with its words.

    Attributes:
        title: above it.
        text: what it shows, also for those who do not see it.
        across: name of the horizontal axis.
        up: name of the vertical axis.
        charts: one for each width.
    """

    title: str
    text: str
    across: str
    up: str
    charts: Tuple[Chart, ...]


def accuracy_figure(run: Run) -> List[Figure]:
    """Draws accuracy over the MACs that remain; nothing where fewer than two networks were measured."""
    whole = next((row.macs for row in run.attempts if row.macs), None)
    rows = [row for row in run.attempts if row.macs and row.accuracy is not None]
    if not whole or len(rows) < 2:
        return []
    found = [(row, Value(100.0 * (row.macs or 0) / whole, 100.0 * (row.accuracy or 0.0), row.step, '%s%s: %s accuracy, '
                         '%s MACs (%s remain)' % (row.step, ', retry %d' % row.retry if row.retry else '',
                                                  show('part', row.accuracy), short(row.macs or 0),
                                                  show('part', (row.macs or 0) / whole)))) for row in rows]
    series = [Series('accepted', 'line-1', tuple(value for row, value in found if row.accepted))]
    refused = tuple(value for row, value in found if not row.accepted)
    if refused:
        series.append(Series('not accepted', 'refused', refused, joined=False))
    best = max(value.y for _, value in found)
    worst = min(value.y for _, value in found)
    room = max(0.2, 0.25 * (best - worst))
    fewest = min(value.x for _, value in found)
    span = max(100.0, max(value.x for _, value in found)), max(0.0, 10.0 * ((fewest - 5.0) // 10.0))
    return [figure('Accuracy over MACs', 'Each point is a network: its accuracy when so many '
                   'multiply-accumulates remain. The numbers are in the table below.', 'MACs that remain, %',
                   'accuracy, %', series, span, (max(0.0, worst - room), min(100.0, best + room)))]


def score_figure(run: Run) -> List[Figure]:
    """Draws which part of each group's channels has a score above a threshold; nothing where there are no scores."""
    plan = run.first_plan
    scored = [group for group in plan.groups if group.scores] if plan is not None else []
    if not scored:
        return []
    highest = max(1.0, max(max(group.scores) for group in scored))
    lowest = min(0.0, min(min(group.scores) for group in scored))
    places = [lowest + (highest - lowest) * number / _SAMPLES for number in range(_SAMPLES + 1)]
    series = [Series('', 'thin', _above(group.scores, places, group.name), marked=False) for group in scored]
    everything = [score for group in scored for score in group.scores]
    series.append(Series('all groups', 'line-1', _above(everything, places, 'all groups'), marked=False))
    asked = sorted({group.threshold for group in scored if group.threshold is not None})
    text = ('The part of the channels whose score (%s) is above a threshold: a thin line for each group, the thick one '
            'for all together. Steep places are sensitive: a little less and many channels go.')
    return [figure('What a threshold takes', text % ', '.join(sorted({group.criterion for group in scored})),
                   'threshold', 'channels above it, %', series, (lowest, highest), (0.0, 100.0),
                   [(each, 'threshold %g' % each) for each in asked])]


def sensitivity_figure(run: Run) -> List[Figure]:
    """Draws accuracy with one parameter compressed, a line for each; nothing where that was not measured."""
    found = run.sensitivity
    if found is None:
        return []
    series = [Series('', 'thin', tuple(Value(place, 100.0 * accuracy, curve.name, '%s: %s at %s %g' % (
        curve.name, show('part', accuracy), found.column, place)) for place, accuracy in curve.points))
              for curve in found.curves]
    places, heights = zip(*((value.x, value.y) for each in series for value in each.values))
    span = (min(places), max(places)) if found.column != 'bits' else (max(places), min(places))
    if found.baseline is not None:
        heights += (100.0 * found.baseline,)
        series.append(Series('as it is', 'line-1', tuple(Value(place, heights[-1], '', 'as it is: %s' % show(
            'part', found.baseline)) for place in span), marked=False))
    room = max(0.2, 0.05 * (max(heights) - min(heights)))
    return [figure('Each parameter alone', 'Accuracy when one parameter is compressed and all others are as they are: '
                   'a line for each. What falls early is sensitive.', found.column, 'accuracy, %',
                   [each._replace(marked=False) for each in series], span,
                   (max(0.0, min(heights) - room), min(100.0, max(heights) + room)))]


def _above(scores: Sequence[float], places: Sequence[float], name: str) -> Tuple[Value, ...]:
    parts = [100.0 * sum(score > place for score in scores) / len(scores) for place in places]
    return tuple(Value(place, part, name, '%s: %.0f %% above %.2g' % (name, part, place))
                 for place, part in zip(places, parts))


def figure(title: str, text: str, across: str, up: str, series: Sequence[Series], span: Tuple[float, float],
           height: Tuple[float, float], lines: Sequence[Tuple[float, str]] = ()) -> Figure:
    """Lays a figure out.

    Args:
        title: above it.
        text: what it shows.
        across: name of the horizontal axis.
        up: name of the vertical axis.
        series: the curves.
        span: what the horizontal axis shows, from left to right; it may fall.
        height: what the vertical axis shows, from bottom to top.
        lines: vertical lines, with their texts.
    """
    charts = tuple(_chart(look, series, span, height, lines) for look in WIDTHS)
    return Figure(title, text, across, up, charts)


def _chart(look: str, series: Sequence[Series], span: Tuple[float, float], rise: Tuple[float, float],
           lines: Sequence[Tuple[float, str]]) -> Chart:
    width, height = WIDTHS[look]
    inner = (_LEFT, _TOP, width - _RIGHT, height - _BOTTOM)

    def across(x: float) -> float:
        return inner[0] + (inner[2] - inner[0]) * (x - span[0]) / ((span[1] - span[0]) or 1.0)

    def up(y: float) -> float:
        return inner[3] - (inner[3] - inner[1]) * (y - rise[0]) / ((rise[1] - rise[0]) or 1.0)

    drawn = tuple(Drawn(each, tuple(Mark(across(value.x), up(value.y), value) for value in each.values))
                  for each in series)
    return Chart(look, width, height, inner,
                 tuple((across(each), '%g' % each) for each in ticks(min(span), max(span), width // 90)),
                 tuple((up(each), '%g' % each) for each in ticks(*rise)), drawn,
                 tuple((across(place), words) for place, words in lines),
                 _labels([mark for each in drawn if each.series.marked for mark in each.marks], inner))


def _labels(marks: Sequence[Mark], inner: Tuple[float, float, float, float]) -> Tuple[Label, ...]:
    """Places names above their points, or below, or nowhere: none may lie on another one or on a point."""
    taken = [(mark.x - 8, mark.y - 8, mark.x + 8, mark.y + 8) for mark in marks]
    labels: List[Label] = []
    for mark in marks:
        half = 3.4 * len(mark.value.label) + 3
        x = min(max(mark.x, inner[0] + half), inner[2] - half)
        for y in (mark.y - 14, mark.y + 24):
            box = (x - half, y - 11, x + half, y + 3)
            if box[1] >= inner[1] - 8 and box[3] <= inner[3] and not any(_overlap(box, each) for each in taken):
                taken.append(box)
                labels.append(Label(x, y, mark.value.label))
                break
    return tuple(labels)


def _overlap(first: Tuple[float, ...], second: Tuple[float, ...]) -> bool:
    return first[0] < second[2] and second[0] < first[2] and first[1] < second[3] and second[1] < first[3]
