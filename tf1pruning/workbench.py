"""Checkpoints of one network, read and analysed once each."""

from typing import Any, Dict, Iterable, Mapping, Optional, Tuple

from .channels import Channels, analyse
from .graph.inference import Input, Scalar
from .model.checkpoint import load_checkpoint
from .model.model import Model
from .passes.to_inference import to_inference


def parse_input(tensor: Any, value: Any) -> Tuple[str, Input]:
    """Understands one item of an `input_tensors_map`: a name, `(name, shape)` or a TensorFlow tensor as the value."""
    name = getattr(tensor, 'name', tensor)
    if isinstance(value, str):
        return str(name), Input(value.split(':')[0])
    if isinstance(value, (tuple, list)) and len(value) == 2 and isinstance(value[0], str):
        shape = None if value[1] is None else tuple(value[1])
        return str(name), Input(value[0].split(':')[0], shape)
    shape = tuple(value.shape.as_list()) if value.shape.dims is not None else None
    return str(name), Input(value.name.split(':')[0], shape)


class Workbench:
    """Gives the model and the channel analysis of a checkpoint; only the latest one is kept.

    Args:
        outputs: names of the output nodes.
        inputs: tensors to cut at.
        feeds: values of placeholders.
        rebuild_meta: path of a meta graph that stands for the inference graph; None derives it.
        rebuilt: checkpoints that hold an inference graph made earlier.
    """

    def __init__(self, outputs: Tuple[str, ...], inputs: Mapping[str, Input], feeds: Mapping[str, Scalar],
                 rebuild_meta: Optional[str], rebuilt: Iterable[str] = ()) -> None:
        self.outputs = outputs
        self.inputs = dict(inputs)
        self.feeds = dict(feeds)
        self.rebuild_meta = rebuild_meta
        self.rebuilt = set(rebuilt)
        self._latest: Tuple[str, Optional[Model], Optional[Channels]] = ('', None, None)

    def model(self, path: str) -> Model:
        """Returns a checkpoint as it is, its training part included."""
        if self._latest[0] != path or self._latest[1] is None:
            self._latest = (path, self._read(path), None)
        model = self._latest[1]
        assert model is not None
        return model

    def channels(self, path: str) -> Channels:
        """Returns the analysis of a checkpoint's inference form; the form itself is its `model`."""
        model = self.model(path)
        if self._latest[2] is None:
            source = model
            if self.rebuild_meta and path not in self.rebuilt:
                source = self._read(path, self.rebuild_meta)
            self._latest = (path, model, analyse(to_inference(source)))
        channels = self._latest[2]
        assert channels is not None
        return channels

    def adopt(self, path: str, model: Model, channels: Channels) -> None:
        """Takes over a checkpoint that was just written from these."""
        self._latest = (path, model, channels)
        if model is channels.model:
            self.rebuilt.add(path)

    def _read(self, path: str, meta_path: str = '') -> Model:
        """Reads a checkpoint; in a graph that was rebuilt before, the placeholders are there and the feeds gone."""
        model = load_checkpoint(path, self.outputs, meta_path=meta_path)
        inputs: Dict[str, Input] = {}
        for tensor, spec in self.inputs.items():
            placed = bool(spec.name) and model.view.op(spec.name) == 'Placeholder'
            inputs[spec.name if placed else tensor] = spec._replace(name='') if placed else spec
        feeds = {} if path in self.rebuilt else self.feeds
        if meta_path:  # an inference graph need not have the flags of the training graph
            feeds = {name: value for name, value in feeds.items() if name.split(':')[0] in model.view}
        return model.replace(inputs=inputs, feeds=feeds)
