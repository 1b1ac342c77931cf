"""Frozen graphs and SavedModels, run by a session."""

import os
import re
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..errors import ModelError
from ..graph.channels_last import channels_last
from ..graph.endpoints import likely_outputs
from ..graph.shapes import first_line
from ..model.frozen import load_frozen
from ..model.saved_model import SERVING, find_saved_model
from ..tf1 import tf
from .runtime import Port, Runtime


class GraphRuntime(Runtime):
    """A frozen graph or a SavedModel in a session.

    Args:
        path: the `.pb`, or the folder of the SavedModel.
        threads: how many an operation may use, and how many operations may run at once; 0 takes what is there.
        outputs: names of the outputs of a `.pb`, which does not say them itself; none takes the ends of the graph.

    Raises:
        ModelError: the file is missing or damaged, or TensorFlow refuses it.
    """

    def __init__(self, path: str, threads: int = 0, outputs: Sequence[str] = ()) -> None:
        with tf.Graph().as_default() as graph:
            self._session = tf.Session(graph=graph, config=tf.ConfigProto(
                intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads, device_count={'GPU': 0}))
            try:
                names = _load_saved_model(self._session, path) if find_saved_model(path) else _import(path, outputs)
                self.inputs, self.outputs = (tuple(_port(graph, key, name) for key, name in some.items())
                                             for some in names)
                tensors = [[graph.get_tensor_by_name(name) for name in some.values()] for some in names]
                self._tensors = tensors
                self._call = self._session.make_callable(tensors[1], tensors[0])
            except (tf.errors.OpError, ValueError, KeyError, OSError, RuntimeError) as error:
                self.close()
                raise ModelError('%s: TensorFlow %s refuses it: %s' % (path, tf.__version__, first_line(error))
                                 ) from error

    def run(self, feeds: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Runs the graph once."""
        try:
            return list(self._call(*feeds))
        except (tf.errors.OpError, ValueError) as error:
            raise ModelError('cannot run the graph: %s' % first_line(error)) from error

    def traced(self, feeds: Sequence[np.ndarray]) -> List[Tuple[str, str, float]]:
        """Runs the graph once and returns name, operation and milliseconds of every node that ran."""
        metadata = tf.RunMetadata()
        self._session.run(self._tensors[1], dict(zip(self._tensors[0], feeds)),
                          tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
        nodes = [node for device in metadata.step_stats.dev_stats for node in device.node_stats]
        labels = [_CARRIED_OUT.search(node.timeline_label) for node in nodes]
        return [(node.node_name, label.group(1), (node.op_end_rel_micros - node.op_start_rel_micros) / 1e3)
                for node, label in zip(nodes, labels) if label is not None and label.group(1) not in _NO_WORK]

    def close(self) -> None:
        """Closes the session."""
        self._session.close()


_CARRIED_OUT = re.compile(r' = (\w+)\(')
"""How a trace writes the operation, which need not be the graph's: TensorFlow fuses some."""
_NO_WORK = ('Const', 'HostConst', 'NoOp', '_Arg', '_Retval')

Names = Tuple[Dict[str, str], Dict[str, str]]
"""Names of tensors by what the file calls them: inputs and outputs."""


def _import(path: str, outputs: Sequence[str]) -> Names:
    """Imports a frozen graph into the default graph."""
    graph = load_frozen(path).graph
    tf.import_graph_def(channels_last(graph), name='')
    placeholders = [node.name + ':0' for node in graph.node if node.op == 'Placeholder']
    ends = [name if ':' in name else name + ':0' for name in outputs or likely_outputs(graph) or _ends(graph)]
    return dict(zip(placeholders, placeholders)), dict(zip(ends, ends))


def _ends(graph: tf.GraphDef) -> List[str]:
    """Returns the nodes that nobody reads, of a graph without convolutions and matrix products."""
    read = {text.lstrip('^').split(':')[0] for node in graph.node for text in node.input}
    return [node.name for node in graph.node if node.name not in read]


def _load_saved_model(session: tf.Session, path: str) -> Names:
    folder = path if os.path.isdir(path) else os.path.dirname(path)
    signatures = tf.saved_model.load(session, [tf.saved_model.SERVING], folder).signature_def
    if SERVING not in signatures:
        raise ModelError('%s has no signature %s: export it again' % (path, SERVING))
    chosen = signatures[SERVING]
    inputs, outputs = ({key: some[key].name for key in sorted(some)} for some in (chosen.inputs, chosen.outputs))
    return inputs, outputs


def _port(graph: tf.Graph, key: str, name: str) -> Port:
    tensor = graph.get_tensor_by_name(name)
    shape: Optional[Tuple[Optional[int], ...]] = None
    if tensor.shape.dims is not None:
        shape = tuple(tensor.shape.as_list())
    return Port(key, shape, tensor.dtype.as_numpy_dtype)
