"""The channels of a graph while it trains: analysed once, scored on the weights of the moment."""

from typing import Dict

import numpy as np

from ..channels import Channels, analyse
from ..model.model import Model, Weights
from ..network import Network
from ..passes.to_inference import to_inference
from ..tf1 import tf
from .masks import read


class LiveChannels:
    """The channel analysis of a live graph, whatever checkpoints there are.

    Attributes:
        structure: the analysis; all its values are zeros.

    Args:
        graph: the graph; reads of its variables are added.
        network: which part of it to analyse.

    Raises:
        NameNotFoundError: an input or output does not exist.
        ModelError: TensorFlow refuses the forward part, or the inputs do not suffice for the outputs.
        UnsupportedError: the forward part cannot be put into inference mode.
    """

    def __init__(self, graph: tf.Graph, network: Network) -> None:
        self.structure = analyse(to_inference(live_model(graph, network)))
        self._reads = {name: read(graph.get_operation_by_name(name)) for name in self.structure.model.weights}

    def now(self, session: tf.Session) -> Channels:
        """Returns the analysis with the values that a session's variables have."""
        values: Dict[str, np.ndarray] = session.run(self._reads)
        return self.structure.with_weights(Weights(values.__getitem__, values))


def live_model(graph: tf.Graph, network: Network) -> Model:
    """Returns a live graph as a model; the values of all variables are zeros that take no memory."""
    meta = tf.MetaGraphDef()
    meta.graph_def.CopyFrom(graph.as_graph_def())
    for collection in (tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.TRAINABLE_VARIABLES):
        definitions = [variable.to_proto() for variable in graph.get_collection(collection)]
        meta.collection_def[collection].bytes_list.value.extend(each.SerializeToString() for each in definitions)
    shell = Model('graph', meta, Weights(_no_value, ()))
    shapes = {name: variable.shape for name, variable in shell.variables.items()}
    weights = Weights(lambda name: np.broadcast_to(np.float32(0), shapes[name]), shapes)
    return shell.replace(weights=weights, outputs=network.outputs, inputs=network.inputs, feeds=network.feeds)


def _no_value(name: str) -> np.ndarray:
    raise KeyError(name)
