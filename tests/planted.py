"""Networks with channels that are constant, or copies of others."""

from typing import Any, Callable, Dict

import numpy as np

from tests import builders
from tests.surgery import load
from tf1pruning.channels import analyse
from tf1pruning.model.model import Model
from tf1pruning.passes.to_inference import to_inference
from tf1pruning.tf1 import tf
from tf1pruning.weights import with_values


def model_of(build: Callable[[], Any], folder: Any, seed: int = 1) -> Model:
    """Saves a network and reads its inference form."""
    return to_inference(load(builders.save_graph(build, folder, seed)).replace(inputs={}))


def changed(model: Model, change: Callable[[str, np.ndarray], None]) -> Model:
    """Returns a model whose values a function has changed in place."""
    values: Dict[str, np.ndarray] = {}
    for name in model.variables:
        values[name] = model.value(name).copy()
        change(name, values[name])
    return with_values(model, values)


def without_scale(model: Model, part: float = 0.34, seed: int = 0) -> Model:
    """Returns a model in which part of every batch norm's γ is zero: these channels are their β."""
    random, roles = np.random.RandomState(seed), analyse(model).roles

    def change(name: str, value: np.ndarray) -> None:
        if roles.get(name) == 'scale' and value.ndim == 1:
            value[random.permutation(value.size)[:int(value.size * part)]] = 0
    return changed(model, change)


def without_epsilon(model: Model) -> Model:
    """Returns a model whose batch norms do not say what they add to a variance, as a stripped graph's do not."""
    meta = tf.MetaGraphDef()
    meta.CopyFrom(model.meta)
    for node in meta.graph_def.node:
        if 'epsilon' in node.attr:
            del node.attr['epsilon']
    return model.replace(meta=meta)
