"""Tables and checksums against those that TensorFlow writes."""

import os
from typing import Any, Dict

import numpy as np
import pytest

from tests import builders
from tf1pruning.model import checksum, table


def test_checksum_of_a_known_text() -> None:
    """The check value of CRC-32C; in parts, it is that of the whole."""
    text = np.frombuffer(b'123456789', np.uint8)
    for extend in (checksum.extend, checksum.python_extend):
        assert extend(0, text) == 0xe3069283
        assert extend(extend(0, text[:4].copy()), text[4:].copy()) == 0xe3069283
        assert extend(0, text[:0]) == 0
    assert checksum.extend is not checksum.python_extend, 'this TensorFlow exports none: checkpoints are read slowly'


def test_a_table_that_tensorflow_wrote(tmp_path: Any) -> None:
    """The index of a checkpoint: its keys, sorted, after the header; written again, it has the same content."""
    prefix = builders.save_network('expanded', tmp_path).prefix
    with open(prefix + '.index', 'rb') as stream:
        content = stream.read()
    items = dict(table.read_table(content))
    assert list(items) == sorted(items)
    assert list(items)[0] == b''
    assert b'stem/kernel' in items
    assert dict(table.read_table(table.make_table(items.items()))) == items


@pytest.mark.parametrize('count', [0, 1, 16, 17, 20000])
def test_tables_of_any_size(count: int) -> None:
    """Nothing, a block, several blocks; keys that share their beginning."""
    items: Dict[bytes, bytes] = {b'scope/%06d/key' % number: b'v' * (number % 300) for number in range(count)}
    assert dict(table.read_table(table.make_table(items.items()))) == items


def test_what_is_no_table(tmp_path: Any) -> None:
    """Too short, other bytes at the end, one bit changed."""
    content = table.make_table([(b'key', b'value')])
    for damaged in (b'', content[1:-1], b'x' * 100, bytes([content[0] ^ 1]) + content[1:], content[20:]):
        with pytest.raises(ValueError, match='table|checksum'):
            dict(table.read_table(damaged))
    path = os.path.join(str(tmp_path), 'file')
    assert not table.is_table(path)
    for part, expected in ((content, True), (content[:-1], False), (b'', False)):
        with open(path, 'wb') as stream:
            stream.write(part)
        assert table.is_table(path) == expected


def test_numbers_of_seven_bits() -> None:
    """As in the format's description."""
    assert [table.varint(number) for number in (0, 127, 128, 300)] == [b'\0', b'\x7f', b'\x80\x01', b'\xac\x02']
