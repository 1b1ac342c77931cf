"""Checkpoints of format V1 that TensorFlow's reader must not see: it ends the process at some of them."""

from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest

from tests import plain
from tf1pruning.errors import ModelError
from tf1pruning.model.checkpoint_v1 import CheckpointV1
from tf1pruning.model.table import make_table, read_table
from tf1pruning.tf1 import SavedTensorSlices, tf


@pytest.fixture
def path(tmp_path: Any) -> str:
    """A checkpoint with a vector, a part of something, and a complex number."""
    with tf.Graph().as_default(), plain.new_session() as session:
        tf.get_variable('a', initializer=np.arange(3, dtype=np.float32))
        tf.get_variable('c', initializer=np.array([1j, 2], np.complex64))
        tf.get_variable('p', [4, 2], partitioner=tf.fixed_size_partitioner(2))
        session.run(tf.global_variables_initializer())
        prefix = str(tmp_path / 'old.ckpt')
        tf.train.Saver(write_version=tf.train.SaverDef.V1).save(session, prefix, write_meta_graph=False)
    return prefix


def _tensor(saved: Any) -> Any:
    return next(tensor for tensor in saved.meta.tensor if tensor.name == 'a')


HEADERS: Dict[str, Callable[[Any], Any]] = {
    'negative': lambda saved: setattr(_tensor(saved).shape.dim[0], 'size', -3),
    'not the size of its parts': lambda saved: setattr(_tensor(saved).shape.dim[0], 'size', 10 ** 12),
    'more than can be counted': lambda saved: [_tensor(saved).shape.dim.add(size=2 ** 40) for _ in range(2)],
    'no rank': lambda saved: setattr(_tensor(saved).shape, 'unknown_rank', True),
    'no type': lambda saved: setattr(_tensor(saved), 'type', 0),
    'a part outside': lambda saved: setattr(saved.meta.tensor[-1].slice[0].extent[0], 'start', 3),
    'parts of other axes': lambda saved: saved.meta.tensor[-1].slice[0].extent.add(),
    'no tensors': lambda saved: saved.ClearField('meta'),
}
DATA: Dict[str, Callable[[Any], Any]] = {
    'too few numbers': lambda saved: saved.data.data.float_val.pop(),
    'too many numbers': lambda saved: saved.data.data.float_val.extend([1.0] * 9),
    'another name': lambda saved: setattr(saved.data, 'name', 'nowhere'),
    'no data': lambda saved: saved.ClearField('data'),
}


def _change(path: str, key: bytes, change: Callable[[Any], Any]) -> None:
    """Changes an entry; the checksums are right."""
    entries = dict(read_table(Path(path).read_bytes()))
    saved = SavedTensorSlices.FromString(entries[key])
    change(saved)
    entries[key] = saved.SerializeToString()
    Path(path).write_bytes(make_table(sorted(entries.items())))


def test_a_sound_one(path: str) -> None:
    checkpoint = CheckpointV1(path)
    assert checkpoint.value('a').array().tolist() == [0, 1, 2]
    assert checkpoint.value('c').array().tolist() == [1j, 2]
    _change(path, b'', lambda saved: None)
    assert CheckpointV1(path).value('p').array().shape == (4, 2)


@pytest.mark.parametrize('lie', list(HEADERS))
def test_a_header_that_lies(path: str, lie: str) -> None:
    _change(path, b'', HEADERS[lie])
    with pytest.raises(ModelError, match=r'old\.ckpt is damaged'):
        CheckpointV1(path)


@pytest.mark.parametrize('lie', list(DATA))
def test_data_that_lie(path: str, lie: str) -> None:
    key = next(key for key in dict(read_table(Path(path).read_bytes())) if b'a\0\1' in key)
    _change(path, key, DATA[lie])
    with pytest.raises(ModelError, match=r'old\.ckpt is damaged'):
        CheckpointV1(path)


def test_a_bit_that_changed(path: str) -> None:
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 3] ^= 1
    Path(path).write_bytes(bytes(content))
    with pytest.raises(ModelError, match=r'old\.ckpt is damaged'):
        CheckpointV1(path)
