"""Files that are damaged, truncated or hostile: one line, and no more memory than they have bytes."""

import contextlib
import random
import shutil
import struct
import tracemalloc
import zlib
from typing import Any, List

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import save_network
from tf1pruning.errors import ModelError, PruningError
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.table import varint
from tf1pruning.packing import opened, pack, unpack
from tf1pruning.packing.container import MARK, VERSION, SectionReader, SectionWriter
from tf1pruning.packing.contents import CHECKPOINT, Contents, Tensor, from_bytes, to_bytes
from tf1pruning.packing.cursor import DamagedError
from tf1pruning.packing.squeeze import restore, squeeze
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


@pytest.fixture(scope='module')
def sound(tmp_path_factory: Any) -> bytes:
    """A packed file."""
    folder = tmp_path_factory.mktemp('sound')
    saved = save_network('nested_se', folder)
    path = str(folder / 'model.tfp')
    pack(to_inference(load_checkpoint(saved.prefix, ('output',))), path)
    with open(path, 'rb') as stream:
        return stream.read()


def read(content: bytes, folder: Any) -> int:
    """Reads everything; returns how many tensors there are."""
    path = str(folder / 'damaged.tfp')
    with open(path, 'wb') as stream:
        stream.write(content)
    with opened(path) as packed:
        packed.require_plausible()
        packed.model()
        return sum(value.array() is not None for value in packed.values.values())


def sections_of(content: bytes, folder: Any) -> List[bytes]:
    path = str(folder / 'sound.tfp')
    with open(path, 'wb') as stream:
        stream.write(content)
    with open(path, 'rb') as stream:
        reader = SectionReader(stream.fileno(), path)
        return [reader.content(section) for section in reader.sections]


def put_together(sections: List[bytes], folder: Any) -> bytes:
    """Makes a file whose checksums are right, whatever is in it."""
    path = str(folder / 'made.tfp')
    with open(path, 'wb') as stream:
        writer = SectionWriter(stream)
        for section in sections:
            writer.section(section)
        writer.finish()
    with open(path, 'rb') as stream:
        return stream.read()


def test_what_is_sound_is_read(sound: bytes, tmp_path: Any) -> None:
    assert read(sound, tmp_path) > 10
    assert put_together(sections_of(sound, tmp_path), tmp_path) == sound


def test_every_changed_bit_and_every_cut_is_noticed(sound: bytes, tmp_path: Any) -> None:
    """Checksums find what is changed, lengths what is missing or too much."""
    chance = random.Random(0)
    for place in [*range(12), *(chance.randrange(len(sound)) for _ in range(80)), *range(len(sound) - 6, len(sound))]:
        changed = bytearray(sound)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(ModelError, match='damaged|not a packed model|version'):
            read(bytes(changed), tmp_path)
    for end in [*range(12), *(chance.randrange(len(sound)) for _ in range(40)), len(sound) - 1]:
        with pytest.raises(ModelError, match='damaged|not a packed model'):
            read(sound[:end], tmp_path)
    with pytest.raises(ModelError, match='damaged'):
        read(sound + b'\0', tmp_path)


def test_another_version(sound: bytes, tmp_path: Any) -> None:
    with pytest.raises(ModelError, match='version 9 of the format, this program reads 1'):
        read(sound[:4] + b'\x09' + sound[5:], tmp_path)


@pytest.mark.parametrize('length', [1 << 31, 1 << 62, (1 << 63) - 1])
def test_a_length_that_is_too_large_is_never_allocated(length: int, tmp_path: Any) -> None:
    body = MARK.encode() + bytes([VERSION]) + varint(length) + b'some'
    tracemalloc.start()
    with pytest.raises(ModelError, match='a section of %d bytes' % length):
        read(body + struct.pack('<I', zlib.crc32(body)), tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def graph_of(dtype: Any, shape: Any) -> tf.MetaGraphDef:
    meta = tf.MetaGraphDef()
    node = meta.graph_def.node.add(name='v', op='VariableV2')
    node.attr['dtype'].type = tf.as_dtype(dtype).as_datatype_enum
    node.attr['shape'].shape.CopyFrom(tf.TensorShape(shape).as_proto())
    return meta


def made(folder: Any, *sections: bytes, shape: Any = (4,), **fields: Any) -> bytes:
    """A file with one variable, checksums right."""
    tensor = Tensor('v', np.dtype(np.float32), tuple(shape))._replace(**fields)
    contents = Contents(CHECKPOINT, 'model', graph_of(np.float32, (4,)), ('v',), (tensor,))
    return put_together([to_bytes(contents), *sections], folder)


STORED = bytes([0, 0]) + bytes(16)


@pytest.mark.parametrize(('sections', 'fields', 'reason'), [
    ([], {}, 'no more sections'), ([STORED, STORED], {}, '1 sections belong to no tensor'),
    ([bytes([9])], {}, '9 where at most 4'), ([bytes([0])], {}, 'bytes are missing'),
    ([STORED + b'x'], {}, '1 bytes are left'), ([bytes([0, 77])], {}, 'no such form'),
    ([bytes([0, 2, 0])], {}, 'a codebook is empty'), ([STORED], {'name': 'w'}, 'w is none of the graph'),
    ([STORED], {'dtype': np.dtype(np.int32)}, 'another type'), ([STORED], {'shape': (2, 2)}, 'another shape'),
    ([STORED], {'part': 'x'}, 'no part of a variable'), ([STORED], {'part': '8 0,4:0,4'}, 'no part of a variable'),
    ([bytes([0, 3, 2, 0, 0, 1, 255])], {}, 'outside a tensor|no such symbol'),
    ([bytes([0, 3, 1, 0, 0, 1, 16, 3])], {}, 'inside a sparse one|no such')])
def test_what_no_program_writes(sections: Any, fields: Any, reason: str, tmp_path: Any) -> None:
    """With checksums that are right."""
    assert read(made(tmp_path, STORED), tmp_path) == 1
    with pytest.raises(ModelError, match='damaged or truncated .*' + reason):
        read(made(tmp_path, *sections, **fields), tmp_path)


def test_a_bomb(tmp_path: Any) -> None:
    """A gigabyte of zeros in a few kilobytes is refused, unless it is said that it may be."""
    zeros = bytes([3, 0, 0, 0, 0])
    count = 1 << 28
    run = varint(1 << 19) + zeros
    meta = graph_of(np.float32, (count,))
    contents = Contents(CHECKPOINT, 'model', meta, ('v',), (Tensor('v', np.dtype(np.float32), (count,)),))
    content = put_together([to_bytes(contents), *[run] * (count >> 19)], tmp_path)
    with pytest.raises(ModelError, match='would become 1073741824: .* --large'):
        read(content, tmp_path)


def test_names_that_lead_elsewhere(tmp_path: Any) -> None:
    for name in ('../model', '', '.hidden', 'a/b'):
        contents = Contents(CHECKPOINT, name, graph_of(np.float32, (4,)), ('v',), ())
        with pytest.raises(DamagedError, match='is no name of a model'):
            from_bytes(to_bytes(contents))


@pytest.mark.parametrize('content', [b'', b'abc', b'a' * 3000, np.random.RandomState(1).bytes(3000), bytes(1 << 20)],
                         ids=['nothing', 'short', 'repeated', 'noise', 'zeros'])
def test_graphs_are_squeezed(content: bytes) -> None:
    assert restore(squeeze(content)) == content
    assert len(squeeze(content)) < len(content) + 12


@pytest.mark.parametrize('squeezed', [b'', b'\x07\x01a', b'\x00\x02a', b'\x01\x03\xff\xff', b'\x02\x03\xff\xff',
                                      b'\x02' + varint(1 << 25) + b'abc', b'\x01' + varint(1 << 40) + b'abc'])
def test_what_is_no_graph(squeezed: bytes) -> None:
    with pytest.raises(DamagedError):
        restore(squeezed)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_sections_with_right_checksums(sound: bytes, tmp_path_factory: Any, choice: Any) -> None:
    """What they say is refused in one kind of error, or is read."""
    folder = tmp_path_factory.getbasetemp()
    sections = sections_of(sound, folder)
    number = choice.draw(st.integers(0, len(sections) - 1))
    section = bytearray(restore(sections[0]) if number == 0 else sections[number])
    for _ in range(choice.draw(st.integers(1, 3))):
        place = choice.draw(st.integers(0, len(section) - 1))
        section[place] = choice.draw(st.integers(0, 255))
    sections[number] = squeeze(bytes(section)) if number == 0 else bytes(section)
    with contextlib.suppress(PruningError):
        assert read(put_together(sections, folder), folder) > 0


def test_a_disk_that_is_too_small(sound: bytes, tmp_path: Any, monkeypatch: Any) -> None:
    path = str(tmp_path / 'model.tfp')
    with open(path, 'wb') as stream:
        stream.write(sound)
    usage = shutil.disk_usage(str(tmp_path))._replace(free=10)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage)
    with opened(path) as packed, pytest.raises(PruningError, match='there are 10 left'):
        unpack(packed, str(tmp_path))
