"""Tensors of a model in inference form, example by example, from one session."""

import contextlib
from typing import Callable, Iterator, List, Sequence

import numpy as np

from ..calibration.examples import Example
from ..errors import ModelError
from ..graph.channels_last import channels_last
from ..graph.shapes import first_line
from ..graph.view import TensorName
from ..model.model import Model
from ..model.streamed_graph import streamed_graph
from ..tf1 import tf

Run = Callable[[Example], List[np.ndarray]]
"""From one batch of inputs to the tensors asked for."""


def tensor_text(tensor: TensorName) -> str:
    """Returns the name that TensorFlow has for a tensor: `node:0`."""
    return '%s:%d' % tensor


@contextlib.contextmanager
def tensors_of(model: Model, tensors: Sequence[TensorName]) -> Iterator[Run]:
    """Yields a function that runs a model.

    Args:
        model: in inference form.
        tensors: what it gives, in this order.

    Raises:
        ModelError: TensorFlow refuses to run it.
    """
    with running(), tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        tf.import_graph_def(channels_last(streamed_graph(model)), name='')
        wanted = [graph.get_tensor_by_name(tensor_text(tensor)) for tensor in tensors]

        def run(example: Example) -> List[np.ndarray]:
            with running():
                return list(session.run(wanted, dict(example)))
        yield run


@contextlib.contextmanager
def running() -> Iterator[None]:
    """Turns what TensorFlow says against running a model into one error.

    Raises:
        ModelError: it refuses.
    """
    try:
        yield
    except (tf.errors.OpError, ValueError, KeyError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError('cannot run the model: %s' % first_line(error)) from error
