"""The file of results: a row for each network and seed."""

import json
import os
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from tf1pruning.files import write_text
from tf1pruning.tf1 import tf

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'results', 'deep_compression.json')


def rows() -> List[Dict[str, Any]]:
    """Returns all rows."""
    if not os.path.exists(PATH):
        return []
    with open(PATH, encoding='utf-8') as stream:
        return list(json.load(stream))


def has(network: str, seed: int, teachers: Sequence[int]) -> bool:
    """Whether there is a row of a network and a seed, taught by the dense networks of some seeds."""
    return any(_key(row) == (network, seed, list(teachers)) for row in rows())


def add(**row: Any) -> None:
    """Adds a row, in place of one with other teachers, and writes the file."""
    found = [each for each in rows() if _key(each)[:2] != _key(row)[:2]] + [dict(row, tensorflow=tf.__version__)]
    write_text(PATH, '[\n%s\n]\n' % ',\n'.join(json.dumps(each) for each in found))


def _key(row: Mapping[str, Any]) -> Tuple[str, int, List[int]]:
    return row['network'], row['seed'], row['teachers']
