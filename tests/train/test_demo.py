"""What the demo promises, and what it may delete."""

from typing import Any

import pytest

from tf1pruning.errors import OptionError, OutputError
from train import demo
from train.comparison import Comparison, Measured
from train.demo import RESULT, configure, make_room

BEFORE = Measured(0.99, 1000, 2000, 5000, 1.0, 20.0)
GOOD = Measured(0.985, 500, 900, 2000, 0.9, 10.0)


def test_table_has_a_line_for_each_figure() -> None:
    lines = Comparison(BEFORE, GOOD, 2e-7).table().splitlines()
    assert len(lines) == 9
    assert '-0.50 points' in lines[2]
    assert '1,000' in lines[3]
    assert '-50.0 %' in lines[3]
    assert '2.0e-07 relative' in lines[-1]


@pytest.mark.parametrize(('after', 'difference', 'missed'), [
    (GOOD, 1e-5, []),
    (GOOD, 2e-5, ['difference at most 1e-05']),
    (GOOD._replace(accuracy=0.97), 0.0, ['at most 1 point lower']),
    (GOOD._replace(macs=1100), 0.0, ['at least 50 % fewer MACs']),
    (GOOD._replace(parameters=600), 0.0, ['at least 45 % fewer parameters']),
])
def test_promises(after: Measured, difference: float, missed: Any) -> None:
    assert Comparison(BEFORE, after, difference).missed(1e-5, short=False) == missed


def test_short_runs_promise_exactness_and_a_smaller_network_only() -> None:
    worse = GOOD._replace(accuracy=0.1, macs=1999)
    assert Comparison(BEFORE, worse, 0.0).missed(1e-5, short=True) == []
    assert Comparison(BEFORE, BEFORE, 1.0).missed(1e-5, short=True) == [
        'difference at most 1e-05', 'fewer parameters', 'fewer MACs', 'a smaller file']


def test_a_difference_that_is_not_a_number_is_missed() -> None:
    assert Comparison(BEFORE, GOOD, float('nan')).missed(1e-5, short=True) == ['difference at most 1e-05']


def test_only_an_earlier_demo_is_replaced(tmp_path: Any) -> None:
    mine = tmp_path / 'mine'
    make_room(str(mine))
    (mine / 'checkpoint').write_text('old')
    make_room(str(mine))
    assert [path.name for path in mine.iterdir()] == [RESULT]
    (tmp_path / 'thesis.txt').write_text('precious')
    with pytest.raises(OutputError, match='not empty'):
        make_room(str(tmp_path))
    assert (tmp_path / 'thesis.txt').exists()


def test_short_configuration_has_fewer_steps() -> None:
    full, short = configure(False, 3), configure(True, 3)
    assert short[0].train.steps < full[0].train.steps
    assert short[1].retrain.steps < full[1].retrain.steps
    assert full[0].train.seed == full[1].retrain.seed == 3
    assert short[0].model == full[0].model


@pytest.mark.parametrize(('trouble', 'line', 'code'), [
    (KeyboardInterrupt(), 'demo: interrupted; what was there before is there still\n', 130),
    (OptionError('no such seed'), 'demo: no such seed\n', 2)])
def test_trouble_is_one_line(trouble: BaseException, line: str, code: int, monkeypatch: Any, capsys: Any) -> None:
    def prepare() -> None:
        raise trouble
    monkeypatch.setattr(demo, 'prepare', prepare)
    assert demo.main([]) == code
    assert capsys.readouterr().err == line
