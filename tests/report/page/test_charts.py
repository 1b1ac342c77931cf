"""Where points, ticks and labels lie."""

from typing import Tuple

from tests.report import runs
from tf1pruning.plan import GroupPlan, PruningPlan
from tf1pruning.report.page.charts import (
    Series,
    Value,
    accuracy_figure,
    figure,
    score_figure,
    sensitivity_figure,
)
from tf1pruning.report.page.network import network_pictures
from tf1pruning.report.run.attempts import read_attempts
from tf1pruning.report.run.gathered import Run
from tf1pruning.report.run.layers import Layer
from tf1pruning.report.run.sensitivity import read_sensitivity

EMPTY = Run('run', (), (), None, None, (), (), (), (), (), None, None, '', ())


def test_accuracy_over_macs() -> None:
    """All MACs stand at the left; what was not accepted is a series of its own."""
    run = EMPTY._replace(attempts=tuple(read_attempts(runs.history())))
    found, = accuracy_figure(run)
    wide, narrow = found.charts
    accepted, refused = wide.drawn
    assert [mark.x for mark in accepted.marks] == sorted(mark.x for mark in accepted.marks)
    assert accepted.marks[0].x == wide.inner[0]
    assert accepted.marks[0].y < accepted.marks[1].y < refused.marks[0].y
    assert accepted.path.startswith('M%.1f,%.1fL' % accepted.marks[0][:2])
    assert refused.marks[0].value.tip == runs.EVIL + ', retry 1: 50.0 % accuracy, 250 MACs (25.0 % remain)'
    assert (refused.series.joined, accepted.series.joined) == (False, True)
    assert all(0 <= mark.x <= narrow.width for each in narrow.drawn for mark in each.marks)
    assert accuracy_figure(run._replace(attempts=run.attempts[:1])) == []


def test_labels_do_not_overlap() -> None:
    """Of many points at one place two can have their names: one above, one below."""
    crowd = Series('all', 'line-1', tuple(Value(5.0 + 0.01 * each, 5.0, 'name %d' % each, '') for each in range(6)))
    chart = figure('', '', '', '', [crowd], (0.0, 10.0), (0.0, 10.0)).charts[0]
    assert [label.text for label in chart.labels] == ['name 0', 'name 1']
    assert chart.labels[0].y < chart.drawn[0].marks[0].y < chart.labels[1].y


def test_scores_above_a_threshold() -> None:
    """From all channels to none; the threshold that was asked for is a line."""
    groups = tuple(GroupPlan(name, 'other', (name, 1), 4, (), 'l1', 0.25, (0.1, 0.2, 0.3, top))
                   for name, top in (('a', 0.4), ('b', 1.0)))
    found, = score_figure(EMPTY._replace(first_plan=PruningPlan(groups)))
    chart = found.charts[0]
    values = [mark.value.y for mark in chart.drawn[-1].marks]
    assert (values[0], values[-1]) == (100.0, 0.0)
    assert values == sorted(values, reverse=True)
    assert [each.series.name for each in chart.drawn] == ['', '', 'all groups']
    assert [text for _, text in chart.lines] == ['threshold 0.25']
    bare = PruningPlan(tuple(group._replace(scores=()) for group in groups))
    assert score_figure(EMPTY._replace(first_plan=bare)) == []


def layer(name: str, makes: int, after: int, above: Tuple[int, ...]) -> Layer:
    """A convolution."""
    return Layer(name, 'Conv2D', '1×1', '', '', (1, 1), (makes, after), (100, 50), 'so it is', above)


def test_the_network() -> None:
    """Bars as wide as layers; a straight line to the next layer, a bow to one behind it."""
    layers = [layer('net/a', 64, 64, ()), layer('net/b', 32, 16, (0,)), layer('net/c', 64, 64, (0, 1))]
    wide, narrow = network_pictures(layers)
    first, second, third = wide.bars
    assert (first.name, first.text, first.changed) == ('a', '64', False)
    assert (second.text, second.changed) == ('32 → 16', True)
    assert first.before == third.before == 2 * second.before == 4 * second.after
    assert second.tip == 'net/b: 32 → 16 channels out; 100 MACs → 50; not prunable: so it is'
    assert [('C' in arc, 'V' in arc) for arc in wide.arcs] == [(False, True), (False, True), (True, False)]
    assert first.y < second.y < third.y < wide.height
    assert narrow.width < wide.width
    assert network_pictures([]) == []


def test_a_network_of_too_many_lines() -> None:
    """The longest are left out, and counted."""
    layers = [layer('layer_%d' % number, 8, 8, tuple(range(number))) for number in range(40)]
    picture = network_pictures(layers)[0]
    assert (len(picture.arcs), picture.left_out) == (600, 40 * 39 // 2 - 600)


def test_sensitivity_of_each_parameter() -> None:
    """A line for each, and one for the model as it is; bits fall from left to right; what is damaged is left out."""
    record = {'column': 'bits', 'baseline': {'accuracy': 0.9}, 'parameters': [
        {'parameter': 'a/kernel', 'bits': [8, 2], 'accuracy': [0.9, 0.5]},
        {'parameter': 'b/kernel', 'bits': [8, 2, 'x'], 'accuracy': [0.9, None, 0.1]}, 'c', {'bits': [1]}]}
    found, = sensitivity_figure(EMPTY._replace(sensitivity=read_sensitivity(record)))
    lines = found.charts[0].drawn
    assert [[(mark.value.x, mark.value.y) for mark in line.marks] for line in lines] == [
        [(8, 90), (2, 50)], [(8, 90)], [(8, 90), (2, 90)]]
    assert lines[0].marks[0].x < lines[0].marks[1].x
    assert lines[0].marks[0].y < lines[0].marks[1].y
    assert read_sensitivity({'column': 'bits', 'parameters': []}) is None
    assert sensitivity_figure(EMPTY) == []
