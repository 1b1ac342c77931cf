"""Model → `.tfp`."""

from typing import BinaryIO, Callable, Iterator, List

import numpy as np

from ..errors import ModelError, OutputError
from ..files import replacing
from ..model.model import Model
from ..model.slices import format_slice
from ..model.values import Value
from ..tf1 import tf
from .container import OVERHEAD, SectionReader, SectionWriter
from .contents import CHECKPOINT, FROZEN, TRAINING, Contents, Tensor, to_bytes
from .graphs import bare_graph, forward_nodes, packed_constants
from .reading import PackedModel
from .report import PackedTensor, Packing
from .tensors import write_tensor

Tell = Callable[[float], None]
"""Told what part of the work is done."""


def pack(model: Model, path: str, training: bool = False, tell: Tell = lambda part: None) -> Packing:
    """Writes a packed file, unpacks it and compares every bit, and only then puts it in its place.

    Args:
        model: in inference form, unless it is packed with all it has.
        path: where to.
        training: pack the whole meta graph and all tensors of the checkpoint, optimizer included.
        tell: called now and then.

    Returns:
        What each tensor takes.

    Raises:
        UnsupportedError: a tensor holds texts, or the graph is too large.
        OutputError: the place cannot be written, or what was written is not what was read.
    """
    contents = _all_of(model) if training else _forward_of(model)
    if not contents.tensors:
        raise ModelError('there is nothing to pack: the outputs (%s) need no weights; name others'
                         % ', '.join(model.outputs))
    with replacing(path) as (stream,):
        packing = _write(stream, model, contents, lambda part: tell(part / 2))
        _verify(stream, path, model, contents, lambda part: tell((1 + part) / 2))
    return packing


def _forward_of(model: Model) -> Contents:
    nodes = forward_nodes(model)
    constants = packed_constants(model, nodes)
    meta = tf.MetaGraphDef(graph_def=bare_graph(model, nodes, constants))
    tensors = [_tensor(model, name) for name in model.view.nodes
               if name in constants or (name in nodes and name in model.variables)]
    return Contents(FROZEN if model.frozen else CHECKPOINT, model.name, meta, model.outputs, tuple(tensors))


def _all_of(model: Model) -> Contents:
    if model.frozen:
        raise ModelError('%s is a frozen graph, which has no training part: name its outputs' % model.name)
    tensors = [Tensor(name, model.weights.lazy(name).dtype, model.weights.lazy(name).shape)
               for name in sorted(model.weights)]
    return Contents(TRAINING, model.name, model.meta, model.outputs, tuple(tensors))


def _tensor(model: Model, name: str) -> Tensor:
    value = model.lazy(name)
    variable = model.variables.get(name)
    if variable is None:
        return Tensor(name, value.dtype, value.shape)
    collections = [collection for collection, known in model.definitions.items() if name in known]
    return Tensor(name, value.dtype, value.shape, '' if variable.key == name else variable.key,
                  format_slice(variable.part, variable.shape), tuple(collections))


def _write(stream: BinaryIO, model: Model, contents: Contents, tell: Tell) -> Packing:
    writer = SectionWriter(stream)
    graph = to_bytes(contents)
    other = OVERHEAD + writer.section(graph)
    total = max(1, sum(_value(model, tensor.name).nbytes for tensor in contents.tensors))
    found: List[PackedTensor] = []
    done = 0
    for tensor in contents.tensors:
        value = _value(model, tensor.name)
        found.append(PackedTensor(tensor.name, value.shape, str(value.dtype), value.size, value.nbytes,
                                  write_tensor(writer, tensor.name, value)))
        done += value.nbytes
        tell(done / total)
    writer.finish()
    return Packing(tuple(found), len(graph), other)


def _value(model: Model, name: str) -> Value:
    return model.lazy(name) if name in model.view else model.weights.lazy(name)


def _verify(stream: BinaryIO, path: str, model: Model, contents: Contents, tell: Tell) -> None:
    """Reads what has been written and compares it with the model.

    Raises:
        OutputError: they differ.
    """
    packed = PackedModel(SectionReader(stream.fileno(), path))
    if to_bytes(packed.contents) != to_bytes(contents):
        raise OutputError('%s was not written as it should be: its graph is another; nothing is left of it' % path)
    packed.model()
    for number, tensor in enumerate(contents.tensors, 1):
        if not _same(_value(model, tensor.name), packed.values[tensor.name]):
            raise OutputError('%s was not written as it should be: tensor %s is another; nothing is left of it'
                              % (path, tensor.name))
        tell(number / len(contents.tensors))


def _same(first: Value, second: Value) -> bool:
    """Whether two tensors have the same shape, type and bits."""
    if (first.shape, first.dtype) != (second.shape, second.dtype):
        return False
    others, waiting = _bytes(second), np.zeros(0, np.uint8)
    for piece in _bytes(first):
        while waiting.size < piece.size:
            following = next(others, None)
            if following is None:
                return False
            waiting = np.concatenate([waiting, following]) if waiting.size else following
        if not np.array_equal(piece, waiting[:piece.size]):
            return False
        waiting = waiting[piece.size:]
    return not waiting.size and next(others, None) is None


def _bytes(value: Value) -> Iterator[np.ndarray]:
    for block in value.blocks():
        if block.size:
            yield np.ascontiguousarray(block).reshape(-1).view(np.uint8)
