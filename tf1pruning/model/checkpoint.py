"""Checkpoints with their meta graph: files → Model, Model → files."""

import glob
import os
import re
from typing import Dict, List, Mapping, Optional, Tuple

import numpy as np
from google.protobuf.message import DecodeError

from ..errors import ModelError, OutputError
from ..files import write_bytes, write_text
from ..graph.inference import Input, Scalar
from ..graph.shapes import first_line
from ..tf1 import eager_mode, tf
from .model import Model, Weights
from .variables import Variable, format_slice

UNREADABLE = '[\\'
"""In a path, TensorFlow takes these for a pattern that the file itself does not match."""
_READ_ERRORS = (tf.errors.OpError, RuntimeError, ValueError, IndexError)
"""TensorFlow 2 says that a file is too short by an IndexError."""
_FILE_ENDINGS = re.compile(r'\.(index|meta|data-\d+-of-\d+)$')


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
    reader = open_checkpoint(prefix)
    stored = reader.get_variable_to_shape_map()
    shell = Model(os.path.basename(prefix), meta, Weights(_nothing, ()))
    held = _held(shell.variables, stored, prefix)
    rest = dict.fromkeys(set(stored) - {variable.key for variable in held.values()})

    def read(name: str) -> np.ndarray:
        variable = held.get(name)
        try:
            value = np.asarray(reader.get_tensor(variable.key if variable else name))
        except _READ_ERRORS as error:
            raise ModelError('checkpoint %s is damaged or truncated (%s): copy or save it again'
                             % (prefix, first_line(error))) from error
        if variable is not None and variable.part is not None:
            value = value[tuple(slice(start, start + size)
                                for start, size in zip(variable.part.offset, variable.shape))]
        return value

    return shell.replace(weights=Weights(read, list(held) + [key for key in rest if key not in held]))


def resolve_prefix(path: str) -> str:
    """Turns a prefix, a folder with a `checkpoint` file or the name of one of the files into the prefix.

    Raises:
        ModelError: there is no checkpoint; the message names those beside it.
    """
    if os.path.isfile(path):
        path = _FILE_ENDINGS.sub('', path)
    if os.path.isdir(path):
        return _latest_in(path)
    if _is_checkpoint(path):
        return path
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
    for prefix in (os.path.join(folder, os.path.basename(named)), named):
        if named and _is_checkpoint(prefix):
            return str(prefix)
    below = sorted(os.path.dirname(name) for name in glob.glob(os.path.join(glob.escape(folder), '*', 'checkpoint')))
    problem = 'it has no readable `checkpoint` file'
    if named:
        problem = 'its `checkpoint` file names %s, which is not there' % named
    raise ModelError('no checkpoint in folder %s: %s%s' % (
        folder, problem, _those_in(folder) or ('; try ' + ' or '.join(below[:3]) if below else '')))


def _is_checkpoint(prefix: str) -> bool:
    return os.path.isfile(prefix + '.index') or (os.path.isfile(prefix) and os.path.isfile(prefix + '.meta'))


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
    return meta


def open_checkpoint(prefix: str) -> 'tf.train.NewCheckpointReader':
    """Opens a checkpoint for reading.

    Raises:
        ModelError: it is missing, truncated or damaged, or TensorFlow takes its path for a pattern.
    """
    if any(character in prefix for character in UNREADABLE):
        raise ModelError('TensorFlow cannot read a checkpoint with [ or \\ in its path: rename %s' % prefix)
    try:
        reader = tf.train.load_checkpoint(prefix)
    except _READ_ERRORS as error:
        raise ModelError('checkpoint %s is damaged or truncated (%s): copy or save it again'
                         % (prefix, first_line(error))) from error
    _check_sizes(prefix)
    return reader


def _check_sizes(prefix: str) -> None:
    """An interrupted copy shows by its data files: the reader itself would notice only tensor by tensor."""
    shards = sorted(glob.glob(glob.escape(prefix) + '.data-*-of-*'))
    if os.path.isfile(prefix + '.index') and not shards:
        raise ModelError('checkpoint %s has an index but no data file (%s.data-…): copy or save it again'
                         % (prefix, prefix))
    for path in shards:
        count = int(path.rsplit('-of-', 1)[1])
        if count != len(shards):
            raise ModelError('checkpoint %s has %d of its %d data files: copy or save it again'
                             % (prefix, len(shards), count))


def _held(variables: Dict[str, Variable], stored: Mapping[str, List[int]], prefix: str) -> Dict[str, Variable]:
    """Returns the variables that the checkpoint holds."""
    held: Dict[str, Variable] = {}
    for name, variable in variables.items():
        shape = stored.get(variable.key)
        if shape is None:
            continue
        wanted = variable.part.full_shape if variable.part is not None else variable.shape
        if tuple(shape) != wanted:
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
    entries: List[Tuple[str, str, np.ndarray]] = []
    for name in sorted(model.weights):
        variable = model.variables.get(name)
        if variable is None:
            entries.append((name, '', model.weights[name]))
        else:
            entries.append((variable.key, format_slice(variable.part, variable.shape), model.weights[name]))
    write_tensors(prefix, entries)
    write_bytes(prefix + '.meta', model.meta.SerializeToString(deterministic=True))
    if pbtxt:
        write_text(prefix + '.pbtxt', str(model.graph))
    write_text(os.path.join(folder, 'checkpoint'), 'model_checkpoint_path: "%s"\nall_model_checkpoint_paths: "%s"\n'
               % (model.name, model.name))
    return prefix


def write_tensors(prefix: str, entries: List[Tuple[str, str, np.ndarray]]) -> None:
    """Writes (key, slice, value) triples as a checkpoint.

    One SaveV2, executed eagerly: a graph and a session for it would take ten times as long as the bytes do.

    Raises:
        OutputError: the place cannot be written.
    """
    keys, slices, values = zip(*entries) if entries else ((), (), ())
    try:
        with eager_mode():
            tf.raw_ops.SaveV2(prefix=prefix, tensor_names=list(keys), shape_and_slices=list(slices),
                              tensors=list(values))
    except tf.errors.OpError as error:
        raise OutputError('cannot write checkpoint %s: %s' % (prefix, first_line(error))) from error


def _nothing(name: str) -> np.ndarray:
    raise KeyError(name)
