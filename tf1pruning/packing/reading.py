"""`.tfp` → Model, checkpoint, frozen graph."""

import contextlib
import os
import shutil
from typing import Dict, Iterator

from ..errors import ModelError, OutputError
from ..graph.constants import set_constant
from ..graph.shapes import declared_shape
from ..graph.sound import require_sound
from ..graph.view import VARIABLE_OPS
from ..model.checkpoint import save_checkpoint
from ..model.frozen import without_nodes
from ..model.graph_writer import GraphNode, write_graph
from ..model.model import Model, Weights
from ..model.values import type_number
from ..tf1 import tf
from .container import SectionReader
from .contents import FROZEN, TRAINING, Contents, from_bytes
from .cursor import DamagedError
from .rebuilding import rebuilt_meta
from .tensors import PackedValue

_UNSUSPICIOUS_BYTES = 1 << 28
_UNSUSPICIOUS_RATIO = 1000


class PackedModel:
    """A packed file, its lengths and checksums looked at, its tensors still packed.

    Args:
        reader: the file.

    Attributes:
        contents: its graph and its list of tensors.
        values: the tensors by name, decoded when they are read.

    Raises:
        ModelError: it is damaged.
    """

    def __init__(self, reader: SectionReader) -> None:
        self._reader = reader
        if not reader.sections:
            raise reader.damaged('it holds nothing')
        try:
            self.contents = from_bytes(reader.content(reader.sections[0]))
            self._operations = {node.name: node.op for node in self.contents.meta.graph_def.node}
            self.values = self._find_values()
            _require_fit(self.contents)
        except DamagedError as error:
            raise reader.damaged(error) from error

    def _find_values(self) -> Dict[str, PackedValue]:
        found: Dict[str, PackedValue] = {}
        sections = iter(self._reader.sections[1:])
        for tensor in self.contents.tensors:
            found[tensor.name] = PackedValue(self._reader, sections, tensor.shape, tensor.dtype)
        others = sum(1 for _ in sections)
        if others:
            raise DamagedError('%d sections belong to no tensor' % others)
        return found

    @property
    def nbytes(self) -> int:
        """How many bytes the tensors have."""
        return sum(value.nbytes for value in self.values.values())

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return self._reader.size

    def require_plausible(self) -> None:
        """Refuses what a hostile file would be.

        Raises:
            ModelError: very much comes out of very little.
        """
        if self.nbytes > max(_UNSUSPICIOUS_BYTES, _UNSUSPICIOUS_RATIO * self.size):
            raise ModelError('%s has %d bytes and would become %d: if you trust it, unpack it with --large'
                             % (self._reader.path, self.size, self.nbytes))

    def model(self) -> Model:
        """Returns the model; the values of its variables are decoded when they are read, constants are in it.

        Raises:
            ModelError: the graph is damaged.
        """
        contents = self.contents
        try:
            meta = contents.meta if contents.kind == TRAINING else self._with_constants(
                contents.meta if contents.kind == FROZEN else rebuilt_meta(contents))
        except DamagedError as error:
            raise self._reader.damaged(error) from error
        require_sound(meta.graph_def, self._reader.path)
        names = [] if contents.kind == FROZEN else [name for name in self.values if not self._is_constant(name)]
        return Model(contents.name, meta, Weights(self.values.__getitem__, names), contents.outputs,
                     frozen=contents.kind == FROZEN)

    def _is_constant(self, name: str) -> bool:
        return self.contents.kind != TRAINING and self._operations[name] == 'Const'

    def _with_constants(self, meta: tf.MetaGraphDef) -> tf.MetaGraphDef:
        full = tf.MetaGraphDef()
        full.CopyFrom(meta)
        for node in full.graph_def.node:
            if node.op == 'Const' and node.name in self.values:
                set_constant(node, self.values[node.name].array())
        return full

    def frozen_nodes(self) -> Iterator[GraphNode]:
        """Yields the nodes of a frozen graph, packed constants apart."""
        for node in self.contents.meta.graph_def.node:
            yield GraphNode(node, self.values.get(node.name))


def _require_fit(contents: Contents) -> None:
    """Checks that a graph and a list of tensors belong together.

    Raises:
        DamagedError: they do not.
    """
    if contents.kind == TRAINING:
        return
    nodes = {node.name: node for node in contents.meta.graph_def.node}
    for tensor in contents.tensors:
        node = nodes.get(tensor.name)
        if node is None or node.op not in (*VARIABLE_OPS, 'Const') or (contents.kind == FROZEN and node.op != 'Const'):
            raise DamagedError('tensor %s is none of the graph' % tensor.name)
        if node.attr['dtype'].type % 100 != type_number(tensor.dtype):
            raise DamagedError('tensor %s has another type in the graph' % tensor.name)
        if node.op != 'Const' and declared_shape(node) not in (None, tensor.shape):
            raise DamagedError('tensor %s has another shape in the graph' % tensor.name)


@contextlib.contextmanager
def opened(path: str) -> Iterator[PackedModel]:
    """Opens a packed file.

    Raises:
        ModelError: it is missing, no packed file, truncated or damaged.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ModelError('cannot read %s: %s' % (path, error.strerror)) from error
    try:
        if not os.path.isfile(path):
            raise ModelError('%s is no file: give one that `tf1pruning pack` wrote' % path)
        yield PackedModel(SectionReader(handle, path))
    finally:
        os.close(handle)


def unpack(packed: PackedModel, folder: str) -> str:
    """Writes the checkpoint, or the frozen graph, tensor by tensor into a folder that exists.

    Returns:
        Its prefix, or the path of the `.pb`.

    Raises:
        ModelError: the file is damaged.
        OutputError: the disk is too small, or the place cannot be written.
    """
    free = shutil.disk_usage(folder).free
    if packed.nbytes > free:
        raise OutputError('%d bytes would be unpacked, there are %d left in %s: choose another place'
                          % (packed.nbytes, free, folder))
    model = packed.model()
    if packed.contents.kind == FROZEN:
        path = os.path.join(folder, packed.contents.name + '.pb')
        return write_graph(path, packed.frozen_nodes(), without_nodes(packed.contents.meta.graph_def))
    return save_checkpoint(model, folder)
