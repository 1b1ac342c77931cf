"""The Model value: a graph, its weights, its inputs and outputs. Passes take one and give back another."""

from typing import Callable, Dict, Iterable, Iterator, Mapping, Optional, Tuple

import numpy as np

from ..errors import ModelError
from ..graph.inference import Input, Scalar
from ..graph.shapes import Shapes
from ..graph.tensor_arrays import infer_through_arrays
from ..graph.view import GraphView
from ..tf1 import tf
from .concrete import BATCH, concrete_placeholders, spelled_batches
from .values import AnyValue, Constant, Value, as_value
from .variables import Companion, Definitions, Variable, find_companions, find_variables, variable_definitions


class Weights(Mapping[str, np.ndarray]):
    """Values by parameter node (variable or Const), read when asked for, with changed ones laid over them.

    Args:
        read: gives the value of a name; called once for each.
        names: what can be read.
        changed: values that lie over these.
    """

    def __init__(self, read: Callable[[str], AnyValue], names: Iterable[str],
                 changed: Optional[Mapping[str, AnyValue]] = None) -> None:
        self._read = read
        self._names = frozenset(names)
        self._values: Dict[str, Value] = {name: as_value(value) for name, value in (changed or {}).items()}
        self._changed = frozenset(self._values)

    def lazy(self, name: str) -> Value:
        """Returns a value that is read when it is needed, in blocks or as a whole."""
        if name not in self._values:
            if name not in self._names:
                raise KeyError(name)
            self._values[name] = as_value(self._read(name))
        return self._values[name]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.lazy(name).array()

    def __contains__(self, name: object) -> bool:
        return name in self._names or name in self._changed

    def __iter__(self) -> Iterator[str]:
        return iter(self._names | self._changed)

    def __len__(self) -> int:
        return len(self._names | self._changed)

    def replaced(self, values: Mapping[str, AnyValue]) -> 'Weights':
        """Returns weights where some values are others."""
        changed: Dict[str, AnyValue] = {name: self._values[name] for name in self._changed}
        changed.update(values)
        return Weights(self.lazy, self._names, changed)

    def restricted(self, names: Iterable[str]) -> 'Weights':
        """Returns the weights of some nodes only."""
        wanted = set(names)
        return Weights(self.lazy, [name for name in self if name in wanted])


class Model:
    """A TensorFlow 1 model as an immutable value.

    Attributes:
        name: the file's stem, e.g. `model.ckpt-200`.
        meta: MetaGraphDef with the graph and its collections; a frozen graph has no collections.
        weights: value of every variable that the checkpoint holds, by node name.
        inputs: what to cut at or feed, by tensor name; empty means the graph's own placeholders.
        outputs: tensor names.
        feeds: scalars that stand for placeholders (training flags, keep probabilities).
        frozen: whether the weights are Const nodes of a `.pb`.
    """

    def __init__(self, name: str, meta: tf.MetaGraphDef, weights: Weights, outputs: Iterable[str] = (),
                 inputs: Optional[Mapping[str, Input]] = None, feeds: Optional[Mapping[str, Scalar]] = None,
                 frozen: bool = False) -> None:
        self.name = name
        self.meta = meta
        self.weights = weights
        self.outputs: Tuple[str, ...] = tuple(outputs)
        self.inputs: Dict[str, Input] = dict(inputs or {})
        self.feeds: Dict[str, Scalar] = dict(feeds or {})
        self.frozen = frozen
        self._view: Optional[GraphView] = None
        self._variables: Optional[Dict[str, Variable]] = None
        self._companions: Optional[Dict[str, Tuple[Companion, ...]]] = None
        self._definitions: Optional[Definitions] = None
        self._shapes: Optional[Shapes] = None
        self._batch = BATCH

    @property
    def graph(self) -> tf.GraphDef:
        """The GraphDef; not to be changed."""
        return self.meta.graph_def

    @property
    def view(self) -> GraphView:
        """An index over the graph, made once."""
        if self._view is None:
            self._view = GraphView(self.graph)
        return self._view

    @property
    def variables(self) -> Dict[str, Variable]:
        """The graph's variables by node name, whether the checkpoint holds them or not."""
        if self._variables is None:
            self._variables = find_variables(self.meta, self.view, self.definitions)
        return self._variables

    @property
    def definitions(self) -> Definitions:
        """For every collection that holds variables, their VariableDef by node name."""
        if self._definitions is None:
            self._definitions = variable_definitions(self.meta)
        return self._definitions

    @property
    def companions(self) -> Dict[str, Tuple[Companion, ...]]:
        """Optimizer slots and moving averages of every variable, by node name."""
        if self._companions is None:
            self._companions = find_companions(self.view, self.variables)
        return self._companions

    @property
    def shapes(self) -> Shapes:
        """Static shapes of everything the outputs need, inferred once; unknown sizes are made concrete.

        Raises:
            ModelError: TensorFlow refuses the graph.
        """
        if self._shapes is None:
            self._shapes = self._infer_shapes()
        return self._shapes

    @property
    def batch(self) -> int:
        """The batch size that `shapes` has where the placeholders leave it open."""
        assert self.shapes is not None
        return self._batch

    def _infer_shapes(self) -> Shapes:
        """Tries `BATCH`; where the graph refuses it, batch sizes that it spells itself."""
        nodes = self.view.ancestors(self.view.require(name, 'output node').node for name in self.outputs)
        refused: Optional[ModelError] = None
        batches = [BATCH]
        for batch in batches:
            try:
                shapes = infer_through_arrays(self.view, nodes,
                                              concrete_placeholders(self.view, self.inputs, nodes, batch))
            except ModelError as error:
                if refused is None:
                    refused = error
                    batches.extend(spelled_batches(self.view))
            else:
                self._batch = batch
                return shapes
        raise ModelError('%s; give the shapes of the inputs if they are not as assumed' % refused)

    def value(self, name: str) -> np.ndarray:
        """Returns the value of a variable or a Const.

        Raises:
            ModelError: the checkpoint lacks the variable.
        """
        return self.lazy(name).array()

    def lazy(self, name: str) -> Value:
        """Returns the value of a variable or a Const, to be read when it is needed.

        Raises:
            ModelError: the checkpoint lacks the variable.
        """
        node = self.view.nodes.get(name)
        if node is not None and node.op == 'Const':
            return Constant(node)
        try:
            return self.weights.lazy(name)
        except KeyError:
            raise ModelError('checkpoint %s lacks variable %r, which the outputs need' % (self.name, name)) from None

    def replace(self, **fields: object) -> 'Model':
        """Returns a model with some fields changed."""
        values = {'name': self.name, 'meta': self.meta, 'weights': self.weights, 'outputs': self.outputs,
                  'inputs': self.inputs, 'feeds': self.feeds, 'frozen': self.frozen}
        values.update(fields)
        changed = Model(**values)  # type: ignore[arg-type]
        if changed.meta is self.meta:
            changed._view, changed._variables, changed._companions = self._view, self._variables, self._companions
            changed._definitions = self._definitions
            if changed.outputs == self.outputs and changed.inputs == self.inputs:
                changed._shapes, changed._batch = self._shapes, self._batch
        return changed
