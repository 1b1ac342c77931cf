"""Pickles that ask for more memory than there is, without making anything but plain data."""

import pickle
from typing import Any

import numpy as np
import pytest

from tf1pruning.errors import DataError, PlanError
from tf1pruning.filters_file import read_filters
from tf1pruning.plain_pickle import refuse_bomb
from train.data.cifar10_python import read_pickle

BOMB = b'\x80\x02]r\xff\xff\xff\x7f.'
"""An empty list, kept under the number 2,147,483,647: Python makes room for as many, 34 GB."""


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_is_no_bomb(protocol: int) -> None:
    refuse_bomb(pickle.dumps({'block': [[1, 2], 'a' * 300, list(range(1000))], 'same': np.arange(30)}, protocol))


@pytest.mark.parametrize('content', [BOMB, b']p2147483647\n.', b'', b'\x80\x02]', b'no pickle'])
def test_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match='room for|pickle exhausted|opcode'):
        refuse_bomb(content)


def test_both_readers_refuse_it(tmp_path: Any) -> None:
    (tmp_path / 'bomb.pkl').write_bytes(BOMB)
    with pytest.raises(PlanError, match='room for 2147483647 objects'):
        read_filters(str(tmp_path / 'bomb.pkl'))
    with pytest.raises(DataError, match='room for 2147483647 objects'):
        read_pickle(str(tmp_path / 'bomb.pkl'))
