"""The networks in a run's folder: as it was, with all channels, and stripped."""

import glob
import os
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from ...channels import Channels, analyse
from ...errors import ModelError
from ...graph.endpoints import find_placeholders, likely_outputs
from ...graph.inference import Input, Scalar
from ...graph.shapes import declared_shape
from ...graph.view import TensorName
from ...model.load import load_model
from ...model.model import Model
from ...passes.to_inference import to_inference
from ...tf1 import tf
from .places import Places

_ENDLESS = ('NoOp', 'Const', 'Placeholder', 'PlaceholderWithDefault')
"""Nothing reads these in a graph of which they are no outputs either."""


class Networks(NamedTuple):
    """What a run began with and what it ended with, in inference form.

    Attributes:
        before: analysis of the network with all its channels.
        after: the stripped network; None where there is none yet.
    """

    before: Channels
    after: Optional[Model]


def find_before(places: Places) -> str:
    """Returns the path of a model with all channels, trained or soft-pruned, or an empty text."""
    folders = [places.directory('baseline'), places.directory('Pruned_Dir'),
               *(os.path.join(folder, 'Pruned_Dir') for folder in places.attempts())]
    return next((path for path in map(model_in, folders) if path), '')


def find_after(places: Places) -> str:
    """Returns the path of the stripped model, or an empty text."""
    folder = places.directory('Stripped_Dir')
    frozen = os.path.join(folder, 'modify.pb')
    return frozen if folder and os.path.isfile(frozen) else model_in(folder)


def model_in(folder: str) -> str:
    """Returns what is to be read of a folder: the folder of a checkpoint, its only `.pb`, or nothing."""
    if not os.path.isdir(folder):
        return ''
    if os.path.isfile(os.path.join(folder, 'checkpoint')):
        return folder
    graphs = glob.glob(os.path.join(glob.escape(folder), '*.pb'))
    return graphs[0] if len(graphs) == 1 else ''


def read_networks(before: str, after: str, outputs: Sequence[str]) -> Networks:
    """Reads both networks.

    Where the graph of the first is to be cut, the second shows: what reads its placeholders reads the data there.

    Args:
        before: path of the model with all channels.
        after: path of the stripped model, or nothing.
        outputs: names of the output nodes; without them, the ends of the stripped graph.

    Raises:
        PruningError: one of them is damaged, or they do not belong together.
    """
    names = tuple(outputs)
    stripped = load_model(after, names) if after else None
    if stripped is not None and not names:
        names = tuple(_ends(stripped)) if stripped.frozen else tuple(likely_outputs(stripped.graph))
    first = load_model(before)
    names = names or tuple(likely_outputs(first.graph))
    if not names:
        raise ModelError('%s says nowhere what its outputs are' % before)
    if stripped is not None:
        stripped = to_inference(stripped.replace(outputs=names))
    inputs = _cuts(first, stripped) if stripped is not None else {}
    model = first.replace(outputs=names, inputs=inputs, feeds=_feeds(first, stripped))
    return Networks(analyse(to_inference(model)), stripped)


def _ends(model: Model) -> List[str]:
    """Returns the nodes of an inference graph that nothing reads."""
    return [name for name, node in model.view.nodes.items()
            if name not in model.view.uses and node.op not in _ENDLESS]


def _cuts(model: Model, stripped: Model) -> Dict[str, Input]:
    """Returns the tensors of a graph in whose place the stripped graph has placeholders."""
    found: Dict[str, Input] = {}
    for name in find_placeholders(stripped.graph):
        tensor = _same_place(model, stripped, name)
        if tensor is not None and tensor.node != name:
            found[str(tensor)] = Input(name, declared_shape(stripped.view.nodes[name]))
    return found


def _same_place(model: Model, stripped: Model, placeholder: str) -> Optional[TensorName]:
    for use in stripped.view.uses.get(placeholder, ()):
        inputs = model.view.inputs.get(use.node, [])
        if use.position < len(inputs):
            return inputs[use.position]
    return None


def _feeds(model: Model, stripped: Optional[Model]) -> Mapping[str, Scalar]:
    """Gives the flags of a training graph the values that they have in inference: not training, keep everything."""
    known = set(stripped.view.nodes) if stripped is not None else set()
    feeds: Dict[str, Scalar] = {}
    for name in find_placeholders(model.graph):
        node = model.view.nodes[name]
        kind = node.attr['dtype'].type
        if name not in known and kind == tf.bool.as_datatype_enum:
            feeds[name] = False
        elif name not in known and kind == tf.float32.as_datatype_enum and declared_shape(node) == ():
            feeds[name] = 1.0
    return feeds
