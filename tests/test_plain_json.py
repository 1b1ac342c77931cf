"""JSON of any kind is read, or refused in one way and at once."""

import time
from typing import Any

import pytest

from tf1pruning.plain_json import load_json, parse_json


def test_plain_json(tmp_path: Any) -> None:
    (tmp_path / 'a.json').write_text('{"a": [1, -2.5, "ä", null, true, 12345678901234567890]}', encoding='utf-8')
    assert load_json(str(tmp_path / 'a.json')) == {'a': [1, -2.5, 'ä', None, True, 12345678901234567890]}


@pytest.mark.parametrize('text', ['', '{', '[1,]', 'nul', '[' * 100000, '{"a":' * 100000, '[%s]' % ('9' * 2000000)])
def test_refused_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match='Expecting|too deep|digits|delimiter'):
        parse_json(text)
    assert time.process_time() - began < 3


def test_what_is_no_text(tmp_path: Any) -> None:
    (tmp_path / 'a.json').write_bytes(b'"\xff"')
    with pytest.raises(ValueError, match='utf-8'):
        load_json(str(tmp_path / 'a.json'))
    with pytest.raises(OSError, match='nowhere'):
        load_json(str(tmp_path / 'nowhere'))
