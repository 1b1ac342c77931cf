"""Ways to damage a checkpoint's table: entries with a right checksum that say what cannot be."""

import random
from typing import Any, Dict

from tests.fuzz.mutations import TEXTS, damage_fields, damaged_bytes
from tf1pruning.model.table import make_table, read_table
from tf1pruning.tf1 import BundleEntryProto, BundleHeaderProto, SavedTensorSlices

Random = random.Random


def damaged_table(content: bytes, chance: Random) -> bytes:
    """Returns a table with one or two entries changed, renamed, or gone, of an index or of a checkpoint in V1."""
    entries: Dict[bytes, bytes] = dict(read_table(content))
    is_v1 = bool(SavedTensorSlices.FromString(entries[b'']).meta.tensor)
    for _ in range(chance.choice((1, 1, 2))):
        key = chance.choice(sorted(entries)) if chance.random() < 0.8 else b''
        way = chance.randrange(8)
        if way == 0:
            entries[damaged_bytes(key, chance)] = entries.get(key, b'')
        elif way == 1:
            entries.pop(key, None)
        elif way == 2:
            entries[chance.choice(TEXTS).encode()] = entries.get(key, b'')
        elif way == 3:
            entries[key] = damaged_bytes(entries.get(key, b''), chance)
        elif key in entries:
            entries[key] = _changed(entries[key], SavedTensorSlices if is_v1 else BundleEntryProto if key else
                                    BundleHeaderProto, chance)
    return make_table(sorted(entries.items()))


def _changed(content: bytes, kind: Any, chance: Random) -> bytes:
    try:
        message = kind.FromString(content)
    except Exception:  # another mutation has been here
        return content
    damage_fields(message, chance)
    return message.SerializeToString(deterministic=True)
