"""What a network of the zoo is, before and after it is written."""

from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from tf1pruning.graph.inference import Input
from tf1pruning.tf1 import tf

Builder = Callable[[], Tuple[tf.Tensor, tf.Tensor]]
"""Builds a network in the default graph; returns its input placeholder and its output."""


class Built(NamedTuple):
    """A network on disk.

    Attributes:
        path: its checkpoint, or a `.pb`.
        outputs: names of the tensors to compare: the logits, where the network ends in a softmax.
        inputs: what to cut at.
        feeds: what to run it with.
        constants: values of its other placeholders.
    """

    path: str
    outputs: Tuple[str, ...]
    inputs: Dict[str, Input]
    feeds: Dict[str, np.ndarray]
    constants: Mapping[str, Any] = {}


class Network(NamedTuple):
    """How to come by an architecture.

    Attributes:
        family: `keras`, `slim`, `small` or `model`.
        build: builds it, for random weights.
        scale: largest number in an image: networks that hold their own preprocessing read 0 … 255.
        made: instead of `build`, gives one that has weights; takes a folder for files.
    """

    family: str
    build: Optional[Builder] = None
    scale: float = 1.0
    made: Optional[Callable[[str], Built]] = None
