"""Activations at positions drawn at random: enough to see which channels go together."""

from typing import Dict, Iterable, Mapping

import numpy as np

from ..calibration.examples import Example
from ..graph.view import TensorName
from ..model.model import Model
from .measuring import require_finite
from .session import tensors_of


def sample(model: Model, tensors: Mapping[TensorName, int], examples: Iterable[Example], count: int = 4096,
           batches: int = 1, seed: int = 0) -> Dict[TensorName, np.ndarray]:
    """Runs a model on examples and draws positions of some tensors, as many from every batch.

    Args:
        model: in inference form.
        tensors: what is drawn from, with the axis of the channels.
        examples: batches of inputs.
        count: about how many positions of each tensor.
        batches: how many there will be.
        seed: of the draw.

    Returns:
        float32 `[positions, channels]` by tensor.

    Raises:
        ModelError: TensorFlow refuses to run it, or numbers are not finite.
    """
    names = list(tensors)
    found: Dict[TensorName, list] = {name: [] for name in names}
    random, each = np.random.RandomState(seed), max(1, -(-count // batches))
    if not names:
        return {}
    with tensors_of(model, names) as run:
        for number, example in enumerate(examples, 1):
            for name, value in zip(names, run(example)):
                require_finite(model, name, value, number)
                rows = np.moveaxis(value, tensors[name], -1).reshape(-1, value.shape[tensors[name]])
                taken = rows if len(rows) <= each else rows[random.choice(len(rows), each, replace=False)]
                found[name].append(np.asarray(taken, np.float32))
    return {name: np.concatenate(parts) for name, parts in found.items()}
