"""What every program answers to what can go wrong."""

from typing import Any

import pytest

from tf1pruning.cli.program import guarded
from tf1pruning.errors import OptionError


def test_too_little_memory_is_one_line(capsys: Any) -> None:
    def ask() -> None:
        raise MemoryError
    assert guarded(ask, 'tf1pruning') == 2
    assert capsys.readouterr().err == (
        'tf1pruning: there is not enough memory for this: give the process more, or take a smaller model\n')


@pytest.mark.parametrize('count', [100, 100000])
def test_a_line_that_nobody_would_read_is_cut(capsys: Any, count: int) -> None:
    def fail() -> None:
        raise OptionError('no name\n' + 'x' * count)
    assert guarded(fail, 'tf1pruning') == 2
    said = capsys.readouterr().err
    assert said.startswith('tf1pruning: no name xxx')
    assert said.count('\n') == 1
    assert len(said) < 2100
