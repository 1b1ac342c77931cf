"""Accuracy and loss of a model with some of its weights changed."""

from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Type

import numpy as np

from ..errors import DataError, ModelError, NameNotFoundError, OptionError
from ..graph.view import PASSING_OPS
from ..model.model import Model
from .changeable import ChangeableGraph
from .labelled import Labelled
from .measured import LOGITS, PROBABILITIES, Measured, judged, look_like_probabilities, require_in_range
from .open_batch import opened_batch

BATCH = 250
"""How many examples are run at once, where nobody says."""
_RESHAPING = (*PASSING_OPS, 'Reshape', 'Squeeze')
_NOTHING: Mapping[str, np.ndarray] = {}


class Evaluator:
    """Evaluates a classifier again and again: one session, one graph, the examples in memory once.

    A context manager, which closes the session.

    Args:
        model: in inference form; its first output is `[N, classes]`, logits or probabilities.
        labelled: the examples.
        tensors: parameters that will be changed, variables or Const nodes.
        batch: how many examples are run at once; the last batch may be smaller. A graph that has a batch size of its
            own is run with that.
        threads: how many TensorFlow may use; 0 leaves it to TensorFlow.

    Raises:
        ModelError: TensorFlow refuses the graph.
        NameNotFoundError: there is no such parameter.
        DataError: there are no examples.
        OptionError: the batch size is below 1.
    """

    def __init__(self, model: Model, labelled: Labelled, tensors: Iterable[str] = (), batch: int = BATCH,
                 threads: int = 0) -> None:
        if batch < 1:
            raise OptionError('a batch of %d examples is too small: take at least 1' % batch)
        if not labelled.size:
            raise DataError('there are no examples to evaluate on')
        self._tensors = tuple(tensors)
        for name in self._tensors:
            if model.view.op(name) != 'Const' and name not in model.weights:
                raise NameNotFoundError.closest('parameter', name, model.weights or model.view.nodes)
        self._labelled = labelled
        self._output = _tensor(str(model.view.require(model.outputs[0], 'output node')))
        self._form = _form_said(model)
        opened, fixed = opened_batch(model)
        self._batch, self._fixed = fixed or batch, fixed is not None
        self._graph = ChangeableGraph(opened, self._tensors, threads)

    def __enter__(self) -> 'Evaluator':
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Any, trace: Any) -> None:
        self._graph.close()

    @property
    def form(self) -> str:
        """What the output is, `logits` or `probabilities`; of a graph that does not say, the first batch decides."""
        if self._form is None:
            (first,), _ = next(self.batches([self._output]))
            self._form = PROBABILITIES if look_like_probabilities(self._checked(first)) else LOGITS
        return self._form

    @property
    def size(self) -> int:
        """How many operations the graph has; evaluating adds none."""
        return self._graph.size

    def evaluate(self, changed: Mapping[str, np.ndarray] = _NOTHING) -> Measured:
        """Measures the model with other values of some parameters, which have their own values again afterwards.

        Args:
            changed: values by parameter.

        Raises:
            NameNotFoundError: a parameter is none of `tensors`.
            ModelError: a value has another shape than its parameter, or the output is not `[N, classes]`.
            DataError: a label is no class of the output.
        """
        return self.evaluate_each([changed])[0]

    def evaluate_each(self, variations: Sequence[Mapping[str, np.ndarray]]) -> List[Measured]:
        """Measures the model with several sets of values, as `evaluate` does one by one, but in less time.

        What does not depend on any of the parameters that change is computed once for each batch, and not once for
        each variation: half of the work, for all layers of a network in turn.

        Args:
            variations: values by parameter.
        """
        for changed in variations:
            self._require_changeable(changed)
        form, sums = self.form, np.zeros((len(variations), 2))
        names = sorted({name for changed in variations for name in changed})
        own = {name: self._graph.original(name) for name in names}
        boundary = self._graph.boundary(names, self._output) if names else []
        try:
            for part in self._parts():
                feeds = self._before(part, boundary)
                for number, changed in enumerate(variations):
                    self._graph.change({**own, **changed})
                    outputs = self._cut(part, self._graph.run([self._output], feeds))[0]
                    correct, losses = judged(self._checked(outputs, part.labels), part.labels, form)
                    sums[number] += correct.sum(), losses.sum()
        finally:
            self._graph.change(own)
        return [Measured(*(float(each) / self._labelled.size for each in row)) for row in sums]

    def batches(self, tensors: Sequence[str], changed: Mapping[str, np.ndarray] = _NOTHING
                ) -> Iterator[Tuple[List[np.ndarray], np.ndarray]]:
        """Yields the values of some tensors, with the labels, for batch after batch.

        The parameters have their own values again when the last batch has been taken, or the iterator is closed.

        Args:
            tensors: names of nodes or tensors.
            changed: as for `evaluate`.
        """
        self._require_changeable(changed)
        names = [_tensor(name) for name in tensors]
        try:
            self._graph.change(changed)
            for part in self._parts():
                yield self._cut(part, self._graph.run(names, self._filled(part).inputs)), part.labels
        finally:
            self._graph.change({name: self._graph.original(name) for name in changed})

    def _parts(self) -> Iterator[Labelled]:
        for start in range(0, self._labelled.size, self._batch):
            yield self._labelled.taken(slice(start, start + self._batch))

    def _before(self, part: Labelled, boundary: Sequence[str]) -> Mapping[str, np.ndarray]:
        """Returns what is fed so that only what lies behind a boundary is computed."""
        inputs = self._filled(part).inputs
        if set(boundary) <= set(inputs):
            return inputs
        return dict(zip(boundary, self._graph.run(boundary, inputs)))

    def _cut(self, part: Labelled, values: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Takes away what belongs to no example, but filled the batch up."""
        padded = self._fixed and part.size < self._batch
        return [value[:part.size] if padded and np.ndim(value) and len(value) == self._batch else value
                for value in values]

    def _filled(self, part: Labelled) -> Labelled:
        """Returns a part as many examples as the graph takes: the last one is repeated where they are too few."""
        if not self._fixed or part.size == self._batch:
            return part
        return part.taken(np.minimum(np.arange(self._batch), part.size - 1))

    def _require_changeable(self, changed: Mapping[str, np.ndarray]) -> None:
        for name, value in changed.items():
            if name not in self._tensors:
                raise NameNotFoundError.closest('changeable parameter', name, self._tensors)
            shape = self._graph.original(name).shape
            if np.shape(value) != shape:
                raise ModelError('a value for %s has shape %s, expected %s' % (name, np.shape(value), shape))

    def _checked(self, outputs: np.ndarray, labels: Optional[np.ndarray] = None) -> np.ndarray:
        """Returns outputs as `[N, classes]`; axes of size 1 between are left out."""
        flat = outputs.reshape(len(outputs), -1) if np.ndim(outputs) > 1 and len(outputs) else np.zeros((0, 0))
        if flat.shape[1] < 2 or flat.shape[1] not in outputs.shape[1:] or outputs.dtype.kind != 'f':
            raise ModelError('output %s is %s of %s, but a number for each of at least two classes is needed: name '
                             'another one with --outputs' % (self._output, ' × '.join(map(str, np.shape(outputs))),
                                                             outputs.dtype))
        if labels is not None:
            if len(labels) != len(flat):
                raise ModelError('output %s has %d rows for %d examples' % (self._output, len(flat), len(labels)))
            require_in_range(labels, flat.shape[1], self._output)
        return flat


def _tensor(name: str) -> str:
    return name if ':' in name else name + ':0'


def _form_said(model: Model) -> Optional[str]:
    """Returns what the graph says of its first output; None where it says nothing."""
    source = model.view.source(model.view.require(model.outputs[0], 'output node'), _RESHAPING)
    return {'Softmax': PROBABILITIES, 'LogSoftmax': LOGITS, 'MatMul': LOGITS, 'BiasAdd': LOGITS, 'Conv2D': LOGITS
            }.get(model.view.op(source.node))
