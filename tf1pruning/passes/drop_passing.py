"""Operations that only pass a value on, left out."""

from ..graph.rewiring import Rewiring
from ..graph.view import TensorName
from ..model.meta_graph import rebuilt
from ..model.model import Model
from .values_of import PASSING


def drop_passing(model: Model) -> Model:
    """Returns the model without identities and their like.

    Given `w → Identity w/read → Conv2D`. Result: `w → Conv2D`. Reads of resource variables stay; where a model is
    frozen, they are identities. What the model gives out keeps its name.

    Args:
        model: a model in inference form.
    """
    rewiring = Rewiring(model.view)
    kept = {model.view.require(name).node for name in (*model.outputs, *model.inputs)}
    for name, node in model.view.nodes.items():
        if node.op in PASSING and node.op != 'ReadVariableOp' and name not in kept:
            rewiring.replace(TensorName(name), model.view.inputs[name][0])
    return rebuilt(model, rewiring.build(model.view.require(name) for name in (*model.outputs, *model.inputs)))
