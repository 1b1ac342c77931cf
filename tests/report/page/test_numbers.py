"""Numbers as people read them."""

from typing import Any, List

import pytest

from tf1pruning.report.page import numbers


@pytest.mark.parametrize(('kind', 'value', 'shown'), [
    ('count', 1801664, '1,801,664'), ('short', 1801664, '1.80 M'), ('short', 999, '999'), ('short', 999999, '1.00 M'),
    ('short', 12345, '12.3 k'), ('short', 0, '0'), ('short', 2.5e15, '2500 T'), ('bytes', 512, '512 B'),
    ('bytes', 490130, '490 kB'), ('bytes', 1500000000, '1.50 GB'), ('part', 0.354, '35.4 %'),
    ('change', -0.5, '−50.0 %'), ('change', 0.01, '+1.0 %'), ('change', 0.0, '0 %'), ('points', -0.005, '−0.5 points'),
    ('ms', 0.648, '0.648 ms'), ('ms', 13.47, '13.5 ms'),
    ('difference', 1.54e-7, '1.5e-07'), ('difference', 0.0, '0'), ('truth', True, 'yes'), ('truth', False, 'no'),
    ('loss', 0.129, '0.1290'), ('seconds', 3.14, '3.1 s'), ('text', 'a', 'a'), ('text', '', '–'), ('count', None, '–')])
def test_show(kind: str, value: Any, shown: str) -> None:
    assert numbers.show(kind, value) == shown


def test_change() -> None:
    assert numbers.change(10, 5) == -0.5
    assert numbers.change(0, 5) is None
    assert numbers.change(None, 5) is None
    assert numbers.change(5, None) is None


@pytest.mark.parametrize(('low', 'high', 'expected'), [
    (0.0, 100.0, [0, 20, 40, 60, 80, 100]), (98.9, 99.7, [99.0, 99.2, 99.4, 99.6]), (3.0, 3.0, [3.0]),
    (30.0, 100.0, [40, 60, 80, 100])])
def test_ticks(low: float, high: float, expected: List[float]) -> None:
    assert numbers.ticks(low, high) == expected
