"""The history of a pruning loop."""

import csv
import json
from typing import Any, Dict, List

import pytest

from tf1pruning.report.history import _names_by_place, draw_history, write_history

ROWS: List[Dict[str, Any]] = [
    {'step': 'baseline', 'retry': 0, 'accepted': True, 'accuracy': 0.95, 'loss': 0.2, 'macs': 1000, 'parameters': 200,
     'seconds': 1.0},
    {'step': 'macs 0.7', 'retry': 0, 'accepted': True, 'accuracy': 0.94, 'loss': 0.25, 'failed_rate': 0.0, 'macs': 700,
     'parameters': 150, 'seconds': 12.5, 'failed_by_layer': {'first/Conv2D': 0.0, 'second/Conv2D': 0.0}},
    {'step': 'macs 0.5', 'retry': 1, 'accepted': False, 'accuracy': 0.8, 'failed_rate': 0.25, 'macs': 500,
     'parameters': 100, 'seconds': 13.0, 'failed_by_layer': {'first/Conv2D': 0.5}}]


def test_a_row_for_everything(tmp_path: Any) -> None:
    """The baseline first; what was not measured stays empty; a column for the failed filters of each layer."""
    write_history(str(tmp_path), ROWS)
    with open(str(tmp_path / 'history.csv')) as stream:
        rows = list(csv.DictReader(stream))
    assert [row['step'] for row in rows] == ['baseline', 'macs 0.7', 'macs 0.5']
    assert [row['accepted'] for row in rows] == ['1', '1', '0']
    assert [row['loss'] for row in rows] == ['0.2', '0.25', '']
    assert [row['failed_rate first/Conv2D'] for row in rows] == ['', '0', '0.5']
    assert rows[2]['macs'] == '500'
    with open(str(tmp_path / 'history.json')) as stream:
        assert json.load(stream) == ROWS


def test_the_curve_is_a_picture(tmp_path: Any) -> None:
    """It changes with what it shows."""
    pytest.importorskip('matplotlib')
    write_history(str(tmp_path), ROWS)
    picture = (tmp_path / 'loop.png').read_bytes()
    assert picture.startswith(b'\x89PNG')
    assert draw_history(ROWS) == picture
    assert draw_history(ROWS[:2]) != picture


def test_steps_at_one_point_share_a_label() -> None:
    """As the last one and the strip do, which changes neither MACs nor accuracy."""
    assert _names_by_place([*ROWS[:2], dict(ROWS[1], step='stripped')], 1000) == {
        (100.0, 95.0): ['baseline'], (70.0, 94.0): ['macs 0.7', 'stripped']}
