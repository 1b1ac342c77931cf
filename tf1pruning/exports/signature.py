"""What goes in and out of an exported model: names, types, shapes."""

from typing import Any, Dict, NamedTuple

from ..graph.endpoints import find_placeholders
from ..model.model import Model
from ..tf1 import tf


class Signature(NamedTuple):
    """The TensorInfo protos of a model by the names that files give them: a tensor's own, without `:0`."""

    inputs: Dict[str, Any]
    outputs: Dict[str, Any]


def signature_of(model: Model, graph: tf.GraphDef) -> Signature:
    """Describes a model.

    Args:
        model: in inference form.
        graph: its frozen graph.
    """
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph, name='')
        return Signature(*({_key(name): tf.saved_model.build_tensor_info(imported.get_tensor_by_name(_full(name)))
                            for name in names} for names in (sorted(find_placeholders(graph)), model.outputs)))


def _key(name: str) -> str:
    return name[:-2] if name.endswith(':0') else name


def _full(name: str) -> str:
    return name if ':' in name else name + ':0'
