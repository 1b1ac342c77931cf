"""Checkpoints with their meta graph: files → Model, Model → files."""

import glob
import os
import re
from typing import Dict, Iterable, Mapping, Optional, Tuple, Union

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import ModelError
from ..files import write_bytes, write_text
from ..graph.inference import Input, Scalar
from ..graph.sound import require_sound
from ..tf1 import tf
from .bundle import Bundle
from .bundle_writer import TensorEntry, write_tensors
from .checkpoint_v1 import CheckpointV1, find_v1
from .model import Model, Weights
from .saver import with_v2_saver
from .slices import format_slice
from .values import Value
from .variables import Variable

UNREADABLE = '[\\'
"""In a path, TensorFlow takes these for a pattern that the file itself does not match."""
_FILE_ENDINGS = re.compile(r'(\.(index|meta|data-\d+-of-\d+)|-[\d?]{5}-of-\d{5})$')
"""Of the files of a checkpoint; those of format V1 end in `-00000-of-00002`, and savers write `?????` for all."""


def load_checkpoint(prefix: str, outputs: Tuple[str, ...] = (), inputs: Optional[Mapping[str, Input]] = None,
                    feeds: Optional[Mapping[str, Scalar]] = None, meta_path: str = '') -> Model:
    """Reads a checkpoint's meta graph; the values are read when they are asked for.

    Args:
        prefix: path without `.index` or `.meta`, or a folder with a `checkpoint` file.
        outputs: names of the output nodes.
        inputs: tensors to cut at.
        feeds: values of placeholders.
        meta_path: the meta graph, if it is not `<prefix>.meta`.

    Raises:
        ModelError: a file is missing or damaged, or the two belong to different models.
    """
    prefix = resolve_prefix(prefix)
    model = with_checkpoint(read_meta_graph(meta_path or prefix + '.meta'), prefix)
    return model.replace(outputs=outputs, inputs=dict(inputs or {}), feeds=dict(feeds or {}))


def with_checkpoint(meta: tf.MetaGraphDef, prefix: str) -> Model:
    """Puts a meta graph and the values of a checkpoint together.

    Raises:
        ModelError: the checkpoint is missing or damaged, or the two belong to different models.
    """
    stored = open_checkpoint(prefix)
    shell = Model(os.path.basename(prefix), with_v2_saver(meta), Weights(_nothing, ()))
    held = _held(shell.variables, stored.shapes, prefix)
    rest = dict.fromkeys(set(stored.shapes) - {variable.key for variable in held.values()})
    return shell.replace(weights=_weights(stored, held, list(held) + [key for key in rest if key not in held]))


def read_back(model: Model, prefix: str) -> Model:
    """Returns the same model with its values read from a checkpoint that was written of it.

    They need not be computed again from those of the model before, which are more.
    """
    return model.replace(weights=_weights(open_checkpoint(prefix), model.variables, model.weights))


def _weights(stored: Union[Bundle, CheckpointV1], variables: Mapping[str, Variable], names: Iterable[str]) -> Weights:
    def find(name: str) -> Value:
        variable = variables.get(name)
        return stored.value(name) if variable is None else stored.value(variable.key, variable.part, variable.shape)

    return Weights(find, names)


def resolve_prefix(path: str) -> str:
    """Turns a prefix, a folder with a `checkpoint` file or the name of one of the files into the prefix.

    Raises:
        ModelError: there is no checkpoint; the message names those beside it.
    """
    if os.path.isdir(path):
        return _latest_in(path)
    for prefix in (_FILE_ENDINGS.sub('', path), path):
        if is_checkpoint(prefix):
            return prefix
    raise ModelError('no checkpoint %s (expected %s.index)%s' % (
        path or "''", path, _those_in(os.path.dirname(path)) or
        ': give a prefix, a folder with a `checkpoint` file, or a frozen .pb'))


def _latest_in(folder: str) -> str:
    """Returns the latest checkpoint of a folder: the one in it, also where its `checkpoint` file names another place.

    Raises:
        ModelError: the folder has none.
    """
    try:
        state = tf.train.get_checkpoint_state(folder)
    except ValueError:  # it names none
        state = None
    named = state.model_checkpoint_path if state is not None else ''
    named = _FILE_ENDINGS.sub('', named)
    for prefix in (os.path.join(folder, os.path.basename(named)), named):
        if named and is_checkpoint(prefix):
            return str(prefix)
    below = sorted(os.path.dirname(name) for name in glob.glob(os.path.join(glob.escape(folder), '*', 'checkpoint')))
    problem = 'it has no readable `checkpoint` file'
    if named:
        problem = 'its `checkpoint` file names %s, which is not there' % named
    raise ModelError('no checkpoint in folder %s: %s%s' % (
        folder, problem, _those_in(folder) or ('; try ' + ' or '.join(below[:3]) if below else '')))


def is_checkpoint(prefix: str) -> bool:
    """Whether there is a checkpoint of this name, of format V2 or V1."""
    return os.path.isfile(prefix + '.index') or bool(find_v1(prefix))


def _those_in(folder: str) -> str:
    """Returns `'; there is a, b'` for the checkpoints of a folder, or an empty text."""
    pattern = os.path.join(glob.escape(folder), '*.index')
    found = sorted(name[:-len('.index')] for name in glob.glob(pattern))
    return '; there is ' + ', '.join(found[:3]) if found else ''


def read_meta_graph(path: str) -> tf.MetaGraphDef:
    """Parses a `.meta` file.

    Raises:
        ModelError: it is missing or damaged.
    """
    meta = tf.MetaGraphDef()
    try:
        with open(path, 'rb') as stream:
            meta.ParseFromString(stream.read())
    except OSError as error:
        raise ModelError('cannot read the meta graph %s (%s): save it beside the checkpoint, or give a frozen .pb'
                         % (path, error.strerror)) from error
    except DecodeError as error:
        raise ModelError('%s is not a meta graph, or it is truncated: copy or save it again' % path) from error
    if not meta.graph_def.node:
        raise ModelError('%s holds no graph: it is empty or no meta graph; copy or save it again' % path)
    require_sound(meta.graph_def, path)
    return meta


def open_checkpoint(prefix: str) -> Union[Bundle, CheckpointV1]:
    """Opens a checkpoint for reading.

    Raises:
        ModelError: it is missing, truncated or damaged, or TensorFlow takes its path for a pattern.
    """
    if any(character in prefix for character in UNREADABLE):
        raise ModelError('TensorFlow cannot read a checkpoint with [ or \\ in its path: rename %s' % prefix)
    return Bundle(prefix) if os.path.isfile(prefix + '.index') else CheckpointV1(prefix)


def _held(variables: Dict[str, Variable], stored: Mapping[str, Tuple[int, ...]], prefix: str) -> Dict[str, Variable]:
    """Returns the variables that the checkpoint holds."""
    held: Dict[str, Variable] = {}
    for name, variable in variables.items():
        shape = stored.get(variable.key)
        if shape is None:
            continue
        wanted = variable.part.full_shape if variable.part is not None else variable.shape
        if shape != wanted:
            raise ModelError('variable %s has shape %s in %s.meta but %s in the checkpoint: they belong to different '
                             'models' % (variable.key, list(wanted), prefix, list(shape)))
        held[name] = variable
    if variables and not held:
        raise ModelError('checkpoint %s holds none of the variables of its .meta: they belong to different models'
                         % prefix)
    return held


def save_checkpoint(model: Model, folder: str, pbtxt: bool = False) -> str:
    """Writes `<folder>/<name>.data-…`, `.index`, `.meta` and the `checkpoint` file; the folder exists.

    Returns:
        The prefix.

    Raises:
        ModelError: the model has no variables.
        OutputError: the place cannot be written.
    """
    if not model.weights:
        raise ModelError('there is no checkpoint to write: the outputs (%s) need no variables; name others'
                         % ', '.join(model.outputs))
    prefix = os.path.join(folder, model.name)
    write_tensors(prefix, (_entry(model, name) for name in sorted(model.weights)))
    write_bytes(prefix + '.meta', model.meta.SerializeToString(deterministic=True))
    if pbtxt:
        write_text(prefix + '.pbtxt', str(model.graph))
    write_text(os.path.join(folder, 'checkpoint'), str(tf.train.generate_checkpoint_state_proto('.', model.name)))
    return prefix


def _entry(model: Model, name: str) -> TensorEntry:
    variable = model.variables.get(name)
    if variable is None:
        return name, '', model.weights.lazy(name)
    return variable.key, format_slice(variable.part, variable.shape), model.weights.lazy(name)


def _nothing(name: str) -> np.ndarray:
    raise KeyError(name)
