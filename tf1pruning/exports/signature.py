"""What goes in and out of an exported model: names, types, shapes."""

from typing import Any, Dict, NamedTuple

from ..errors import ModelError
from ..graph.endpoints import find_placeholders
from ..graph.shapes import first_line
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

    Raises:
        ModelError: TensorFlow refuses it.
    """
    with tf.Graph().as_default() as imported:
        try:
            tf.import_graph_def(graph, name='')
        except (tf.errors.OpError, ValueError) as error:
            raise ModelError('TensorFlow %s refuses the frozen model: %s' % (tf.__version__, first_line(error))
                             ) from error
        return Signature(*({_key(name): tf.saved_model.build_tensor_info(imported.get_tensor_by_name(_full(name)))
                            for name in names} for names in (sorted(find_placeholders(graph)), model.outputs)))


def _key(name: str) -> str:
    return name[:-2] if name.endswith(':0') else name


def _full(name: str) -> str:
    return name if ':' in name else name + ':0'
