"""Training model → inference model."""

from ..graph.inference import inference_graph, placeholder_of
from ..graph.newer import drop_newer_attributes, require_operations
from ..graph.view import parse_tensor
from ..model.meta_graph import rebuilt
from ..model.model import Model


def to_inference(model: Model) -> Model:
    """Returns the forward part of a model in inference mode, with its own saver and initial values.

    Batch norm uses its moving statistics, dropout and everything of the optimizer is gone; names stay.

    Args:
        model: any model with outputs; its inputs say where the graph is cut.

    Raises:
        NameNotFoundError: an input or output does not exist.
        ModelError: values that the outputs need are missing.
        UnsupportedError: the graph says something that this TensorFlow does not understand.
    """
    forward = inference_graph(model.graph, model.outputs, model.inputs, model.feeds)
    require_operations(forward)
    drop_newer_attributes(forward, model.meta.meta_info_def.stripped_op_list)
    result = rebuilt(model, forward)
    inputs = {placeholder_of(parse_tensor(tensor), spec).node: spec._replace(name='')
              for tensor, spec in model.inputs.items()}
    return result.replace(inputs=inputs, feeds={})
