"""SavedModels: the graph of one, with its signature, and the checkpoint inside."""

import os
from typing import Iterable, Mapping, Optional, Tuple

import numpy as np
from google.protobuf import text_format
from google.protobuf.message import DecodeError

from ..errors import ModelError, OptionError
from ..graph.inference import Input, Scalar
from ..graph.shapes import Shape
from ..graph.sound import require_sound
from ..tf1 import SavedModel, tf
from .checkpoint import with_checkpoint
from .model import Model, Weights

_FILES = ('saved_model.pb', 'saved_model.pbtxt')
SERVING = 'serving_default'


def find_saved_model(path: str) -> str:
    """Returns the file of a SavedModel that a path means, the folder or the file itself; empty where it means none."""
    if os.path.basename(path) in _FILES and os.path.isfile(path):
        return path
    inside = [os.path.join(path, name) for name in _FILES if os.path.isfile(os.path.join(path, name))]
    return inside[0] if inside else ''


def variables_of(path: str) -> str:
    """Returns the prefix of the checkpoint beside a `saved_model.pb`; empty where all weights are constants."""
    prefix = os.path.join(os.path.dirname(path), 'variables', 'variables')
    return prefix if os.path.isfile(prefix + '.index') else ''


def load_saved_model(path: str, outputs: Iterable[str] = (), inputs: Optional[Mapping[str, Input]] = None,
                     feeds: Optional[Mapping[str, Scalar]] = None, signature: str = '') -> Model:
    """Reads a SavedModel of TensorFlow 1: the graph for serving and its variables.

    Args:
        path: the folder, or the `saved_model.pb` in it.
        outputs: names of the output nodes; none takes those of the signature.
        inputs: tensors to cut at; none takes those of the signature, where the outputs come from it, too.
        feeds: values of placeholders.
        signature: which one; empty takes `serving_default`, or the only one.

    Raises:
        ModelError: it is missing, damaged, or of TensorFlow 2.
        OptionError: it has no such signature.
    """
    found = find_saved_model(path)
    if not found:
        raise ModelError('no SavedModel %s (expected %s in it)' % (path, _FILES[0]))
    meta = _graph_for_serving(found)
    variables = variables_of(found)
    model = with_checkpoint(meta, variables) if variables else Model('', meta, Weights(_no_value, ()))
    outputs = tuple(outputs)
    if not outputs:
        outputs, own = _signature(meta, signature, found)
        inputs = inputs or own
    name = os.path.basename(os.path.dirname(os.path.abspath(found)))
    return model.replace(name=name, outputs=outputs, inputs=dict(inputs or {}), feeds=dict(feeds or {}),
                         frozen=not model.variables)


def _graph_for_serving(path: str) -> tf.MetaGraphDef:
    saved = SavedModel()
    try:
        with open(path, 'rb') as stream:
            content = stream.read()
        if path.endswith('.pbtxt'):
            text_format.Parse(content.decode(), saved)
        else:
            saved.ParseFromString(content)
    except OSError as error:
        raise ModelError('cannot read %s: %s' % (path, error.strerror)) from error
    except (DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise ModelError('%s is no SavedModel, or it is truncated: copy or save it again' % path) from error
    graphs = list(saved.meta_graphs)
    serving = [meta for meta in graphs if 'serve' in meta.meta_info_def.tags] or graphs
    if len(serving) != 1:
        raise ModelError('%s has %d graphs (%s), none of them the one for serving: save it with the tag serve' % (
            path, len(graphs), '; '.join(','.join(meta.meta_info_def.tags) for meta in graphs)))
    if len(serving[0].object_graph_def.nodes) > 1:
        raise ModelError('%s is a SavedModel of TensorFlow 2: freeze it first (convert_variables_to_constants_v2) and '
                         'give the .pb' % path)
    require_sound(serving[0].graph_def, path)
    return serving[0]


def _signature(meta: tf.MetaGraphDef, wanted: str, path: str) -> Tuple[Tuple[str, ...], Mapping[str, Input]]:
    """Returns the outputs and inputs that a signature names; none where the SavedModel has no signature."""
    known = sorted(name for name in meta.signature_def if meta.signature_def[name].outputs)
    name = wanted or (SERVING if SERVING in known or len(known) != 1 else known[0])
    if name not in known:
        if wanted or len(known) > 1:
            raise OptionError('%s has no signature %s; it has %s' % (path, name, ', '.join(known) or 'none'))
        return (), {}
    chosen = meta.signature_def[name]
    outputs = tuple(dict.fromkeys(chosen.outputs[key].name for key in sorted(chosen.outputs)))
    return outputs, {chosen.inputs[key].name: Input('', _shape(chosen.inputs[key].tensor_shape))
                     for key in sorted(chosen.inputs)}


def _shape(proto: 'tf.TensorShapeProto') -> Optional[Shape]:
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else int(dim.size) for dim in proto.dim)


def _no_value(name: str) -> np.ndarray:
    raise KeyError(name)
