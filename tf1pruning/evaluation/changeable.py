"""A model's graph in a session, in which some weights can be given other values at little cost."""

from typing import Dict, Iterable, List, Mapping, Sequence

import numpy as np

from ..errors import ModelError
from ..graph.channels_last import channels_last
from ..graph.constants import set_constant
from ..graph.shapes import first_line, set_declared_shape
from ..graph.view import GraphView, parse_tensor
from ..model.frozen import frozen_nodes, without_nodes
from ..model.model import Model
from ..model.values import AnyValue, as_value, type_number
from ..tf1 import tf

_LARGE_BYTES = 1 << 20
"""Values above this size are variables anyway: TensorFlow would copy constants several times."""

_BRANCHING = ('Switch', 'RefSwitch', 'Merge', 'Enter', 'RefEnter', 'If', 'StatelessIf', 'While', 'StatelessWhile')


class ChangeableGraph:
    """One graph and one session; what must be changeable is a variable in it, everything else a constant.

    Feeding the weights instead would make TensorFlow prepare the graph anew for every set of tensors that is fed, and
    constants would have to be imported again. Nothing is added to the graph once it is there.

    Args:
        model: in inference form.
        tensors: names of variables or Const nodes.
        threads: how many an operation may use, and how many operations may run at once; 0 takes what is there.

    Raises:
        ModelError: TensorFlow refuses the graph.
    """

    def __init__(self, model: Model, tensors: Iterable[str], threads: int = 0) -> None:
        self._values: Dict[str, AnyValue] = {}
        definition = channels_last(self._definition(model, set(tensors)))
        self._view = GraphView(definition)
        self._assign: Dict[str, Sequence[tf.Tensor]] = {}
        config = tf.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
        with tf.Graph().as_default() as graph:
            self._session = tf.Session(graph=graph, config=config)
            try:
                tf.import_graph_def(definition, name='')
                for number, name in enumerate(self._values):
                    variable = graph.get_tensor_by_name(name + ':0')
                    value = tf.placeholder(variable.dtype.base_dtype, variable.shape, 'changeable_%d' % number)
                    self._assign[name] = (tf.assign(variable, value).op, value)
                graph.finalize()
                self.change({name: as_value(value).array() for name, value in self._values.items()})
            except (tf.errors.OpError, ValueError, KeyError) as error:
                self.close()
                raise ModelError('cannot run the model: %s' % first_line(error)) from error

    def _definition(self, model: Model, wanted: Iterable[str]) -> tf.GraphDef:
        """Returns the frozen graph with variables for what is wanted; notes their values."""
        graph = without_nodes(model.graph)
        for node, value in frozen_nodes(model):
            if node.op == 'Const' and (node.name in wanted or (value is not None and value.nbytes > _LARGE_BYTES)):
                held = value if value is not None else model.lazy(node.name)
                self._values[node.name] = held
                node = tf.NodeDef(name=node.name, op='VariableV2')
                node.attr['dtype'].type = type_number(held.dtype)
                set_declared_shape(node, held.shape)
            elif value is not None:
                set_constant(node, value.array())
            graph.node.add().CopyFrom(node)
        return graph

    @property
    def size(self) -> int:
        """How many operations the graph has."""
        return len(self._session.graph.get_operations())

    def original(self, name: str) -> np.ndarray:
        """Returns the value that a changeable tensor had at first."""
        return as_value(self._values[name]).array()

    def change(self, values: Mapping[str, np.ndarray]) -> None:
        """Gives changeable tensors other values."""
        for name, value in values.items():
            operation, placeholder = self._assign[name]
            self._session.run(operation, {placeholder: value})

    def run(self, tensors: Sequence[str], feeds: Mapping[str, np.ndarray]) -> List[np.ndarray]:
        """Runs the graph.

        Raises:
            ModelError: TensorFlow refuses to.
        """
        try:
            return list(self._session.run(list(tensors), dict(feeds)))
        except (tf.errors.OpError, ValueError, KeyError) as error:
            raise ModelError('cannot run the model: %s' % first_line(error)) from error

    def boundary(self, changing: Iterable[str], output: str) -> List[str]:
        """Returns the tensors from which an output can be computed after some changeable tensors have changed.

        They depend on what is fed, but not on what changes. Given `y = Conv(Conv(x, v), w)` and a changing w. Result:
        `Conv(x, v)`. Where a graph branches or loops, the placeholders.

        Args:
            changing: changeable tensors.
            output: the tensor that is computed.
        """
        needed = self._view.ancestors([parse_tensor(output).node])
        affected, varying = set(changing), {name for name in needed if self._view.op(name) == 'Placeholder'}
        placeholders = [name + ':0' for name in sorted(varying)]
        if self._view.operations.intersection(_BRANCHING):
            return placeholders
        for name in self._view.topological(needed):
            sources = {tensor.node for tensor in self._view.inputs[name]}
            if sources & affected:
                affected.add(name)
            if sources & varying:
                varying.add(name)
        found = {'%s:%d' % tensor: None for name in self._view.topological(affected & needed)
                 for tensor in self._view.inputs[name] if tensor.node in varying - affected}
        return list(found) or placeholders

    def close(self) -> None:
        """Closes the session."""
        self._session.close()
