"""Inference model → SavedModel with a signature for serving."""

import os

from ..files import write_bytes
from ..model.frozen import frozen_graph
from ..model.model import Model
from ..model.saved_model import SERVING
from ..tf1 import SavedModel, tf
from .signature import signature_of


def write_saved_model(model: Model, folder: str) -> None:
    """Writes a SavedModel whose weights are constants: one file that needs no restoring.

    The signature is `serving_default`, its keys are the names of the placeholders and of the outputs.

    Args:
        model: in inference form.
        folder: the new folder.

    Raises:
        OutputError: the place cannot be written.
    """
    graph = frozen_graph(model)
    described = signature_of(model, graph)
    saved = SavedModel(saved_model_schema_version=1)
    meta = saved.meta_graphs.add(graph_def=graph)
    meta.meta_info_def.tags.append(tf.saved_model.SERVING)
    meta.meta_info_def.tensorflow_version = tf.__version__
    meta.signature_def[SERVING].CopyFrom(tf.saved_model.build_signature_def(
        described.inputs, described.outputs, tf.saved_model.PREDICT_METHOD_NAME))
    write_bytes(os.path.join(folder, 'saved_model.pb'), saved.SerializeToString(deterministic=True))
