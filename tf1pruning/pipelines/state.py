"""What one stage hands on to the next: files."""

import os
from typing import Any, Dict, NamedTuple, Optional, Tuple

from ..errors import ModelError
from ..files import holds
from ..graph.inference import Input
from ..graph.shapes import Shape
from ..model.checkpoint import save_checkpoint
from ..model.frozen import save_frozen
from ..model.load import load_model
from ..model.model import Model

MODEL = 'model'


class State(NamedTuple):
    """Where things stand between two stages.

    Attributes:
        model: path of the model in inference form.
        reference: path of the model that it must compute the same as.
        plan: path of the plan that it is soft-pruned or was stripped by.
        original: path of the model as the pipeline began.
        outputs: names of the outputs.
        inputs: shapes of the inputs, by tensor name.
    """

    model: str
    reference: str
    plan: Optional[str]
    original: str
    outputs: Tuple[str, ...]
    inputs: Dict[str, Optional[Shape]]

    def load(self, path: str) -> Model:
        """Reads one of the models.

        Raises:
            ModelError: it is missing or damaged.
        """
        return load_model(path, self.outputs, {name: Input('', shape) for name, shape in self.inputs.items()})

    def moved(self, temporary: str, folder: str) -> 'State':
        """Returns the state with what is in a temporary folder where it will be."""
        paths: Dict[str, Any] = {name: getattr(self, name) for name in _PATHS}
        for name, path in paths.items():
            if path is not None and holds(temporary, path):
                paths[name] = os.path.join(folder, os.path.relpath(path, temporary))
        return self._replace(**paths)

    def to_json(self, folder: str) -> Dict[str, Any]:
        """Returns the state with paths as seen from a folder."""
        paths = {name: None if getattr(self, name) is None else os.path.relpath(getattr(self, name), folder)
                 for name in _PATHS}
        return dict(paths, outputs=self.outputs, inputs=self.inputs)

    @classmethod
    def from_json(cls, content: Dict[str, Any], folder: str) -> 'State':
        """Reads what `to_json` wrote.

        Raises:
            ModelError: it is something else.
        """
        try:
            paths = {name: content[name] if content[name] is None else os.path.normpath(
                os.path.join(folder, content[name])) for name in _PATHS}
            inputs = {name: shape if shape is None else tuple(shape) for name, shape in content['inputs'].items()}
            return cls(outputs=tuple(content['outputs']), inputs=inputs, **paths)
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelError('a stage in %s is damaged: remove its folder' % folder) from error


_PATHS = ('model', 'reference', 'plan', 'original')


def save(model: Model, folder: str) -> str:
    """Writes a model into a folder, as a checkpoint or a `.pb`; returns its path."""
    if model.frozen:
        return save_frozen(model, os.path.join(folder, MODEL + '.pb'))
    return save_checkpoint(model.replace(name=MODEL), folder)
