"""Checkpoints of format V2, read and written without TensorFlow, against those that it reads and writes."""

import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import pytest

from tests import plain
from tf1pruning.errors import ModelError, OutputError
from tf1pruning.model.bundle import Bundle
from tf1pruning.model.bundle_writer import write_tensors
from tf1pruning.model.slices import Slice, parse_slice
from tf1pruning.model.table import make_table, read_table
from tf1pruning.model.values import BLOCK_BYTES
from tf1pruning.tf1 import BundleEntryProto, BundleHeaderProto, eager_mode, tf

RANDOM = np.random.RandomState(0)
WHOLE: List[Tuple[str, str, np.ndarray]] = [
    ('scalar', '', np.float32(3)), ('vector', '', np.arange(3)), ('kernel', '', RANDOM.rand(3, 3, 4, 5).astype('f2')),
    ('large', '', RANDOM.rand(700, 3000).astype(np.float32)), ('long', '', RANDOM.rand(BLOCK_BYTES)),
    ('empty', '', np.zeros((0, 4), np.float32)), ('flag', '', np.array([True, False])), ('complex', '', np.array([1j])),
    ('brain', '', RANDOM.rand(5, 3).astype(tf.bfloat16.as_numpy_dtype)),
    ('text', '', np.array([[b'hello', b''], [b'w' * 300, b'\xff']], object)),
]
PARTS = [('parts', '4 6 0,2:-', RANDOM.rand(2, 6)), ('parts', '4 6 2,2:-', RANDOM.rand(2, 6)),
         ('far', '100000 300 70000,200:200,100', RANDOM.rand(200, 100))]


def reference(prefix: str) -> None:
    """Writes the tensors with TensorFlow."""
    keys, specs, values = zip(*WHOLE + PARTS)
    with eager_mode():
        tf.raw_ops.SaveV2(prefix=prefix, tensor_names=list(keys), shape_and_slices=list(specs), tensors=list(values))


@pytest.fixture(params=['written by TensorFlow', 'written here'])
def prefix(request: Any, tmp_path: Any) -> str:
    """A checkpoint with every kind of tensor."""
    path = str(tmp_path / 'model.ckpt')
    if request.param == 'written here':
        write_tensors(path, WHOLE + PARTS)
    else:
        reference(path)
    return path


def test_files_are_those_that_tensorflow_writes(tmp_path: Any) -> None:
    """All bytes of the data file, and all entries of the index."""
    paths = [str(tmp_path / name) for name in ('first', 'second')]
    reference(paths[0])
    write_tensors(paths[1], WHOLE + PARTS)
    data, index = ([Path(path + ending).read_bytes() for path in paths]
                   for ending in ('.data-00000-of-00001', '.index'))
    assert data[0] == data[1]
    assert dict(read_table(index[0])) == dict(read_table(index[1]))


def test_every_kind_of_tensor(prefix: str) -> None:
    """Type, shape and numbers, from here and from TensorFlow; block by block they are the same."""
    bundle, reader = Bundle(prefix), tf.train.load_checkpoint(prefix)
    assert dict(bundle.shapes) == {key: tuple(shape) for key, shape in reader.get_variable_to_shape_map().items()}
    for key, _, expected in WHOLE:
        value = bundle.value(key)
        for found in (value.array(), reader.get_tensor(key), value.array()):
            assert found.dtype == np.asarray(expected).dtype
            assert np.array_equal(found, expected)
        blocks = [np.array(block) for block in value.blocks()]
        assert np.array_equal(np.concatenate(blocks) if blocks else value.array(), np.reshape(expected, (-1, (
            expected.shape or (1,))[-1])))
    assert len(list(bundle.value('large').blocks())) == -(-700 // (BLOCK_BYTES // 12000)) > 1


def test_parts(prefix: str) -> None:
    """The very slice that is stored, another one across two of them, all, and a part of what is stored as a whole."""
    bundle = Bundle(prefix)
    for key, spec, expected in PARTS:
        assert np.array_equal(bundle.value(key, parse_slice(spec), expected.shape).array(), expected)
    whole = np.concatenate([PARTS[0][2], PARTS[1][2]])
    assert np.array_equal(bundle.value('parts').array(), whole)
    assert np.array_equal(bundle.value('parts', Slice((4, 6), (1, 2)), (2, 4)).array(), whole[1:3, 2:])
    large = WHOLE[3][2]
    assert np.array_equal(bundle.value('large', Slice(large.shape, (100, 5)), (300, 2000)).array(),
                          large[100:400, 5:2005])


def test_a_bit_that_changed(tmp_path: Any) -> None:
    """The tensor is named, whether it is read as a whole or in blocks; the others are read."""
    path = str(tmp_path / 'model.ckpt')
    write_tensors(path, [('good', '', np.ones(10)), ('bad', '', np.ones((2, 1000)))])
    with open(path + '.data-00000-of-00001', 'r+b') as stream:
        stream.seek(-100, os.SEEK_END)
        stream.write(b'\x01')
    bundle = Bundle(path)
    assert bundle.value('good').array().tolist() == [1.0] * 10
    for read in (lambda: bundle.value('bad').array(), lambda: list(bundle.value('bad').blocks())):
        with pytest.raises(ModelError, match=r'model\.ckpt is damaged .*bad does not have its checksum'):
            read()


def test_files_that_are_replaced_while_they_are_read(tmp_path: Any) -> None:
    """What was opened is what is read: a model may be written over the one that it is computed from."""
    path = str(tmp_path / 'model.ckpt')
    write_tensors(path, [('a', '', np.zeros(3)), ('b', '', np.ones(3))])
    bundle = Bundle(path)
    write_tensors(path, [(key, '', bundle.value(key)) for key in ('b', 'a')])
    assert bundle.value('b').array().tolist() == [1, 1, 1]
    assert {key: value.tolist() for key, value in plain.values_of(path).items()} == {'a': [0] * 3, 'b': [1] * 3}
    assert sorted(os.listdir(str(tmp_path))) == ['model.ckpt.data-00000-of-00001', 'model.ckpt.index']


def test_what_cannot_be_written(tmp_path: Any) -> None:
    """Two tensors of one name, and no folder to write to; nothing is left behind."""
    with pytest.raises(OutputError, match='two of its tensors have the key a'):
        write_tensors(str(tmp_path / 'model.ckpt'), [('a', '', np.zeros(3)), ('a', '', np.ones(3))])
    assert os.listdir(str(tmp_path)) == []
    (tmp_path / 'file').write_text('')
    with pytest.raises(OutputError, match='file is not a folder'):
        write_tensors(str(tmp_path / 'file' / 'model.ckpt'), [('a', '', np.zeros(3))])


def _negative_shape(entry: Any) -> None:
    for dim in entry.shape.dim:
        dim.size = -dim.size


LIES: Dict[str, Callable[[Any], None]] = {
    'a large tensor': lambda entry: setattr(entry.shape.dim[0], 'size', 10 ** 12),
    'a negative shape of the right product': _negative_shape,
    'a negative place': lambda entry: setattr(entry, 'offset', -8),
    'a negative size': lambda entry: setattr(entry, 'size', -8),
    'a place behind the end': lambda entry: setattr(entry, 'offset', 2 ** 62),
    'another file': lambda entry: setattr(entry, 'shard_id', 3),
    'no type': lambda entry: setattr(entry, 'dtype', 0),
    'an unknown type': lambda entry: setattr(entry, 'dtype', 999),
}


@pytest.mark.parametrize('lie', list(LIES))
def test_an_index_with_right_checksums_that_lies(tmp_path: Any, lie: str) -> None:
    """It is found before anything is read or room is made for it."""
    path = str(tmp_path / 'model.ckpt')
    write_tensors(path, [('a', '', np.ones((2, 4)))])
    entries = dict(read_table(Path(path + '.index').read_bytes()))
    entry = BundleEntryProto.FromString(entries[b'a'])
    LIES[lie](entry)
    entries[b'a'] = entry.SerializeToString()
    Path(path + '.index').write_bytes(make_table(sorted(entries.items())))
    with pytest.raises(ModelError, match=r'model\.ckpt is damaged'):
        Bundle(path)


@pytest.mark.parametrize(('count', 'message'), [(2 ** 31 - 1, 'no data file'), (-5, 'it names none'), (0, 'none')])
def test_an_index_of_absurdly_many_files(tmp_path: Any, count: int, message: str) -> None:
    path = str(tmp_path / 'model.ckpt')
    write_tensors(path, [('a', '', np.ones(2))])
    entries = dict(read_table(Path(path + '.index').read_bytes()))
    entries[b''] = BundleHeaderProto(num_shards=count).SerializeToString()
    Path(path + '.index').write_bytes(make_table(sorted(entries.items())))
    with pytest.raises(ModelError, match=message):
        Bundle(path)


def test_a_key_that_is_no_text(tmp_path: Any) -> None:
    path = str(tmp_path / 'model.ckpt')
    write_tensors(path, [('a', '', np.ones(2))])
    entries = dict(read_table(Path(path + '.index').read_bytes()))
    entries[b'\xdf'] = entries.pop(b'a')
    Path(path + '.index').write_bytes(make_table(sorted(entries.items())))
    with pytest.raises(ModelError, match='is damaged'):
        Bundle(path)


SLICES: Dict[str, Callable[[Dict[bytes, Any], bytes], Any]] = {
    'of another type': lambda entries, part: setattr(entries[part], 'dtype', 2),
    'of another shape': lambda entries, part: entries[part].shape.dim[0].MergeFrom(type(
        entries[part].shape.dim[0])(size=1)),
    'gone': lambda entries, part: entries.pop(part),
    'outside': lambda entries, part: setattr(entries[b'p'].slices[0].extent[0], 'start', 9),
    'with other axes': lambda entries, part: entries[b'p'].slices[0].extent.add(start=0, length=1),
}


@pytest.mark.parametrize('lie', list(SLICES))
def test_slices_that_are_not_what_the_whole_says(tmp_path: Any, lie: str) -> None:
    """TensorFlow, which puts them together, ends the process at one of another type."""
    path = str(tmp_path / 'model.ckpt')
    write_tensors(path, [('p', '4 6 %d,2:-' % start, np.ones((2, 6), np.float32)) for start in (0, 2)])
    assert Bundle(path).value('p').array().shape == (4, 6)
    table = dict(read_table(Path(path + '.index').read_bytes()))
    entries = {key: BundleEntryProto.FromString(text) for key, text in table.items() if key}
    SLICES[lie](entries, min(key for key in entries if key.startswith(b'\0')))
    changed = {b'': table[b''], **{key: entry.SerializeToString() for key, entry in entries.items()}}
    Path(path + '.index').write_bytes(make_table(sorted(changed.items())))
    with pytest.raises(ModelError, match=r'model\.ckpt is damaged'):
        Bundle(path)
