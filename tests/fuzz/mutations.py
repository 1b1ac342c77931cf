"""Ways to damage files: their bytes, the fields of their messages, the numbers and texts of their JSON."""

import json
import random
from typing import Any, Callable, List, Sequence, Tuple

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

NUMBERS = (-1, 0, 1, 2, 3, 7, -2, -9, 127, 128, 255, 256, 65536, 10 ** 6, 2 ** 31 - 1, 2 ** 31, -2 ** 31, 2 ** 32,
           10 ** 12, 2 ** 40, 2 ** 62, 2 ** 63 - 1, -2 ** 63)
TEXTS = ('', ' ', '/', '^', ':', ':0', '..', '../../escaped', '/etc/passwd', 'a' * 5000, 'ä', '"', '\n', '%s', '[',
         '\\', 'output', 'image', 'x:99999999999', '-1', '1e400', 'nan')
REALS = (0.0, -1.0, 1e-300, 1e308, float('inf'), float('-inf'), float('nan'))
BYTES = (b'', b'\0', b'\xff' * 8, b'\xff\xff\xff\xff\x0f', b'\x80' * 10 + b'\x01', b'\x0a\x05value', b'\n' * 40)
VALUES: Tuple[Any, ...] = (None, True, [], {}, [[]], {'name': []}, 1.5, '', 'name', [0, 0, 0], *NUMBERS, *REALS, *TEXTS)
_REALS = (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE)
_NARROW = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_ENUM)

Random = random.Random
Mutation = Callable[[bytes, Random], bytes]


def damaged_bytes(content: bytes, chance: Random) -> bytes:
    """Returns bytes with one to four places changed."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        place = chance.randrange(len(changed) + 1)
        some = chance.randrange(1, 1 + chance.choice((2, 8, 64, 4096)))
        way = chance.randrange(7)
        if way == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 1 and place < len(changed):
            changed[place] = chance.choice((0, 1, 0x7f, 0x80, 0xff))
        elif way == 2:
            changed[place:place] = chance.choice(BYTES)
        elif way == 3:
            del changed[place:place + some]
        elif way == 4:
            changed[place:place] = changed[place:place + some]
        elif way == 5:
            del changed[place:]
        else:
            piece = chance.choice(BYTES)
            changed[place:place + len(piece)] = piece
    return bytes(changed)


def damaged_text(content: bytes, chance: Random) -> bytes:
    """Returns a text with one to three of its words or lines changed, repeated, or gone."""
    lines = content.decode('utf-8', 'replace').split('\n')
    for _ in range(chance.choice((1, 1, 2, 3))):
        place = chance.randrange(len(lines))
        words = lines[place].split(' ')
        word = chance.randrange(len(words))
        way = chance.randrange(6)
        if way == 0:
            words[word] = str(chance.choice(VALUES))
        elif way == 1:
            words[word:word + 1] = [chance.choice('[{&*!|>%@-:"\'#,?'), words[word]]
        elif way == 2:
            words[word] = words[word] * chance.choice((0, 2, 50))
        elif way == 3:
            words[word] = chance.choice(_NASTY)
        lines[place] = ' '.join(words)
        if way == 4:
            lines[place:place + 1] = [lines[place]] * chance.choice((0, 2, 20))
        elif way == 5:
            lines[place] = chance.choice(('  ', '\t', '- ')) + lines[place]
    return '\n'.join(lines).encode('utf-8', 'replace')


_NASTY = ('[' * 3000, '{a: ' * 2000, '2001-99-99', '0b', '0x_', '!!int x', '!!float y', '!!python/object:os.system x',
          '9' * 6000, '&a [*a, *a]', '<<: 3', '1:60:60', '? [a] : b', '[a, [b]]', '{name: [x]}', '.inf', '.nan',
          '1e999', '~', '&a [1,1,1,1,1,1,1,1,1]')


def damaged_json(content: bytes, chance: Random) -> bytes:
    """Returns JSON with one to three values replaced, repeated, or gone."""
    whole = [json.loads(content.decode('utf-8'))]
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = [(whole, 0), *_places(whole[0])]
        holder, key = places[chance.randrange(len(places))]
        way = chance.randrange(4)
        if way == 0 and holder is not whole:
            del holder[key]
        elif way == 1 and isinstance(holder, list):
            holder.insert(key, holder[key])
        elif way == 2:
            holder[key] = [holder[key]] * chance.choice((1, 3))
        else:
            holder[key] = chance.choice(VALUES)
    return json.dumps(whole[0]).encode('utf-8')


def _places(value: Any) -> List[Tuple[Any, Any]]:
    """Lists every place below a value: its container, and its key or number there."""
    keys: Sequence[Any] = list(value) if isinstance(value, dict) else ()
    if isinstance(value, list):
        keys = range(len(value))
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


def damaged_message(kind: Any, times: Sequence[int] = (1, 1, 2, 4)) -> Mutation:
    """Makes a mutation that changes fields of a message."""
    def damage(content: bytes, chance: Random) -> bytes:
        message = kind.FromString(content)
        for _ in range(chance.choice(times)):
            damage_fields(message, chance)
        return message.SerializeToString(deterministic=True)
    return damage


def damage_fields(message: Message, chance: Random) -> None:
    """Changes one field somewhere in a message; large parts of it are met more often than small ones."""
    fields = message.ListFields()
    if not fields:
        return
    field, value = chance.choices(fields, [_weight(field, value) for field, value in fields])[0]
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        _damage_map(value, chance)
    elif field.label == FieldDescriptor.LABEL_REPEATED:
        _damage_list(field, value, chance)
    elif field.message_type is None:
        setattr(message, field.name, _scalar(field, value, chance))
    elif chance.random() < 0.1:
        message.ClearField(field.name)
    else:
        damage_fields(value, chance)


def _weight(field: FieldDescriptor, value: Any) -> float:
    if field.message_type is None:
        return 1.0
    return 1.0 + (len(value) if field.label == FieldDescriptor.LABEL_REPEATED else value.ByteSize()) ** 0.5


def _damage_map(entries: Any, chance: Random) -> None:
    key = chance.choice(sorted(entries))
    if chance.random() < 0.15:
        del entries[key]
    elif isinstance(entries[key], Message):
        if chance.random() < 0.1:
            entries[key].CopyFrom(entries[chance.choice(sorted(entries))])
        damage_fields(entries[key], chance)


def _damage_list(field: FieldDescriptor, values: Any, chance: Random) -> None:
    place = chance.randrange(len(values))
    way = chance.randrange(10)
    if way == 0:
        del values[place]
    elif way == 1 and field.message_type is not None:
        values.add().CopyFrom(values[place])
    elif way == 1:
        values.append(values[place])
    elif way == 2:
        other = values[chance.randrange(len(values))]
        if field.message_type is not None:
            values[place].CopyFrom(other)
        else:
            values[place] = other
    elif field.message_type is not None:
        damage_fields(values[place], chance)
    else:
        values[place] = _scalar(field, values[place], chance)


def _scalar(field: FieldDescriptor, value: Any, chance: Random) -> Any:
    """Returns another value of a field's type."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return not value
    if field.cpp_type in _REALS:
        return chance.choice(REALS)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return damaged_bytes(value, chance)
    if field.type == FieldDescriptor.TYPE_STRING:
        return chance.choice((chance.choice(TEXTS), value + ':1', '^' + value, value[:-1], value.upper()))
    bits = 32 if field.cpp_type in _NARROW else 64
    unsigned = field.cpp_type in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)
    number = chance.choice((*NUMBERS, value + 1, value - 1, value * 2, -value)) % 2 ** bits
    return number if unsigned or number < 2 ** (bits - 1) else number - 2 ** bits
