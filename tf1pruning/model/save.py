"""One way out: a model of the kind it came as."""

import os

from .checkpoint import save_checkpoint
from .frozen import save_graph
from .model import Model


def save_model(model: Model, folder: str) -> str:
    """Writes `<folder>/<name>`, as a checkpoint or a `.pb`, with the whole graph that the model has.

    Returns:
        The checkpoint's prefix, or the path of the `.pb`.

    Raises:
        ModelError: there is nothing to write.
        OutputError: the place cannot be written.
    """
    os.makedirs(folder, exist_ok=True)
    if model.frozen:
        return save_graph(model.graph, os.path.join(folder, model.name + '.pb'))
    return save_checkpoint(model, folder)
