#!/usr/bin/env python
"""Draws the figures of the README from a run of the demo.

    ./scripts/demo.sh --output out/demo
    python scripts/make_figures.py --run out/demo

Writes pic/result.png (what remains), pic/blocks.png (an inverted residual and its squeeze-and-excitation, before and
after), pic/filters.png (the filters of one kernel: trained, soft-pruned, retrained, stripped) and pic/curve.png
(accuracy over MACs, step by step). Of the report of the run, scripts/screenshot_report.py takes a picture.
"""

import json
import os
from typing import Any, Dict, List, Tuple

import matplotlib as mpl
import numpy as np
from absl import flags

mpl.use('Agg')
from matplotlib import pyplot as plt
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from tf1pruning.cli.program import guarded, parse_flags, start
from tf1pruning.errors import ModelError
from tf1pruning.files import write_bytes
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.plan import GroupPlan, PruningPlan
from tf1pruning.report.history import draw_history

FLAGS = flags.FLAGS
BEFORE, AFTER, INK, PALE = '#9aa5b1', '#1f6feb', '#24292f', '#d8dee4'
PICTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'pic')


def draw_result(result: Dict[str, Any], path: str) -> None:
    """Draws what remains of everything that the demo measured."""
    rows = [('parameters', 'parameters', '{:,.0f}'), ('MACs', 'macs', '{:,.0f}'),
            ('frozen graph, bytes', 'bytes', '{:,.0f}'), ('latency, 1 image, ms', 'latency_ms', '{:.2f}'),
            ('latency, 64 images, ms', 'batch_ms', '{:.2f}')]
    figure, axes = plt.subplots(figsize=(9, 3.6))
    for place, (_, key, form) in enumerate(rows):
        before, after = result['before'][key], result['after'][key]
        axes.barh(place, 100, 0.62, color=PALE)
        axes.barh(place, 100 * after / before, 0.62, color=AFTER)
        axes.text(101.5, place, '%s → %s' % (form.format(before), form.format(after)), va='center', color=INK)
        axes.text(100 * after / before - 1.5, place, '%.0f %%' % (100 * after / before), va='center', ha='right',
                  color='white', fontweight='bold')
    axes.set_yticks(range(len(rows)))
    axes.set_yticklabels([row[0] for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 150)
    axes.set_xticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title('What remains of MobileNetV2 with squeeze-and-excitation on scanned digits\ntest accuracy %.2f %% → '
                   '%.2f %%; stripped and soft-pruned differ by %.0e' % (
                       100 * result['before']['accuracy'], 100 * result['after']['accuracy'], result['difference']),
                   fontsize=11, color=INK)
    save(figure, path)


def draw_blocks(block: GroupPlan, gate: GroupPlan, widths: Tuple[int, int], path: str) -> None:
    """Draws one inverted residual with its gate, to scale, before and after.

    Args:
        block: plan of the expanded channels.
        gate: plan of the squeeze's channels.
        widths: channels that enter and leave the block.
        path: the file.
    """
    figure, panels = plt.subplots(1, 2, figsize=(10, 4.6), sharey=True)
    for axes, title, inside, squeezed, colour in (
            (panels[0], 'before', block.size, gate.size, BEFORE),
            (panels[1], 'after strip', len(block.kept), len(gate.kept), AFTER)):
        scale = 7.0 / block.size
        _draw_block(axes, widths, inside, squeezed, scale, colour)
        axes.set_title('%s: %s' % (block.name, title), fontsize=10, color=INK)
        axes.set_xlim(-7.6, 7.6)
        axes.set_ylim(-0.9, 6.1)
        axes.axis('off')
    save(figure, path)


def _draw_block(axes: Any, widths: Tuple[int, int], inside: int, squeezed: int, scale: float, colour: str) -> None:
    levels = [('input', widths[0], PALE), ('expand 1×1', inside, colour), ('depthwise 3×3', inside, colour),
              ('× gate', inside, colour), ('project 1×1', widths[1], PALE)]
    for level, (name, width, fill) in enumerate(levels):
        height = 5.4 - 1.3 * level
        half = max(0.25, width * scale / 2)
        axes.add_patch(Rectangle((-half, height - 0.3), 2 * half, 0.6, color=fill))
        axes.text(-3.9, height, '%s  %d' % (name, width), ha='right', va='center', fontsize=9, color=INK)
        if level:
            above = max(0.25, levels[level - 1][1] * scale / 2)
            axes.add_patch(Polygon([(-above, height + 1.0), (above, height + 1.0), (half, height + 0.3),
                                    (-half, height + 0.3)], color=PALE, alpha=0.35))
    squeeze = max(0.25, squeezed * scale / 2)
    axes.add_patch(Rectangle((6.0 - squeeze, 2.15), 2 * squeeze, 0.6, color=colour))
    axes.text(6.0, 3.0, 'squeeze  %d' % squeezed, ha='center', fontsize=9, color=INK)
    side = max(0.25, inside * scale / 2)
    for begin, end in (((side, 2.8), (6.0 - squeeze - 0.1, 2.5)), ((6.0 - squeeze - 0.1, 2.35), (side, 1.5))):
        axes.add_patch(FancyArrowPatch(begin, end, arrowstyle='-|>', mutation_scale=10, color=INK, linewidth=0.8))


def draw_filters(stages: List[Tuple[str, np.ndarray]], name: str, path: str) -> None:
    """Draws the magnitudes of one kernel's filters, `[inputs, filters]`, at every stage."""
    figure, panels = plt.subplots(len(stages), 1, figsize=(9.5, 1.75 * len(stages)), sharex=True)
    largest = max(np.percentile(np.abs(kernel), 99) for _, kernel in stages)
    for axes, (title, kernel) in zip(panels, stages):
        zero = int((np.abs(kernel).sum(0) == 0).sum())
        axes.imshow(np.abs(kernel), aspect='auto', cmap='magma', vmin=0, vmax=largest, interpolation='nearest',
                    extent=(0, kernel.shape[1], kernel.shape[0], 0))
        axes.set_title('%s: %d filters, %d of them zero' % (title, kernel.shape[1], zero), fontsize=9, color=INK,
                       loc='left')
        axes.set_ylabel('input', fontsize=8)
        axes.set_yticks([])
        axes.set_xlim(0, max(each.shape[1] for _, each in stages))
    panels[-1].set_xlabel('filter of %s (brightness: |weight|)' % name, fontsize=9)
    save(figure, path)


def save(figure: Any, path: str) -> None:
    """Writes a figure and says so."""
    figure.tight_layout()
    figure.savefig(path, dpi=140, facecolor='white', metadata={'Software': None})
    plt.close(figure)
    print(path)


def choose_block(plan: PruningPlan) -> Tuple[GroupPlan, GroupPlan]:
    """Returns the widest inverted residual that has a squeeze-and-excitation inside, and that.

    Raises:
        ModelError: the plan has none.
    """
    gates = {group.name.rsplit('/', 1)[0]: group for group in plan.groups if group.kind == 'squeeze_excite'}
    blocks = [group for group in plan.groups if group.kind == 'inverted_residual' and group.name in gates
              and group.pruned]
    if not blocks:
        raise ModelError('the run has no inverted residual with a squeeze-and-excitation that lost channels')
    block = max(blocks, key=lambda group: group.size)
    return block, gates[block.name]


def read_stages(run: str, kernel: str) -> List[Tuple[str, np.ndarray]]:
    """Reads one kernel, `[inputs, filters]`, from the checkpoints of a run."""
    last = [row for row in read_history(run) if row['accepted'] and 'plan' in row][-1]
    folders = [('trained', 'baseline'), ('soft-pruned', os.path.dirname(last['plan'])),
               ('retrained', last['checkpoint']), ('stripped', 'stripped/Stripped_Dir')]
    return [(name, load_checkpoint(os.path.join(run, folder)).value(kernel)[0, 0]) for name, folder in folders]


def read_history(run: str) -> List[Dict[str, Any]]:
    """Reads what the loop tried."""
    with open(os.path.join(run, 'history.json')) as stream:
        rows: List[Dict[str, Any]] = json.load(stream)
    return rows


def draw() -> None:
    """Reads the run and draws everything.

    Raises:
        ModelError: it is not the folder of a finished demo.
    """
    try:
        with open(os.path.join(FLAGS.run, 'demo.json')) as stream:
            result = json.load(stream)
    except OSError as error:
        raise ModelError('%s is not the folder of a finished demo (%s)' % (FLAGS.run, error.strerror)) from error
    block, gate = choose_block(PruningPlan.load(os.path.join(FLAGS.run, 'stripped', 'Stripped_Dir', 'plan.json')))
    stages = read_stages(FLAGS.run, block.anchor[0])
    baseline = load_checkpoint(os.path.join(FLAGS.run, 'baseline'))
    leaving = next(each.shape[3] for name, each in baseline.variables.items()
                   if name.startswith(block.name + '/project') and len(each.shape) == 4)
    os.makedirs(FLAGS.output, exist_ok=True)
    draw_result(result, os.path.join(FLAGS.output, 'result.png'))
    draw_blocks(block, gate, (stages[0][1].shape[0], leaving), os.path.join(FLAGS.output, 'blocks.png'))
    draw_filters(stages, block.anchor[0], os.path.join(FLAGS.output, 'filters.png'))
    write_bytes(os.path.join(FLAGS.output, 'curve.png'), draw_history(read_history(FLAGS.run)))
    print(os.path.join(FLAGS.output, 'curve.png'))


def main(_: List[str]) -> int:
    """Returns the exit code; a mistake is one line on standard error."""
    return guarded(draw, 'make_figures.py')


if __name__ == '__main__':
    flags.DEFINE_string('run', 'out/demo', 'The folder of a finished demo.')
    flags.DEFINE_string('output', PICTURES, 'Where the figures go.')
    start(main, parse_flags)
