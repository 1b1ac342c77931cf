"""Values of the wrong kind count as absent; damaged files are one line."""

from typing import Any

import pytest

from tf1pruning.errors import ModelError
from tf1pruning.report.run import reading


@pytest.mark.parametrize(('value', 'number', 'whole', 'text'), [
    (3, 3.0, 3, '3'), (2.5, 2.5, 2, '2.5'), (-1, -1.0, None, '-1'), (True, None, None, ''), ('7', None, None, '7'),
    (None, None, None, ''), ([1], None, None, ''), (float('nan'), None, None, ''), (10 ** 400, None, None, '')])
def test_numbers_and_texts(value: Any, number: Any, whole: Any, text: str) -> None:
    assert (reading.number(value), reading.whole(value), reading.text(value)) == (number, whole, text)


def test_objects_and_lists() -> None:
    assert reading.counts_by_name({'a': 1, 'b': 'x', 'c': 2.0}) == {'a': 1, 'c': 2}
    assert reading.numbers_by_name([1]) == {}
    assert (reading.items({'a': 1}), reading.items([1])) == ([], [1])
    assert (reading.flag(1), reading.flag(False)) == (None, False)


@pytest.mark.parametrize('content', [b'', b'{"a": ', b'\xff\xfe', b'[' * 100000])
def test_damaged(tmp_path: Any, content: bytes) -> None:
    path = tmp_path / 'plan.json'
    path.write_bytes(content)
    with pytest.raises(ModelError, match='is damaged, or no JSON') as error:
        reading.read_json(str(path))
    assert len(str(error.value).splitlines()) == 1


def test_huge_and_missing(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(reading, 'LARGEST_BYTES', 10)
    (tmp_path / 'plan.json').write_text('"' + 'a' * 20 + '"')
    with pytest.raises(ModelError, match='more than 10 bytes'):
        reading.read_json(str(tmp_path / 'plan.json'))
    with pytest.raises(ModelError, match='cannot read'):
        reading.read_json(str(tmp_path / 'none.json'))
