"""A network whose outputs another one learns from, in the graph where that one trains."""

from typing import Dict, Mapping, Optional

import numpy as np

from ..errors import NameNotFoundError
from ..graph.inference import placeholder_of
from ..graph.view import parse_tensor
from ..model.frozen import frozen_graph
from ..model.model import Model
from ..passes.to_inference import to_inference
from ..tf1 import tf

_LARGE = 256
"""Constants of more numbers become variables: the graph, which estimators write as text, stays small."""


class Teacher(tf.train.SessionRunHook):
    """A frozen model, put into the default graph; as a hook, it gives its weights to every new session.

    The weights are local variables: no checkpoint holds them, and no optimizer sees them.

    Args:
        model: the model as it was read, with its outputs.
        inputs: input of the model → tensor of the graph that it reads; None means the tensors of the same names as
            those that the model was cut at, as in a graph of the same model_fn.
    """

    def __init__(self, model: Model, inputs: Optional[Mapping[str, str]] = None) -> None:
        self._model = model
        self._inputs = {placeholder_of(parse_tensor(tensor), spec).node: tensor
                        for tensor, spec in model.inputs.items()} if inputs is None else dict(inputs)
        self._values: Dict[tf.Variable, np.ndarray] = {}

    def output(self) -> tf.Tensor:
        """Puts the model into the default graph; returns its first output, which passes no gradient on.

        Raises:
            NameNotFoundError: a tensor for an input does not exist.
        """
        mapped = {str(parse_tensor(name)): find_tensor(tensor) for name, tensor in self._inputs.items()}
        self._values = {}
        with tf.control_dependencies(None), tf.name_scope('teacher/'):
            graph = frozen_graph(to_inference(self._model))
            for node in graph.node:
                if node.op == 'Const' and tf.as_dtype(node.attr['dtype'].type).is_floating:
                    value = tf.make_ndarray(node.attr['value'].tensor)
                    if value.size > _LARGE:
                        mapped[node.name] = self._weight(node.name, value)
                        node.ClearField('attr')
                        node.op = 'Placeholder'
                        node.attr['dtype'].type = tf.as_dtype(value.dtype).as_datatype_enum
            output, = tf.import_graph_def(graph, mapped, [_tensor_name(self._model.outputs[0])], name='network')
        return tf.stop_gradient(output)

    def after_create_session(self, session: tf.Session, coord: tf.train.Coordinator) -> None:
        """Loads the weights."""
        session.run([variable.initializer for variable in self._values],
                    {variable.initializer.inputs[1]: value for variable, value in self._values.items()})

    def _weight(self, name: str, value: np.ndarray) -> tf.Tensor:
        variable = tf.Variable(tf.zeros(value.shape, value.dtype), trainable=False, name=name, use_resource=True,
                               collections=[tf.GraphKeys.LOCAL_VARIABLES])
        self._values[variable] = value
        return tf.identity(variable)


def find_tensor(name: str) -> tf.Tensor:
    """Returns a tensor of the default graph by its name, with or without the number of the output.

    Raises:
        NameNotFoundError: there is none; the closest are named.
    """
    graph = tf.get_default_graph()
    try:
        return graph.get_tensor_by_name(_tensor_name(name))
    except (KeyError, ValueError):
        raise NameNotFoundError.closest('tensor', name, [op.name for op in graph.get_operations()]) from None


def _tensor_name(name: str) -> str:
    return '%s:%d' % parse_tensor(name)
