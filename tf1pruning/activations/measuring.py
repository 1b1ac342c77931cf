"""The calibration run."""

from typing import Callable, Dict, Iterable, Mapping

import numpy as np

from ..calibration.examples import Example
from ..errors import ModelError
from ..graph.view import TensorName
from ..model.model import Model
from .moments import Moments
from .session import tensors_of

Tell = Callable[[int], None]
"""Called with the number of examples that a batch had."""


def measure(model: Model, tensors: Mapping[TensorName, int], examples: Iterable[Example],
            tell: Tell = lambda count: None) -> Dict[TensorName, Moments]:
    """Runs a model on examples and gathers the moments of some tensors, channel by channel.

    One session, the weights as they are, and memory for one batch, however many there are.

    Args:
        model: in inference form.
        tensors: what is measured, with the axis of its channels.
        examples: batches of inputs.
        tell: called after every batch.

    Raises:
        ModelError: TensorFlow refuses to run it, or numbers are not finite; the message names the first such node.
    """
    place = {name: number for number, name in enumerate(model.view.topological(
        model.view.ancestors(tensor.node for tensor in tensors)))}
    names = sorted(tensors, key=lambda tensor: place[tensor.node])
    found: Dict[TensorName, Moments] = {}
    if not names:
        return found
    with tensors_of(model, names) as run:
        for number, example in enumerate(examples, 1):
            values = run(example)
            for name, value in zip(names, values):
                require_finite(model, name, value, number)
                moments = Moments.of(value, tensors[name])
                found[name] = found[name].merged(moments) if name in found else moments
            tell(len(values[0]) if values[0].ndim else 1)
    return found


def require_finite(model: Model, tensor: TensorName, value: np.ndarray, batch: int) -> None:
    """Checks that activations are numbers.

    Raises:
        ModelError: they are not.
    """
    if not np.isfinite(value).all():
        raise ModelError('activations of %s (%s) are not finite on batch %d of the examples: look at the weights '
                         'before it, and whether the examples are scaled as in training (--mean, --deviation)'
                         % (tensor, model.view.op(tensor.node), batch))
