"""Entropy codes of symbols."""

from typing import Any

import numpy as np
import pytest

from tf1pruning.errors import OptionError
from tf1pruning.packing import range_coder
from tf1pruning.packing.codes import CODES, DEFLATE, HUFFMAN, RANGE, STORED, Prior, decode, encode, equal
from tf1pruning.packing.cursor import Cursor, DamagedError
from tf1pruning.packing.range_coder import decode_range, encode_range

RANDOM = np.random.RandomState(1)


@pytest.mark.parametrize('code', CODES)
@pytest.mark.parametrize('kinds', [2, 3, 17, 256])
@pytest.mark.parametrize('count', [0, 1, 7, 1000, 100003])
def test_every_code_gives_back_what_it_was_given(code: int, kinds: int, count: int) -> None:
    symbols = RANDOM.randint(0, kinds, count).astype(np.uint8)
    content = CODES[code].encode(symbols, equal(kinds))
    assert np.array_equal(CODES[code].decode(content, count, equal(kinds)), symbols)


def test_the_smallest_is_chosen() -> None:
    """Huffman's code spends at least one bit a symbol, the range coder no more than their entropy."""
    rare = (RANDOM.uniform(size=50000) < 0.01).astype(np.uint8)
    text = np.tile(RANDOM.randint(0, 256, 500), 20).astype(np.uint8)
    flat = RANDOM.randint(0, 256, 100000).astype(np.uint8)
    spread = np.minimum(RANDOM.geometric(0.02, 200000), 255).astype(np.uint8)
    for symbols, kinds, code in ((rare, 2, RANGE), (text, 256, DEFLATE), (flat, 256, STORED), (spread, 256, HUFFMAN)):
        coded = encode(symbols, equal(kinds), 'values')
        assert coded.content[0] == code
        assert np.array_equal(decode(Cursor(coded.content), symbols.size, equal(kinds)), symbols)
    assert len(CODES[HUFFMAN].encode(rare, equal(2))) > 6000
    assert len(CODES[RANGE].encode(rare, equal(2))) < 530


def test_what_is_expected_saves_what_would_have_to_be_learnt() -> None:
    symbols = RANDOM.choice(64, 100, p=np.arange(64, 0, -1) / 2080).astype(np.uint8)
    right, equals = np.arange(64, 0, -1) * 4, np.ones(64, np.int64)
    assert len(encode_range(symbols, right)) < len(encode_range(symbols, equals)) - 8


def test_counts_that_have_become_large() -> None:
    """They are halved, so that what comes later is learnt, too."""
    symbols = np.repeat(np.array([0, 1], np.uint8), 400000)
    content = encode_range(symbols, np.ones(2, np.int64))
    assert len(content) < 40000
    assert np.array_equal(decode_range(content, symbols.size, np.ones(2, np.int64)), symbols)


def test_shares_are_whole_numbers() -> None:
    """So that all machines have the same probabilities; also for counts that are far apart."""
    for counts in ([1, 1], [1, 1 << 22], [3, 0, 5], list(range(256))):
        shares = range_coder.shares_of(np.array(counts, np.int64))
        assert (shares.sum(), shares.min() >= 1) == (1 << 16, True)


def test_a_symbol_that_is_none() -> None:
    coded = encode(np.array([5] * 100, np.uint8), Prior(np.ones(8, np.int64)), 'values')
    with pytest.raises(DamagedError):
        decode(Cursor(coded.content), 100, equal(3))


@pytest.mark.parametrize('content', [b'', b'\x09\x00', b'\x00\x05ab', b'\x01\x02\xff\xff', b'\x03\x03abc',
                                     b'\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01'])
def test_what_is_no_code(content: bytes) -> None:
    with pytest.raises(DamagedError):
        decode(Cursor(content), 10, equal(200))


def test_a_bomb_does_not_go_off() -> None:
    """A million zeros come out of a thousand bytes; ten were announced."""
    content = CODES[DEFLATE].encode(np.zeros(1 << 20, np.uint8), equal(256))
    with pytest.raises(DamagedError, match='not 10 symbols'):
        CODES[DEFLATE].decode(content, 10, equal(256))


def test_without_the_library(monkeypatch: Any) -> None:
    """One line says what to install."""
    def need(*names: str) -> Any:
        raise OptionError('range coding needs constriction')
    monkeypatch.setattr(range_coder.extras, 'need', need)
    with pytest.raises(OptionError, match='needs constriction'):
        encode_range(np.zeros(4, np.uint8), np.ones(2, np.int64))
