"""The one place that imports TensorFlow: `tensorflow.compat.v1`, on 1.15 and on 2.x.

Importing it changes no global behaviour of TensorFlow 2: everything here builds its own `tf.Graph`.
Programs that *build* TF1 graphs (training scripts) call `use_tf1_behavior()` first.
"""

import logging
import os
import warnings
from typing import Optional

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')

with warnings.catch_warnings():
    # TensorFlow 1.15 warns about NumPy's deprecated type aliases, a dozen lines at every import.
    warnings.simplefilter('ignore', FutureWarning)
    import tensorflow.compat.v1 as tf
    from tensorflow.core.framework.op_def_pb2 import OpDef, OpList
    from tensorflow.core.framework.variable_pb2 import VariableDef
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow.core.protobuf.tensor_bundle_pb2 import BundleEntryProto, BundleHeaderProto
    from tensorflow.core.util.saved_tensor_slice_pb2 import SavedTensorSlices
    from tensorflow.python.distribute import distribute_coordinator
    from tensorflow.python.eager.context import eager_mode
    from tensorflow.python.framework import op_def_registry
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

__all__ = ['BundleEntryProto', 'BundleHeaderProto', 'OpDef', 'OpList', 'SavedModel', 'SavedTensorSlices', 'VariableDef',
           'eager_mode', 'function_def_to_graph_def', 'is_registered', 'is_tf1', 'op_definition', 'quiet',
           'release_server', 'tf',
           'use_tf1_behavior']


def is_tf1() -> bool:
    """Whether this is TensorFlow 1.x itself."""
    return bool(tf.__version__.startswith('1.'))


def use_tf1_behavior() -> None:
    """Switches TensorFlow 2.x to graphs, ref variables and TF1 control flow; nothing to do on 1.15."""
    if not is_tf1():
        tf.disable_v2_behavior()
    tf.disable_resource_variables()


def quiet() -> None:
    """Keeps TensorFlow's own deprecation and progress lines out of a command's output."""
    tf.logging.set_verbosity(tf.logging.ERROR)
    logging.getLogger('tensorflow').setLevel(logging.ERROR)


def op_definition(name: str) -> Optional[OpDef]:
    """Returns the definition of an operation, None where this TensorFlow has none of that name."""
    if hasattr(op_def_registry, 'get'):
        return op_def_registry.get(name)
    return op_def_registry.get_registered_ops().get(name)


def is_registered(name: str) -> bool:
    """Whether this TensorFlow has an operation; some have no definition in Python."""
    if op_definition(name) is not None:
        return True
    probe = tf.GraphDef()
    probe.node.add(name='probe', op=name)
    try:
        with tf.Graph().as_default():
            tf.import_graph_def(probe, name='')
    except (ValueError, KeyError, RuntimeError, tf.errors.OpError) as error:
        return 'not registered' not in str(error)
    return True


def release_server() -> None:
    """Lets go of the server that mirrored workers have; TensorFlow 1.15 would complain of it at the process's end."""
    vars(distribute_coordinator._thread_local).pop('server', None)
