"""Draws `pic/accuracy.png` from the files that `benchmarks.accuracy.run` has left: what every cut and method costs.

Run: `python -m benchmarks.accuracy.picture`.
"""

import os
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import matplotlib as mpl
import numpy as np

mpl.use('Agg')
from matplotlib import pyplot as plt

from train.config import CONFIGS

from .case import CaseConfig, budgets_of
from .run import Results, case_of, cases

PICTURE = os.path.join(os.path.dirname(CONFIGS), 'pic', 'accuracy.png')
INK, PALE = '#24292f', '#d8dee4'
LEAST = -5.0
"""Where the axis ends, in points: what lost more has its mark there, and its figure beside it."""
MARKS: Mapping[str, Tuple[str, str, str]] = {
    'loop': ('the loop', 'o', '#1f6feb'), 'uniform_l1': ('uniform L1, one shot', 's', '#d95f02'),
    'random': ('random, one shot', 'X', '#7a828e'), 'without_hooks': ('the plain loop', '^', '#1b9e77')}
"""Method → its name, mark and colour."""


class Cut(NamedTuple):
    """A line of the picture.

    Attributes:
        title: network, cut and updates.
        aim: what may be lost at most, in points, below zero.
        changes: method → accuracy against the baseline, in points, seed by seed.
    """

    title: str
    aim: float
    changes: Dict[str, List[float]]


def cuts_of(case: CaseConfig, rows: Sequence[Mapping[str, Any]]) -> List[Cut]:
    """Returns the lines of a case: one for each cut and number of updates that was measured."""
    baseline = [row['accuracy'] for row in rows if row['method'] == 'baseline']
    lines = []
    for cut in case.cuts:
        for updates, methods in budgets_of(cut, rows):
            title = '%s\n%s, %s updates' % (case.title.split(',')[0].split(' (')[0], cut.name, f'{updates:,}')
            lines.append(Cut(title, -cut.largest_loss, {
                method: [100 * (row['accuracy'] - baseline[0]) for row in own] for method, own in methods.items()}))
    return lines


def draw(lines: Sequence[Cut], path: str) -> None:
    """Draws a line for each cut: the methods' marks, and the aim."""
    figure, axes = plt.subplots(figsize=(9, 1.3 + 0.52 * len(lines)))
    for place, cut in enumerate(lines):
        axes.axhline(place, color=PALE, linewidth=0.8, zorder=0)
        axes.plot([cut.aim] * 2, [place - 0.32, place + 0.32], color=INK, linewidth=1.4)
        for method in sorted(cut.changes, key=list(MARKS).index, reverse=True):  # the loop on top
            (_, mark, colour), changes = MARKS[method], cut.changes[method]
            axes.plot(np.maximum(changes, LEAST), [place] * len(changes), mark, color=colour, markersize=8,
                      markeredgecolor='white')
            for change in changes:
                if change < LEAST:
                    axes.annotate('← %.1f' % change, (LEAST, place), (8, 0), textcoords='offset points', va='center',
                                  fontsize=8, color=colour, bbox={'facecolor': 'white', 'edgecolor': 'none', 'pad': 1})
    for name, mark, colour in MARKS.values():
        axes.plot([], [], mark, color=colour, markersize=8, markeredgecolor='white', label=name)
    axes.plot([], [], color=INK, linewidth=1.4, label='aim')
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(lines)))
    axes.set_yticklabels([cut.title for cut in lines], fontsize=8)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlabel('test accuracy against the network as it was, in points')
    axes.set_title('What pruning costs', fontsize=11, color=INK, pad=28)
    axes.legend(loc='lower center', bbox_to_anchor=(0.5, 1.0), ncol=5, fontsize=8, frameon=False, handletextpad=0.3)
    for side in ('top', 'right', 'left'):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False)
    figure.tight_layout()
    figure.savefig(path, dpi=140, facecolor='white', metadata={'Software': None})
    plt.close(figure)


def main() -> None:
    """Draws what was measured."""
    lines: List[Cut] = []
    for name in cases():
        lines += cuts_of(case_of(name), Results(name).rows)
    draw(lines, PICTURE)


if __name__ == '__main__':
    main()
