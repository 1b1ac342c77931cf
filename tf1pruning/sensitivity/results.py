"""What an analysis leaves: a table, a record, a picture."""

import csv
import io
import json
import os
from typing import Any, Dict, Mapping, Optional

from ..files import write_bytes, write_text
from .analysis import Analysis, plain
from .picture import draw_curves
from .suggestion import Suggestion

TABLE, RECORD, PICTURE = 'sensitivity.csv', 'sensitivity.json', 'sensitivity.png'


def write_results(folder: str, analysis: Analysis, suggestion: Optional[Suggestion],
                  described: Mapping[str, Any]) -> Dict[str, Any]:
    """Writes `sensitivity.csv`, `sensitivity.json` and, where matplotlib is installed, `sensitivity.png`.

    Args:
        folder: where.
        analysis: what was measured.
        suggestion: what was found for a budget.
        described: what was analysed, for the record.

    Returns:
        The content of `sensitivity.json`.
    """
    record = dict(described, **_record(analysis), suggestion=_suggested(suggestion))
    write_text(os.path.join(folder, TABLE), _table(analysis))
    write_text(os.path.join(folder, RECORD), json.dumps(record, indent=1) + '\n')
    picture = draw_curves(analysis, suggestion.budget if suggestion else None)
    if picture:
        write_bytes(os.path.join(folder, PICTURE), picture)
    return record


def _table(analysis: Analysis) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator='\n')
    table.writerow(['parameter', analysis.column, 'accuracy', 'loss'])
    for curve in analysis.curves:
        for number, measured in zip(curve.numbers, curve.measured):
            table.writerow([curve.parameter, '%g' % number, '%.6g' % measured.accuracy, '%.6g' % measured.loss])
    return text.getvalue()


def _record(analysis: Analysis) -> Dict[str, Any]:
    return {'column': analysis.column, 'baseline': plain(analysis.baseline), 'parameters': [
        {'parameter': curve.parameter, 'size': curve.size, analysis.column: list(curve.numbers),
         'accuracy': [each.accuracy for each in curve.measured],
         'loss': [plain(each)['loss'] for each in curve.measured]} for curve in analysis.curves]}


def _suggested(suggestion: Optional[Suggestion]) -> Optional[Dict[str, Any]]:
    return dict(suggestion._asdict(), measured=plain(suggestion.measured)) if suggestion else None

