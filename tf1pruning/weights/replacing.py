"""Other values in the place of a model's own, whether they are variables or constants."""

from typing import Dict, Mapping

from ..graph.constants import set_constant
from ..model.model import Model
from ..model.values import AnyValue, as_value
from ..tf1 import tf


def with_values(model: Model, values: Mapping[str, AnyValue]) -> Model:
    """Returns the model with other values of some parameters; the graph stays as it is but for its constants.

    Args:
        model: the model as it is.
        values: by the node of a variable or a Const.
    """
    variables: Dict[str, AnyValue] = {}
    constants: Dict[str, AnyValue] = {}
    for name, value in values.items():
        (constants if model.view.op(name) == 'Const' else variables)[name] = value
    if variables:
        model = model.replace(weights=model.weights.replaced(variables))
    if not constants:
        return model
    meta = tf.MetaGraphDef()
    meta.CopyFrom(model.meta)
    for node in meta.graph_def.node:
        if node.name in constants:
            set_constant(node, as_value(constants[node.name]).array())
    return model.replace(meta=meta)
