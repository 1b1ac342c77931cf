"""A shipped file beside the checkpoint that it comes from: the same inputs, the outputs compared."""

from typing import List, Mapping, Sequence

import numpy as np

from ..calibration import Example, inputs_of
from ..errors import ModelError
from ..model.model import Model
from ..runtimes import open_runtime
from ..verify import Difference, compare, random_inputs, run

ROUNDS = 4
"""How many inputs a file is compared on, where no examples are given."""
_MOST = 16
"""How many examples are used."""


def sizes_of(model: Model, inputs_as_nchw: bool = False) -> Mapping[str, Sequence[int]]:
    """Returns the shapes of what a model in inference form takes, by tensor name; see `inputs_of`."""
    examples = {name: np.broadcast_to(0, each.shape) for name, each in inputs_of(model).items()}
    return {name: value.shape for name, value in _turned(examples, inputs_as_nchw).items()}


class Reference:
    """A model's own outputs, to compare files with.

    Args:
        model: in inference form, as the checkpoint has it.
        examples: what to run it on; none draws seeded random numbers in [0, 1).
    """

    def __init__(self, model: Model, examples: Sequence[Example] = ()) -> None:
        self._model = model
        self._inputs: List[Example] = list(examples[:_MOST]) or [random_inputs(model, 7 + each)
                                                                 for each in range(ROUNDS)]
        self._outputs: List[List[np.ndarray]] = []

    def difference(self, path: str, inputs_as_nchw: bool = False) -> Difference:
        """Runs a file and measures how far its outputs are from the model's.

        Each input counts by itself: the difference is the largest of all, relative to what is largest in the output.

        Raises:
            ModelError: the runtime refuses the file, or the model computes nothing that could be compared.
            OptionError: the runtime is not installed.
        """
        if not self._outputs:
            self._outputs = [run(self._model, feeds) for feeds in self._inputs]
            self._require_numbers()
        with open_runtime(path, outputs=self._model.outputs) as runtime:
            found = [compare(expected, runtime.run_named(_turned(feeds, inputs_as_nchw), self._model.outputs),
                             self._model.outputs) for feeds, expected in zip(self._inputs, self._outputs)]
        return max(found, key=lambda each: each.relative)

    def _require_numbers(self) -> None:
        for name, *values in zip(self._model.outputs, *self._outputs):
            if all(value.size and not np.isfinite(value).any() for value in values):
                raise ModelError('no number of output %s is finite, so nothing can be compared: give other examples '
                                 'with --calibration' % name)


def _turned(feeds: Example, inputs_as_nchw: bool) -> Example:
    return {name: value.transpose(0, 3, 1, 2) if inputs_as_nchw and value.ndim == 4 else value
            for name, value in feeds.items()}
