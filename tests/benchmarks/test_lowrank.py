"""The tables of decompositions, and what a search hands on to the training after it."""

import json
from typing import Any

import pytest

from benchmarks.lowrank import __main__ as benchmark
from benchmarks.lowrank import finetuning, table
from benchmarks.lowrank.case import Places, path_of

ROW = {'kept': 0.5, 'summed_error': 20.123, 'before': 0.5, 'after': 0.9, 'updates': 7}
LAYERS = {'conv/kernel': {'ranks': [2, 3], 'density': 0.25}, 'logits/kernel': {'ranks': None, 'density': None}}


@pytest.fixture(name='results')
def make_results(tmp_path: Any, monkeypatch: Any) -> Any:
    """Keeps results in another folder."""
    path = str(tmp_path / 'lowrank_%s.json')
    monkeypatch.setattr(benchmark, 'RESULTS', path)
    monkeypatch.setattr(table, 'RESULTS', path)
    return benchmark.Results


def test_a_result_is_measured_once(results: Any) -> None:
    first = results('finetune')
    assert first.get('a') is None
    first.once('a', lambda value: value, 1)
    again = results('finetune')
    again.once('a', lambda value: value, 2)
    assert again.get('a') == 1


def test_rows_of_the_table(results: Any) -> None:
    """As it is, without data, by a loss of accuracy."""
    found = results('finetune')
    for key, row in (('net as it is', {'before': 0.95}), ('net tucker spread 0.5', ROW), ('net spars error 0.3', ROW),
                     ('net hybrid fixed_loss 0.02', ROW)):
        found.once(key, lambda row=row: row)
    assert table.finetunings()[-4:] == [
        '| net | as it is | | | | 95.00 % | | |',
        '| net | fixed_params 0.3, error | spars | 50.0 % | 20.12 | 50.00 % | 90.00 % | 7 |',
        '| net | fixed_params 0.5, spread | tucker | 50.0 % | 20.12 | 50.00 % | 90.00 % | 7 |',
        '| net | fixed_loss 0.02 | hybrid | 50.0 % | 20.12 | 50.00 % | 90.00 % | 7 |']


def test_only_sections_that_have_results(results: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """And what others have written on the page stays."""
    page = tmp_path / 'page.md'
    page.write_text('before\n%s\nstale\n%s\nafter\n' % (table.BEGIN, table.END))
    monkeypatch.setattr(table, 'PAGE', str(page))
    results('latency').once('net', lambda: {'as it is': (2.0, None), 'tucker': (1.0, 0.5)})
    table.main()
    text = page.read_text()
    assert (text.startswith('before\n'), text.endswith('\nafter\n'), 'stale' in text) == (True, True, False)
    assert [line for line in text.splitlines() if line.startswith('###')] == ['### Latency']
    assert '| net | tucker | 1.00 | 0.50 |' in text


def test_what_a_search_found_is_a_settings_file(tmp_path: Any) -> None:
    """That `decompose --settings` reads."""
    path = finetuning.settings_file(str(tmp_path / 'new'), 'net tucker fixed_loss 0.02', {'layers': LAYERS, 'kept': 1})
    with open(path) as stream:
        assert json.load(stream) == {'layers': LAYERS}


def test_where_networks_are() -> None:
    places = Places('models', 'data', 'trained/model.ckpt-9')
    assert path_of('resnet56', places).replace('\\', '/') == 'models/cifar10_resnet56/model.ckpt'
    assert path_of('resnet56_jpeg', places) == 'trained/model.ckpt-9'
