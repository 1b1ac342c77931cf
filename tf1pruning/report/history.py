"""What a pruning loop did, attempt by attempt: a table and curves."""

import csv
import io
import json
import os
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from ..files import write_bytes, write_text

COLUMNS = ('step', 'retry', 'accepted', 'accuracy', 'loss', 'failed_rate', 'macs', 'parameters', 'seconds')
_INK, _ACCEPTED, _REFUSED = '#24292f', '#1f6feb', '#cf222e'


def write_history(folder: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes `history.csv`, `history.json` and, where matplotlib is installed, `loop.png`.

    Args:
        folder: where.
        rows: the network before the first step, then a record for every retraining and what follows the strip.
    """
    write_text(os.path.join(folder, 'history.json'), json.dumps(rows, indent=1) + '\n')
    text = io.StringIO()
    layers = sorted({layer for row in rows for layer in row.get('failed_by_layer', {})})
    table = csv.writer(text, lineterminator='\n')
    table.writerow([*COLUMNS, *('failed_rate ' + layer for layer in layers)])
    for row in rows:
        failed = row.get('failed_by_layer', {})
        table.writerow([_cell(row.get(name, '')) for name in COLUMNS]
                       + [_cell(failed.get(each, '')) for each in layers])
    write_text(os.path.join(folder, 'history.csv'), text.getvalue())
    picture = draw_history(rows)
    if picture:
        write_bytes(os.path.join(folder, 'loop.png'), picture)


def _cell(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else '%.6g' % value if isinstance(value, float) else value


def draw_history(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Draws accuracy against MACs; returns a PNG, or nothing where matplotlib is missing."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return b''
    figure = Figure(figsize=(7.5, 4.5))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(1, 1, 1)
    whole = rows[0]['macs']
    accepted = [row for row in rows if row['accepted']]
    axes.plot([100 * row['macs'] / whole for row in accepted], [100 * row['accuracy'] for row in accepted], '-o',
              color=_ACCEPTED, label='accepted')
    refused = [row for row in rows if not row['accepted']]
    if refused:
        axes.plot([100 * row['macs'] / whole for row in refused], [100 * row['accuracy'] for row in refused], 'x',
                  color=_REFUSED, label='not accepted')
        axes.legend(loc='lower left', frameon=False)
    for number, ((macs, accuracy), names) in enumerate(_names_by_place(accepted, whole).items()):
        axes.annotate(', '.join(names), (macs, accuracy), textcoords='offset points', ha='center',
                      xytext=(0, -16 if number % 2 else 9), fontsize=8, color=_INK,
                      bbox={'facecolor': 'white', 'edgecolor': 'none', 'pad': 1})
    axes.set_xlabel('MACs that remain, % of the baseline')
    axes.set_ylabel('accuracy, %')
    axes.margins(0.12, 0.2)
    axes.invert_xaxis()
    axes.grid(color='#d8dee4', linewidth=0.6)
    for side in axes.spines.values():
        side.set_visible(False)
    figure.tight_layout()
    stream = io.BytesIO()
    figure.savefig(stream, format='png', dpi=120)
    return stream.getvalue()


def _names_by_place(rows: Sequence[Mapping[str, Any]], whole: int) -> Dict[Tuple[float, float], List[str]]:
    """Returns the steps at each point of the curve: the strip changes neither MACs nor accuracy."""
    found: Dict[Tuple[float, float], List[str]] = {}
    for row in rows:
        place = round(100 * row['macs'] / whole, 1), round(100 * row['accuracy'], 2)
        found.setdefault(place, []).append(str(row['step']))
    return found
