"""Files whose checksums are right and that would take much time or memory, or another exception, out of a few bytes."""

import os
import signal
from typing import Any, List, Tuple

import numpy as np
import pytest

from tests.builders import save_network
from tests.packing.test_container import STORED, graph_of, put_together, read
from tf1pruning.errors import ModelError, UnsupportedError
from tf1pruning.model.checkpoint import load_checkpoint
from tf1pruning.model.table import varint
from tf1pruning.packing import opened, pack, reading
from tf1pruning.packing.contents import CHECKPOINT, Contents, Tensor, from_bytes, to_bytes
from tf1pruning.packing.cursor import DamagedError
from tf1pruning.packing.node_count import require_few_nodes
from tf1pruning.packing.rebuilding import rebuilt_meta
from tf1pruning.packing.squeeze import restore, squeeze
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf


def field(number: int, content: bytes) -> bytes:
    """A field of a protobuf message, as it is serialised."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def contents_of(graph: bytes, collections: Tuple[bytes, ...] = ()) -> bytes:
    """The contents of a packed file without tensors."""
    texts = b''.join(varint(len(text)) + text for text in collections)
    return squeeze(bytes([CHECKPOINT]) + b'\x01m' + varint(0) + varint(len(graph)) + graph
                   + varint(len(collections)) + texts + varint(0))


EMPTY = b'\x0a\x00' * 1000
NODE = field(1, field(1, b'node') + field(2, b'NoOp'))


@pytest.mark.parametrize('graph', [
    field(2, EMPTY), field(2, EMPTY[:1000]) * 2, field(2, field(2, field(1, b'\x1a\x00' * 1000))), field(2, b'') * 1000,
    b'\x92\x00' + field(2, EMPTY)[1:], field(2, b'\x8a\x00\x00' * 1000)],
    ids=['nodes', 'two graphs', 'functions', 'empty graphs', 'a long tag', 'long tags'])
def test_more_nodes_than_there_can_be(graph: bytes) -> None:
    """They are counted before a message is made of them."""
    with pytest.raises(DamagedError, match='more nodes than fit'):
        from_bytes(contents_of(graph))


def test_as_many_nodes_as_there_can_be() -> None:
    graph = field(2, NODE * 1000)
    assert len(from_bytes(contents_of(graph)).meta.graph_def.node) == 1000
    require_few_nodes(b'\x08' + b'\xff' * 9 + b'\x01' + b'\x15abcd' + b'\x11abcdefgh' + graph)
    for others in (b'\x0b\x0c', b'\x08' + b'\xff' * 10, b'\x15abc', b'\x12\x09'):
        with pytest.raises(DamagedError):
            require_few_nodes(others)


def test_more_nodes_than_any_graph_has(monkeypatch: Any) -> None:
    """The writer keeps to it too."""
    monkeypatch.setattr('tf1pruning.packing.node_count.MOST_NODES', 100)
    with pytest.raises(DamagedError, match='or than 100'):
        from_bytes(contents_of(field(2, NODE * 101)))
    meta = tf.MetaGraphDef.FromString(field(2, NODE * 101))
    with pytest.raises(UnsupportedError, match='cannot be packed: the graph has more nodes'):
        to_bytes(Contents(CHECKPOINT, 'm', meta, (), ()))


def test_a_graph_that_comes_out_of_nothing() -> None:
    """A hundred times as much as there is, sixteen million bytes at most; what is written keeps to it."""
    with pytest.raises(DamagedError, match='101000 bytes cannot be in 1000'):
        restore(b'\x01' + varint(101000) + bytes(1000))
    with pytest.raises(DamagedError, match='at most 16777216'):
        restore(b'\x00' + varint((1 << 24) + 1) + bytes((1 << 24) + 1))
    for content in (bytes(1 << 20), b'some text ' * 10000, np.random.RandomState(0).bytes(5000) * 150):
        squeezed = squeeze(content)
        assert len(content) <= 100 * len(squeezed)
        assert restore(squeezed) == content
    meta = tf.MetaGraphDef()
    meta.graph_def.node.add(name='n' * (1 << 24), op='NoOp')
    with pytest.raises(UnsupportedError, match='the most that a packed file holds are 16777216'):
        to_bytes(Contents(CHECKPOINT, 'm', meta, (), ()))


def test_more_collections_than_a_number_has_bits() -> None:
    names = tuple(b'%d' % number for number in range(63))
    assert from_bytes(contents_of(b'', names[:62])).tensors == ()
    with pytest.raises(DamagedError, match='63 where at most 62 can be'):
        from_bytes(contents_of(b'', names))


def test_a_model_in_many_collections() -> None:
    def packed(count: int) -> bytes:
        tensor = Tensor('v', np.dtype(np.float32), (4,), collections=tuple('c%d' % each for each in range(count)))
        return to_bytes(Contents(CHECKPOINT, 'm', graph_of(np.float32, (4,)), ('v',), (tensor,)))

    assert len(from_bytes(packed(62)).tensors[0].collections) == 62
    with pytest.raises(UnsupportedError, match='63 collections, a packed file holds at most 62'):
        packed(63)


class CountedGraph:
    """A meta graph that counts how often its graph is looked at."""

    def __init__(self, meta: tf.MetaGraphDef) -> None:
        self._meta, self.count = meta, 0

    @property
    def graph_def(self) -> tf.GraphDef:
        """The graph."""
        self.count += 1
        return self._meta.graph_def


def test_time_grows_no_faster_than_a_model(tmp_path: Any, monkeypatch: Any) -> None:
    """The graph is not gone through for each tensor."""
    saved = save_network('nested_se', tmp_path)
    path = str(tmp_path / 'model.tfp')
    pack(to_inference(load_checkpoint(saved.prefix, ('output',))), path)
    with opened(path) as packed:
        meta, counted = rebuilt_meta(packed.contents), CountedGraph(packed.contents.meta)
        monkeypatch.setattr(reading, 'rebuilt_meta', lambda contents: meta)
        packed.contents = packed.contents._replace(meta=counted)
        assert len(packed.model().weights) > 10
    assert counted.count <= 2


def test_a_name_that_no_file_has() -> None:
    contents = Contents(CHECKPOINT, 'a\0b', graph_of(np.float32, (4,)), ('v',), ())
    with pytest.raises(DamagedError, match='is no name of a model'):
        from_bytes(to_bytes(contents))


def complex_file(folder: Any, sizes: List[int]) -> bytes:
    """A variable of four numbers of 16 bytes, in sections of some numbers of 8."""
    tensor = Tensor('v', np.dtype(np.complex128), (4,))
    contents = Contents(CHECKPOINT, 'model', graph_of(np.complex128, (4,)), ('v',), (tensor,))
    return put_together([to_bytes(contents), *(bytes([size, 0]) + bytes(8 * size) for size in sizes)], folder)


def test_half_a_number(tmp_path: Any) -> None:
    assert read(complex_file(tmp_path, [2, 6]), tmp_path) == 1
    with pytest.raises(ModelError, match='damaged or truncated .*a number is cut'):
        read(complex_file(tmp_path, [3, 5]), tmp_path)


def resource_file(folder: Any, shared_name: bytes) -> bytes:
    meta = graph_of(np.float32, (4,))
    meta.graph_def.node[0].op = 'VarHandleOp'
    meta.graph_def.node[0].attr['shared_name'].s = shared_name
    tensor = Tensor('v', np.dtype(np.float32), (4,))
    return put_together([to_bytes(Contents(CHECKPOINT, 'model', meta, ('v',), (tensor,))), STORED], folder)


def test_a_shared_name_that_is_no_text(tmp_path: Any) -> None:
    assert read(resource_file(tmp_path, b'shared'), tmp_path) == 1
    with pytest.raises(ModelError, match='damaged or truncated .*the shared name of v'):
        read(resource_file(tmp_path, b'\xff\xfe'), tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Any) -> None:
    path = str(tmp_path / 'pipe')
    os.mkfifo(path)

    def give_up(*_: Any) -> None:
        raise TimeoutError
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(10)
    try:
        with pytest.raises(ModelError, match='pipe is no file'), opened(path):
            pass
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
